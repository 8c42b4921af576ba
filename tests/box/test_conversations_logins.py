"""What Conversations needs of the server: every way to log in."""

import contextlib
import hashlib
import secrets
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from xml.etree import ElementTree as ET

import pytest
from OpenSSL import SSL

from tests.box.core_side import as_core
from tests.box.house import ClaimedBox
from tests.box.people import Person, new_person
from tests.box.scram import Scram, b64, hashed_token, salted_password, unb64
from tests.box.stream import NS, Stream, condition, tag, texts

EXPORTER_LABEL = b"EXPORTER-Channel-Binding"  # RFC 9266


@pytest.fixture(scope="module")
def ann(box: ClaimedBox) -> Person:
    return new_person(box)


@contextmanager
def connected(box: ClaimedBox, jid: str = "") -> Iterator[tuple[Stream, ET.Element]]:
    """A stream with TLS from the start, and its features."""
    with Stream(box.address, 5223, box.domain) as stream:
        stream.secure(box.house.authority.path, "xmpp-client")
        yield stream, stream.open(jid)


def encrypted(person: Person) -> AbstractContextManager[tuple[Stream, ET.Element]]:
    """The same, by somebody who says who they are."""
    return connected(person.box, person.jid)


def exported(stream: Stream) -> bytes:
    assert stream.tls is not None
    material: bytes = stream.tls.export_keying_material(EXPORTER_LABEL, 32, b"")
    return material


def log_in(stream: Stream, scram: Scram, inline: str = "", user_agent: str = "") -> ET.Element:
    """Log in by SASL2 (XEP-0388); returns `success`, or `failure`, or `continue`."""
    mechanism = f"SCRAM-{scram.algorithm.upper().replace('SHA', 'SHA-')}{'-PLUS' if scram.binding else ''}"
    stream.send(
        f"<authenticate xmlns='{NS['sasl2']}' mechanism='{mechanism}'>"
        f"<initial-response>{scram.first()}</initial-response>"
        f"<user-agent id='{user_agent or uuid.uuid4()}'><software>tests</software></user-agent>{inline}</authenticate>"
    )
    answer = stream.await_tag("sasl2:challenge", "sasl2:failure")
    if answer.tag == tag("sasl2:failure"):
        return answer
    stream.send(f"<response xmlns='{NS['sasl2']}'>{scram.final(answer.text or '')}</response>")
    answer = stream.await_tag("sasl2:success", "sasl2:failure", "sasl2:continue")
    if answer.tag != tag("sasl2:failure"):
        scram.verify(texts(answer, "sasl2:additional-data")[0])
    return answer


def bind(extra: str = "") -> str:
    return f"<bind xmlns='{NS['bind2']}'><tag>phone</tag>{extra}</bind>"


def test_direct_tls_speaks_xmpp_with_the_right_certificate(box: ClaimedBox) -> None:
    with connected(box) as (stream, features):  # the handshake offers ALPN `xmpp-client`, as Conversations does
        assert stream.tls is not None
        assert stream.tls.get_protocol_version_name() in ("TLSv1.2", "TLSv1.3")
        assert features.find(tag("sasl:mechanisms")) is not None


@pytest.mark.parametrize("port", [5222, 5223])
def test_what_was_tls_once_is_refused(box: ClaimedBox, port: int) -> None:
    with Stream(box.address, port, box.domain) as stream:
        if port == 5222:
            stream.open()
            stream.send(f"<starttls xmlns='{NS['tls']}'/>")
            assert stream.read().tag == tag("tls:proceed")
        with pytest.raises(SSL.Error):
            stream.secure(box.house.authority.path, newest=SSL.TLS1_1_VERSION)


def test_nothing_happens_before_encryption(box: ClaimedBox, ann: Person) -> None:
    with Stream(box.address, 5222, box.domain) as stream:
        features = stream.open()
        assert features.find(f"{tag('tls:starttls')}/{tag('tls:required')}") is not None
        assert features.find(tag("sasl:mechanisms")) is None
        first = Scram(ann.name, ann.password).first()
        stream.send(f"<auth xmlns='{NS['sasl']}' mechanism='SCRAM-SHA-256'>{first}</auth>")
        failure = stream.read()
        assert failure.tag == tag("sasl:failure")
        assert failure.find(tag("sasl:encryption-required")) is not None


def test_passwords_never_cross_the_wire(box: ClaimedBox, ann: Person) -> None:
    with encrypted(ann) as (stream, features):
        offered = {*texts(features, "sasl:mechanism"), *texts(features, "sasl2:mechanism")}
        assert {"SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"} <= offered
        assert not offered & {"PLAIN", "DIGEST-MD5", "X-OAUTH2", "ANONYMOUS"}
        plain = b64(f"\0{ann.name}\0{ann.password}".encode())
        stream.send(f"<auth xmlns='{NS['sasl']}' mechanism='PLAIN'>{plain}</auth>")
        assert stream.read().tag == tag("sasl:failure")


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_old_and_new_clients_log_in(box: ClaimedBox, ann: Person, algorithm: str) -> None:
    with encrypted(ann) as (stream, _):
        assert log_in(stream, Scram(ann.name, ann.password, algorithm), bind()).tag == tag("sasl2:success")


def test_a_wrong_password_is_refused(box: ClaimedBox, ann: Person) -> None:
    with encrypted(ann) as (stream, _):
        assert log_in(stream, Scram(ann.name, "not the password"), bind()).tag == tag("sasl2:failure")


def test_a_login_is_bound_to_its_connection(box: ClaimedBox, ann: Person) -> None:
    with encrypted(ann) as (stream, features):
        kinds = {each.get("type") for each in features.iter(tag("cb:channel-binding"))}
        assert {"tls-exporter", "tls-server-end-point"} <= kinds
        scram = Scram(ann.name, ann.password, binding=("tls-exporter", exported(stream)))
        assert log_in(stream, scram, bind()).tag == tag("sasl2:success")


def test_a_login_carried_over_from_another_connection_is_refused(box: ClaimedBox, ann: Person) -> None:
    with encrypted(ann) as (mine, _), encrypted(ann) as (other, _):
        scram = Scram(ann.name, ann.password, binding=("tls-exporter", exported(other)))
        assert log_in(mine, scram, bind()).tag == tag("sasl2:failure")


def test_the_offer_of_mechanisms_cannot_be_cut_short_unseen(box: ClaimedBox, ann: Person) -> None:
    """XEP-0474: the challenge holds the hash of what the server offers, sorted, with its channel bindings."""
    with encrypted(ann) as (stream, features):
        scram = Scram(ann.name, ann.password)
        assert log_in(stream, scram, bind()).tag == tag("sasl2:success")
    (offer,) = features.iter(tag("sasl2:authentication"))
    mechanisms = sorted(each.text or "" for each in offer.findall(tag("sasl2:mechanism")))
    bindings = sorted(each.get("type", "") for each in features.iter(tag("cb:channel-binding")))
    spoken = "\x1e".join(mechanisms) + "\x1f" + "\x1e".join(bindings)
    assert unb64(scram.attributes["h"]) == hashlib.sha256(spoken.encode()).digest()


def test_login_and_binding_are_one_exchange(box: ClaimedBox, ann: Person) -> None:
    extra = f"<enable xmlns='{NS['carbons']}'/><enable xmlns='{NS['sm']}' resume='true'/>"
    with encrypted(ann) as (stream, features):
        assert features.find(f".//{tag('bind2:bind')}") is not None
        success = log_in(stream, Scram(ann.name, ann.password), bind(extra))
        (authorised,) = texts(success, "sasl2:authorization-identifier")
        assert authorised.startswith(f"{ann.jid}/phone")
        bound = success.find(tag("bind2:bound"))
        assert bound is not None
        enabled = bound.find(tag("sm:enabled"))
        assert enabled is not None
        assert enabled.get("resume") in ("true", "1")


def request_token(mechanism: str = "HT-SHA-256-EXPR") -> str:
    return f"<request-token xmlns='{NS['fast']}' mechanism='{mechanism}'/>"


def fast(stream: Stream, message: str, mechanism: str, user_agent: str) -> ET.Element:
    stream.send(
        f"<authenticate xmlns='{NS['sasl2']}' mechanism='{mechanism}'><initial-response>{message}</initial-response>"
        f"<user-agent id='{user_agent}'/><fast xmlns='{NS['fast']}'/>{bind()}</authenticate>"
    )
    return stream.await_tag("sasl2:success", "sasl2:failure")


def get_token(ann: Person, user_agent: str) -> str:
    with encrypted(ann) as (stream, _):
        success = log_in(stream, Scram(ann.name, ann.password), request_token() + bind(), user_agent)
        token = success.find(tag("fast:token"))
        assert token is not None
        return token.get("token", "")


def test_a_token_logs_in_without_the_password(box: ClaimedBox, ann: Person) -> None:
    device = str(uuid.uuid4())
    token = get_token(ann, device)
    with encrypted(ann) as (stream, features):
        offered = texts(features, "fast:mechanism")
        assert "HT-SHA-256-EXPR" in offered
        message = hashed_token(ann.name, token, exported(stream))
        assert fast(stream, message, "HT-SHA-256-EXPR", device).tag == tag("sasl2:success")


@pytest.mark.parametrize("theft", ["token", "device", "connection"])
def test_a_stolen_or_made_up_token_is_refused(box: ClaimedBox, ann: Person, theft: str) -> None:
    device = str(uuid.uuid4())
    token = get_token(ann, device)
    with encrypted(ann) as (stream, _), encrypted(ann) as (other, _):
        message = hashed_token(
            ann.name,
            secrets.token_urlsafe(32) if theft == "token" else token,
            exported(other if theft == "connection" else stream),
        )
        used_by = str(uuid.uuid4()) if theft == "device" else device
        assert fast(stream, message, "HT-SHA-256-EXPR", used_by).tag == tag("sasl2:failure")


@pytest.mark.parametrize("act", ["end_sessions", "disable", "set_password"])
def test_the_box_can_end_every_token(box: ClaimedBox, act: str) -> None:
    person = new_person(box)
    device = str(uuid.uuid4())
    token = get_token(person, device)
    arguments = (person.name, "another password") if act == "set_password" else (person.name,)
    as_core(box, act, *arguments)
    with encrypted(person) as (stream, _):
        message = hashed_token(person.name, token, exported(stream))
        assert fast(stream, message, "HT-SHA-256-EXPR", device).tag == tag("sasl2:failure")


@pytest.mark.parametrize("act", ["end_sessions", "disable", "delete"])
def test_the_box_can_end_every_session(box: ClaimedBox, act: str) -> None:
    person = new_person(box)
    with encrypted(person) as (stream, _):
        assert log_in(stream, Scram(person.name, person.password), bind()).tag == tag("sasl2:success")
        as_core(box, act, person.name)
        await_end(stream)
    with encrypted(person) as (stream, _):
        again = log_in(stream, Scram(person.name, person.password), bind())
        assert (again.tag == tag("sasl2:success")) == (act == "end_sessions")


def await_end(stream: Stream) -> None:
    """Read on until the server ends the stream; raises `TimeoutError` when it does not."""
    with contextlib.suppress(EOFError):
        while True:
            stream.read()


def test_a_disabled_person_can_come_back(box: ClaimedBox) -> None:
    person = new_person(box)
    as_core(box, "disable", person.name)
    as_core(box, "enable", person.name)
    with encrypted(person) as (stream, _):
        assert log_in(stream, Scram(person.name, person.password), bind()).tag == tag("sasl2:success")


def test_a_stronger_verifier_is_stored_at_login(box: ClaimedBox) -> None:
    """XEP-0480: the client hashes its password anew, and the server keeps the result beside the older ones."""
    person = new_person(box)
    wish = f"<upgrade xmlns='{NS['upgrade']}'>UPGR-SCRAM-SHA-512</upgrade>"
    with encrypted(person) as (stream, features):
        assert "UPGR-SCRAM-SHA-512" in texts(features, "upgrade:upgrade")
        more = log_in(stream, Scram(person.name, person.password), wish + bind())
        assert texts(more, "sasl2:task") == ["UPGR-SCRAM-SHA-512"]
        stream.send(f"<next xmlns='{NS['sasl2']}' task='UPGR-SCRAM-SHA-512'/>")
        (salt,) = stream.await_tag("sasl2:task-data").iter(tag("scram-upgrade:salt"))
        iterations = int(salt.get("iterations", ""))
        salted = salted_password("sha512", person.password, unb64(salt.text or ""), iterations)
        answer = f"<hash xmlns='{NS['scram-upgrade']}'>{b64(salted)}</hash>"
        stream.send(f"<task-data xmlns='{NS['sasl2']}'>{answer}</task-data>")
        assert stream.await_tag("sasl2:success", "sasl2:failure").tag == tag("sasl2:success")
    query = f"select salt, iterationcount from users where username='{person.name}' and type=4"
    found = box.box.run(["sqlite3", "/data/ejabberd/ejabberd.sqlite", query]).stdout
    assert found.strip() == f"{salt.text}|{iterations}"
    with encrypted(person) as (stream, features):
        log_in(stream, Scram(person.name, person.password), bind())


def test_a_lost_connection_goes_on_where_it_was(box: ClaimedBox, ann: Person) -> None:
    extra = f"<enable xmlns='{NS['sm']}' resume='true'/>"
    with encrypted(ann) as (lost, _), encrypted(ann) as (other, _):
        success = log_in(lost, Scram(ann.name, ann.password), bind(extra))
        (enabled,) = success.iter(tag("sm:enabled"))
        (full,) = texts(success, "sasl2:authorization-identifier")
        lost.send("<presence/>")
        lost.await_tag("client:presence")
        lost.cut()
        log_in(other, Scram(ann.name, ann.password), bind())
        word = secrets.token_hex(8)
        other.send(f"<message to='{full}' type='chat'><body>{word}</body></message>")
        with encrypted(ann) as (again, _):
            resume = f"<resume xmlns='{NS['sm']}' previd='{enabled.get('id')}' h='0'/>"
            success = log_in(again, Scram(ann.name, ann.password), resume)
            assert success.find(tag("sm:resumed")) is not None
            while word not in texts(again.await_tag("client:message"), "client:body"):
                pass


def test_an_unchanged_roster_is_not_sent_again(box: ClaimedBox, ann: Person) -> None:
    with encrypted(ann) as (stream, _):
        log_in(stream, Scram(ann.name, ann.password), bind())
        first = stream.ask("get", "<query xmlns='jabber:iq:roster' ver=''/>")
        version = first[0].get("ver")
        assert version
        second = stream.ask("get", f"<query xmlns='jabber:iq:roster' ver='{version}'/>")
        assert len(second) == 0
        stream.ask("set", "<query xmlns='jabber:iq:roster'><item jid='zoe@one.example' name='Zoe'/></query>")
        third = stream.ask("get", f"<query xmlns='jabber:iq:roster' ver='{version}'/>")
        assert len(third) == 1


def test_the_server_says_what_it_can_in_its_first_words(box: ClaimedBox, ann: Person) -> None:
    """XEP-0115: capabilities in the stream features spare every client a disco request, if the hash is right."""
    with encrypted(ann) as (stream, _):
        log_in(stream, Scram(ann.name, ann.password), bind())
        capabilities = stream.await_tag("stream:features").find(tag("caps:c"))
        assert capabilities is not None
        node = f"{capabilities.get('node')}#{capabilities.get('ver')}"
        info = stream.ask("get", f"<query xmlns='http://jabber.org/protocol/disco#info' node='{node}'/>", box.domain)
        assert verification_string(info[0]) == capabilities.get("ver")


def verification_string(query: ET.Element) -> str:
    """XEP-0115, 5.1, with SHA-1."""
    disco, data = "{http://jabber.org/protocol/disco#info}", "{jabber:x:data}"
    language = "{http://www.w3.org/XML/1998/namespace}lang"
    parts = sorted(
        "/".join((each.get("category", ""), each.get("type", ""), each.get(language, ""), each.get("name", "")))
        for each in query.iter(f"{disco}identity")
    )
    parts += sorted(each.get("var", "") for each in query.iter(f"{disco}feature"))
    forms = []
    for form in query.iter(f"{data}x"):
        fields = {f.get("var", ""): sorted(v.text or "" for v in f.iter(f"{data}value")) for f in form}
        forms.append([*fields.pop("FORM_TYPE"), *(text for var in sorted(fields) for text in (var, *fields[var]))])
    parts += [text for form in sorted(forms) for text in form]
    return b64(hashlib.sha1("".join(f"{part}<" for part in parts).encode()).digest())


def test_servers_may_use_one_connection_for_both_ways(box: ClaimedBox) -> None:
    with Stream(box.address, 5269, box.domain, "jabber:server") as stream:
        stream.open()
        stream.start_tls(box.house.authority.path)
        assert stream.open().find(tag("bidi:bidi")) is not None


@pytest.mark.parametrize("name", ["", "x" * 300, "an'n", "ann@other.example", "\N{CYRILLIC SMALL LETTER A}nn"])
def test_an_account_cannot_be_made_without_an_invitation(box: ClaimedBox, name: str) -> None:
    with connected(box) as (stream, _):
        escaped = name.replace("'", "&apos;")
        register = f"<username>{escaped}</username><password>{secrets.token_urlsafe(16)}</password>"
        answer = stream.ask("set", f"<query xmlns='{NS['register']}'>{register}</query>")
        assert answer.get("type") == "error"
        assert condition(answer)
