%% The live TURN allocations, at most so many of one account (RFC 8656, section 5: allocation quota).
%%
%% It stands in for the module of the same name in the `stun` application, which takes the limit and
%% ignores it. Same functions, same table; erl finds this one first (`-pa` in ejabberd.service).
%%
%% A user name for TURN is `Expiry:Hash` (mod_stun_disco), the hash being of the full JID that asked and
%% of its host. It is counted for the account whose session has that JID, and only while the session
%% lives: else a person could log in again and again and get a fresh allowance each time.
%%
%% Visitors of rooms have no account: theirs is `Expiry:vVisitorHost` (appliance/rooms/relay.py). Each has the
%% allowance of an account, and all together have half of the relay's ports, so that phones never go without.
-module(turn_sm).
-behaviour(gen_server).

-export([start/0, start_link/0, find_allocation/1, add_allocation/5, del_allocation/3]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

-define(TABLE, turn_allocs).
-define(VISITORS, 128).

start() ->
    gen_server:start({local, ?MODULE}, ?MODULE, [], []).

start_link() ->
    gen_server:start_link({local, ?MODULE}, ?MODULE, [], []).

%% Called for every packet, so it reads the table itself.
find_allocation(Client) ->
    case ets:lookup(?TABLE, Client) of
        [{_, Pid, _}] -> {ok, Pid};
        [] -> {error, notfound}
    end.

%% Called by the process of a new allocation while it starts: when its start fails with `limit`, the server
%% answers 486 (Allocation Quota Reached). It says so to its supervisor and ends at once; an ordinary exit
%% would put twenty lines into the journal for each try.
add_allocation(Client, User, _Realm, Max, Pid) ->
    case gen_server:call(?MODULE, {add, Client, User, Max, Pid}) of
        ok ->
            ok;
        limit ->
            proc_lib:init_ack(whereis(turn_tmp_sup), {error, limit}),
            exit(self(), kill)
    end.

del_allocation(Client, _User, _Realm) ->
    try ets:delete(?TABLE, Client) of
        true -> ok
    catch
        error:badarg -> ok % the table ends with its owner when ejabberd stops
    end.

init([]) ->
    ets:new(?TABLE, [named_table, public, {read_concurrency, true}]),
    {ok, no_state}.

handle_call({add, Client, User, Max, Pid}, _From, State) ->
    {reply, add(Client, account(User), Max, Pid), State}.

handle_cast(_Message, State) ->
    {noreply, State}.

%% An allocation that ended without saying so.
handle_info({'DOWN', _Monitor, process, Pid, _Reason}, State) ->
    ets:match_delete(?TABLE, {'_', Pid, '_'}),
    {noreply, State};
handle_info(_Message, State) ->
    {noreply, State}.

add(_Client, unknown, _Max, _Pid) ->
    limit;
add(Client, Account, Max, Pid) ->
    Live = live(Account),
    All = live_of_all(Account),
    if
        Live < Max, All < ?VISITORS -> % `infinity` is greater than every number
            erlang:monitor(process, Pid),
            ets:insert(?TABLE, {Client, Pid, Account}),
            ok;
        true ->
            limit
    end.

live(Account) ->
    ets:select_count(?TABLE, [{{'_', '_', Account}, [], [true]}]).

live_of_all({visitor, _}) -> live({visitor, '_'});
live_of_all(_) -> 0.

account(User) ->
    case binary:split(User, <<":">>) of
        [_Expiry, <<"v", Visitor:7/binary, _HostHash:8/binary>>] -> {visitor, Visitor};
        [_Expiry, <<Hash:8/binary, HostHash:8/binary>>] -> account(Hash, HostHash, ejabberd_sm:dirty_get_sessions_list());
        _ -> unknown
    end.

account(Hash, HostHash, Sessions) ->
    Found = lists:search(
        fun({User, Host, Resource}) ->
            hash(Host) =:= HostHash andalso hash(jid:encode({User, Host, Resource})) =:= Hash
        end,
        Sessions),
    case Found of
        {value, {User, Host, _}} -> {User, Host};
        false -> unknown
    end.

%% As mod_stun_disco does: the first four bytes of SHA-1, in small hexadecimal digits.
hash(Text) ->
    binary:encode_hex(binary:part(crypto:hash(sha, Text), 0, 4), lowercase).
