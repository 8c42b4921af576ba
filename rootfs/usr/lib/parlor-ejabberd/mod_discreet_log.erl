%% What people write does not belong into the journal.
%%
%% When the disk is full, or something breaks, ejabberd logs the SQL query or the stanza at hand in full:
%% messages, password verifiers, tokens. This keeps their beginning, which is all a person needs to see
%% what went wrong, and takes the message queues and dictionaries out of crash reports.
-module(mod_discreet_log).
-behaviour(gen_mod).

-export([start/2, stop/1, reload/3, depends/2, mod_options/1, mod_doc/0]).
-export([filter/2]).

-define(KEPT, 40). % characters: `INSERT INTO archive(username, ` and the like

start(_Host, _Options) ->
    case logger:add_primary_filter(?MODULE, {fun ?MODULE:filter/2, []}) of
        ok -> ok;
        {error, {already_exist, _}} -> ok
    end.

stop(Host) ->
    case gen_mod:is_loaded_elsewhere(Host, ?MODULE) of
        true -> ok;
        false -> logger:remove_primary_filter(?MODULE)
    end.

reload(_Host, _New, _Old) ->
    ok.

depends(_Host, _Options) ->
    [].

mod_options(_Host) ->
    [].

mod_doc() ->
    #{desc => "Keep the content of messages and queries out of the log."}.

filter(#{msg := {Format, [Content | Rest]}} = Event, _) when is_list(Format) ->
    case holds_content(Format) of
        true -> Event#{msg := {Format, [beginning(Content) | Rest]}};
        false -> Event
    end;
filter(#{msg := {report, #{label := {proc_lib, crash}, report := [Crash, Linked]} = Report}} = Event, _) ->
    Bare = [{Key, Value} || {Key, Value} <- Crash, Key =/= messages, Key =/= dictionary],
    Event#{msg := {report, Report#{report := [Bare, Linked]}}};
filter(Event, _) ->
    Event.

%% The beginnings of ejabberd's formats whose first argument is a query or a stanza.
holds_content("SQL query" ++ _) -> true;
holds_content("Failed to route packet" ++ _) -> true;
holds_content("Failed to process iq" ++ _) -> true;
holds_content("Got stray dialback packet" ++ _) -> true;
holds_content(_) -> false.

beginning(Content) ->
    Text = try unicode:characters_to_list(Content) of
               List when is_list(List) -> List;
               _ -> io_lib:format("~0p", [Content])
           catch
               error:badarg -> io_lib:format("~0p", [Content])
           end,
    case string:length(Text) > ?KEPT of
        true -> [string:slice(Text, 0, ?KEPT), "..."];
        false -> Text
    end.
