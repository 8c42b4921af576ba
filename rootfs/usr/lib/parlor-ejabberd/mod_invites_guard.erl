%% Who may not invite new people cannot do it by a detour either.
%%
%% Everybody may make a token for their own roster (XEP-0379). mod_invites also takes such a token for the
%% making of an account (XEP-0445) without asking whether its maker may invite; this asks, one step before.
-module(mod_invites_guard).
-behaviour(gen_mod).

-export([start/2, stop/1, reload/3, depends/2, mod_options/1, mod_doc/0]).
-export([c2s_unauthenticated_packet/2]).

-include_lib("xmpp/include/xmpp.hrl").
-include_lib("ejabberd/include/mod_invites.hrl").

%% mod_invites looks at the packet with priority 10.
start(_Host, _Options) ->
    {ok, [{hook, c2s_unauthenticated_packet, c2s_unauthenticated_packet, 5}]}.

stop(_Host) ->
    ok.

reload(_Host, _New, _Old) ->
    ok.

depends(_Host, _Options) ->
    [{mod_invites, hard}].

mod_options(_Host) ->
    [].

mod_doc() ->
    #{desc => "Refuse roster invitations as a way to an account unless their maker may invite."}.

c2s_unauthenticated_packet(#{server := Server} = State, #iq{type = set, sub_els = [_]} = IQ) ->
    case token(IQ) of
        none ->
            State;
        Token ->
            case may_make_account(Server, mod_invites:get_invite(Server, Token)) of
                true -> State;
                false -> {stop, refuse(State, IQ)}
            end
    end;
c2s_unauthenticated_packet(State, _Packet) ->
    State.

token(IQ) ->
    try xmpp:try_subtag(IQ, #preauth{}) of
        #preauth{token = Token} -> Token;
        false -> none
    catch
        _:{xmpp_codec, _} -> none
    end.

may_make_account(Server, #invite_token{type = roster_only, inviter = {User, Host}}) ->
    mod_invites:create_account_allowed(Server, jid:make(User, Host)) =:= ok;
may_make_account(_Server, _InviteOrError) ->
    true.

%% The same answer as for a token that does not exist.
refuse(#{server := Server} = State, IQ) ->
    Bare = xmpp:set_from_to(xmpp:remove_subtag(IQ, #preauth{}), jid:make(<<>>), jid:make(Server)),
    Error = xmpp:make_error(Bare, xmpp:err_item_not_found()),
    ejabberd_c2s:send(State, xmpp:set_from_to(Error, jid:make(Server), undefined)).
