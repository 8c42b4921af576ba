%% A message is acknowledged (XEP-0198) only when everybody's archive of it is on the disk.
%%
%% ejabberd writes the sender's archive before it acknowledges, but leaves the receiver's to the process of
%% the receiver's own stream, and a room's to the process of the room: a power cut a moment after the
%% acknowledgement would lose the message for them. Here the sender's process writes the receiver's copy
%% before it hands the message on, and waits for the rooms it wrote to before it acknowledges.
-module(mod_durable_ack).
-behaviour(gen_mod).

-export([start/2, stop/1, reload/3, depends/2, mod_options/1, mod_doc/0]).
-export([sm_receive_packet/1, user_send_packet/1, c2s_authenticated_packet/2]).

-include_lib("xmpp/include/xmpp.hrl").

-define(ROOM_TIMEOUT_MS, 5000).

%% After mod_mam gave the message its id (50), after the last change to what is sent (100), before mod_stream_mgmt
%% answers (50).
start(_Host, _Options) ->
    {ok, [{hook, sm_receive_packet, sm_receive_packet, 60},
          {hook, user_send_packet, user_send_packet, 110},
          {hook, c2s_authenticated_packet, c2s_authenticated_packet, 40}]}.

stop(_Host) ->
    ok.

reload(_Host, _New, _Old) ->
    ok.

depends(_Host, _Options) ->
    [{mod_mam, hard}, {mod_stream_mgmt, hard}].

mod_options(_Host) ->
    [].

mod_doc() ->
    #{desc => "Acknowledge a message only when all archives of it are on the disk."}.

%% What nobody is there to receive is archived on its way to the offline messages, in this same process.
sm_receive_packet(#message{to = To} = Message) ->
    case somebody_receives(To) andalso is_welcome(To, Message) of
        true ->
            {_, Archived} = mod_mam:offline_message({none, Message}),
            Archived;
        false ->
            Message
    end;
sm_receive_packet(Other) ->
    Other.

somebody_receives(#jid{luser = User, lserver = Server, lresource = Resource}) ->
    (Resource /= <<>> andalso ejabberd_sm:get_session_pid(User, Server, Resource) /= none)
        orelse lists:any(fun({Priority, _}) -> is_integer(Priority) andalso Priority >= 0 end,
                         ejabberd_sm:get_user_present_resources(User, Server)).

%% Who is blocked (XEP-0191) leaves no trace in the archive.
is_welcome(#jid{lserver = Server} = To, Message) ->
    allow =:= ejabberd_hooks:run_fold(privacy_check_packet, Server, allow, [To, Message, in]).

%% Remember the room until the next acknowledgement.
user_send_packet({#message{type = groupchat, to = #jid{luser = Room, lserver = Host}} = Message, State}) ->
    Rooms = maps:get(durable_ack_rooms, State, []),
    {Message, State#{durable_ack_rooms => lists:usort([{Room, Host} | Rooms])}};
user_send_packet(Other) ->
    Other.

c2s_authenticated_packet(#{durable_ack_rooms := Rooms} = State, #sm_r{}) ->
    lists:foreach(fun wait_for/1, Rooms),
    maps:remove(durable_ack_rooms, State);
c2s_authenticated_packet(State, _Packet) ->
    State.

%% A room does one thing after another: when it answers a question it has archived what came before.
wait_for({Room, Host}) ->
    try mod_muc:find_online_room(Room, Host) of
        {ok, Pid} -> p1_fsm:sync_send_all_state_event(Pid, get_config, ?ROOM_TIMEOUT_MS);
        error -> gone
    catch
        _:_ -> elsewhere % a room of another server, or one that just ended
    end.
