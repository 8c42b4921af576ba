%% ejabberd's HTTP listener, whose connections begin once they are their process's own.
%%
%% ejabberd_listener starts the process of a connection first and hands the socket over after that. ejabberd_http does
%% not wait for it (its accept/1 does nothing), so a request may be answered meanwhile; file:sendfile/5 then fails with
%% `not_owner`, and one download in a thousand ended without its file on a busy machine. All else is ejabberd_http's.
-module(http_owner).
-behaviour(ejabberd_listener).

-export([start/3, start_link/3, accept/1, listen_opt_type/1, listen_options/0]).
-export([init/3]).

-define(HANDED_OVER, {?MODULE, handed_over}).
-define(WAIT_MS, 10000).

start(SockMod, Socket, Options) ->
    {ok, proc_lib:spawn(?MODULE, init, [SockMod, Socket, Options])}.

start_link(SockMod, Socket, Options) ->
    {ok, proc_lib:spawn_link(?MODULE, init, [SockMod, Socket, Options])}.

%% The listener calls it when the socket belongs to the process.
accept(Pid) ->
    Pid ! ?HANDED_OVER,
    ok.

init(SockMod, Socket, Options) ->
    receive
        ?HANDED_OVER -> ejabberd_http:init(SockMod, Socket, Options)
    after ?WAIT_MS ->
        ok % the socket was closed before it could be handed over
    end.

listen_opt_type(Option) ->
    ejabberd_http:listen_opt_type(Option).

listen_options() ->
    ejabberd_http:listen_options().
