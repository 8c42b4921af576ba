"""nginx: who is answered, what stands behind it, and what a client can claim of itself."""

import base64
import hashlib
import re

import pytest
from pydantic import BaseModel

from appliance.services import nginx
from appliance.settings import Box, Domain, DomainKind, Settings
from tests.unit.services.samples import HOSTILE, HOUSE, OWN, RENAMED, STATES, UNCLAIMED, host, text


def configuration(settings: Settings, *, real: bool = False) -> str:
    return text(nginx.render(settings, host(real=real)), "nginx.conf")


def server_names(settings: Settings) -> list[list[str]]:
    lines = re.findall(r"^\s*server_name (.*);$", configuration(settings), re.MULTILINE)
    return [re.findall(r'"[^"]*"|\S+', line) for line in lines]


def web(settings: Settings) -> str:
    """What speaks HTTP."""
    return configuration(settings).partition("http {\n")[2]


def blocks(settings: Settings) -> list[str]:
    return re.split(r"^    server \{$", web(settings), flags=re.MULTILINE)[1:]


@pytest.mark.parametrize("settings", STATES)
def test_nobody_is_served_under_a_name_that_is_not_the_boxs(settings: Settings) -> None:
    first, *others = blocks(settings)
    assert first.count("default_server") == (3 if settings in (OWN, RENAMED) else 4)
    assert "return 421" in first
    assert "proxy_pass" not in first
    assert not any("default_server" in block for block in others)


@pytest.mark.parametrize("settings", STATES)
def test_a_foreign_name_in_the_handshake_is_turned_away_by_every_server(settings: Settings) -> None:
    assert all("if ($foreign_sni) { return 421" in block for block in blocks(settings)[2:])


def test_before_the_claim_only_the_pages_are_there() -> None:
    text_ = configuration(UNCLAIMED)
    assert "proxy_pass http://portal" in text_
    assert "proxy_pass http://xmpp" not in text_
    assert '"parlor.local"' in text_


def test_the_domain_brings_chat_and_files_and_nothing_else_of_ejabberd() -> None:
    text_ = configuration(OWN)
    locations = re.findall(r"location (?:= )?(\S+|\"[^\"]*\") \{ ?\s*proxy_pass http://xmpp", text_)
    assert locations == [
        "/.well-known/host-meta",
        "/.well-known/host-meta.json",
        "/bosh",
        "/xmpp-websocket",
        '"/upload/"',
    ]
    assert "/api" not in text_.replace("/rooms/api/", "")
    assert "/admin" not in text_


def test_every_name_of_a_renamed_box_answers() -> None:
    flat = [name for names in server_names(RENAMED) for name in names]
    assert {'"den.local"', '"chat.example.org"', '"upload.chat.example.org"'} <= set(flat)


def test_the_name_that_multicast_dns_gives_to_a_second_box_answers_too() -> None:
    names = next(names for names in server_names(UNCLAIMED) if "localhost" in names and '"parlor.local"' in names)
    assert [f'"parlor-{number}.local"' in names for number in (1, 2, 9, 10)] == [False, True, True, False]


def test_only_the_own_domain_with_a_certificate_from_an_authority_promises_https() -> None:
    promise = '"max-age=31536000"'
    assert promise not in configuration(OWN)
    assert promise not in configuration(HOUSE, real=True)
    promised = re.findall(rf'"([^"]*)" {promise}', configuration(OWN, real=True))
    assert promised == ["chat.example.org", "upload.chat.example.org"]


@pytest.mark.parametrize("settings", STATES)
def test_headers_stand_in_one_place_so_that_no_answer_loses_them(settings: Settings) -> None:
    http = web(settings).partition("    server {")[0]
    for name in ("X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy", "Content-Security-Policy"):
        assert re.search(rf"^    add_header {name} .* always;$", http, re.MULTILINE)
    for block in blocks(settings):
        assert "add_header" not in block
        assert "proxy_set_header" not in block
        assert "proxy_hide_header" not in block


def test_the_relay_shares_port_443_only_under_an_own_domain() -> None:
    stream, _, http = configuration(OWN).partition("http {\n")
    assert re.search(r'"proxy.chat.example.org" "unix:/run/parlor-nginx/relay.sock";', stream)
    assert 'proxy_pass "127.0.0.1:5349";' in stream
    assert "listen 443" not in http
    assert "real_ip_header proxy_protocol;" in http
    for settings in (HOUSE, UNCLAIMED):
        text_ = configuration(settings)
        assert "stream {" not in text_
        assert "proxy_protocol" not in text_  # else whoever speaks it says which address it has


def test_the_pages_of_rooms_may_use_devices_and_no_other_page_may() -> None:
    text_ = configuration(OWN)
    pages = re.search(r"map \$request_uri \$page \{(.*?)\}\n    map", text_, re.DOTALL)
    assert pages
    patterns = re.findall(r'"~(\S+)" (\w+);', pages[1])

    def page(path: str) -> str:
        return next((name for pattern, name in patterns if re.search(pattern, path)), "portal")

    assert [page(path) for path in ("/r/home", "/embedded/home", "/embed.js?1", "/r/", "/people?x=/r/a")] == [
        *("room", "embedded", "script", "portal", "portal")
    ]
    assert "/r/" not in configuration(UNCLAIMED)


def test_what_a_client_says_of_itself_is_overwritten() -> None:
    text_ = configuration(OWN)
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in text_
    assert "$proxy_add_x_forwarded_for" not in text_
    for name in ("Forwarded", "X-Real-IP", "X-Forwarded-Prefix", "X-Forwarded-Port", "X-Client-Address"):
        assert f'proxy_set_header {name} "";' in text_


def test_nothing_of_a_request_that_could_be_secret_is_logged() -> None:
    text_ = configuration(OWN)
    formats = " ".join(re.findall(r"log_format .*;", text_))
    assert formats
    for secret in (
        "$request ",
        "$request'",
        "$request_uri",
        "$uri",
        "$args",
        "$query_string",
        "$http_",
        "$remote_addr",
    ):
        assert secret not in formats
    logs = re.findall(r"^\s*(?:access_log|error_log) .*;$", text_, re.MULTILINE)
    assert [log.strip() for log in logs] == [
        "error_log stderr warn;",
        "error_log stderr emerg;",
        "error_log stderr emerg;",
        "access_log syslog:server=unix:/dev/log,nohostname,tag=nginx failure if=$failed;",
    ]
    segment = re.search(r'"~(\^\(\?<segment>.*?)" \$segment', text_)
    assert segment
    pattern = re.compile(segment[1].replace("?<", "?P<"))
    assert pattern.match("/invite/SECRET-token")["segment"] == "/invite"  # type: ignore[index]
    assert not pattern.match("/SECRETtoken")


@pytest.mark.parametrize(
    ("kind", "inline"),
    [
        ("image/png", True), ("image/jpeg", True), ("IMAGE/GIF", True), ("image/webp; x=y", True),
        ("video/mp4", True), ("audio/ogg", True), ("text/plain; charset=utf-8", True),
        ("image/svg+xml", False), ("text/html", False), ("application/xhtml+xml", False), ("text/xml", False),
        ("application/pdf", False), ("text/javascript", False), ("application/javascript", False), ("", False),
        ("image/png+xml", False), ("text/plainhtml", False), ("multipart/x-mixed-replace", False),
        ("video/mp4+html", False), ("text/html;image/png", False), (" image/svg+xml", False),
    ],
)  # fmt: skip
def test_only_what_can_hold_no_script_is_shown_in_place(kind: str, inline: bool) -> None:
    rules = re.search(r"\$upload_disposition \{(.*?)\n    \}", configuration(OWN), re.DOTALL)
    assert rules
    assert 'default "attachment";' in rules[1]
    patterns = re.findall(r'"~\*(.*?)" "";', rules[1])
    assert len(patterns) == 3
    assert any(re.search(pattern, kind, re.IGNORECASE) for pattern in patterns) is inline


def test_uploads_are_sandboxed_and_limited() -> None:
    text_ = configuration(OWN.model_copy(update={"files": OWN.files.model_copy(update={"max_mb": 7})}))
    assert "\"upload.chat.example.org\" \"sandbox; default-src 'none'; frame-ancestors 'none'\";" in text_
    assert '"upload.chat.example.org" $upload_disposition;' in text_
    assert "client_max_body_size 9m;" in text_


def test_the_page_of_a_missing_portal_may_use_its_own_style() -> None:
    page = text(nginx.render(UNCLAIMED, host()), "unavailable.html")
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in nginx.portal_csp()
    assert "unsafe" not in nginx.portal_csp()
    assert [lang for lang in ("en", "es", "de") if f'<p lang="{lang}">' in page] == ["en", "es", "de"]


def unchecked(model: BaseModel, **values: object) -> BaseModel:
    return type(model).model_construct(**{**dict(model), **values})


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value)[:20])
def test_a_hostile_name_that_slipped_through_the_settings_does_not_become_configuration(value: str) -> None:
    domain = unchecked(Domain(), kind=DomainKind.OWN, name=value)
    hostile = Settings.model_construct(**{**dict(OWN), "domain": domain, "box": unchecked(Box(), name=value)})
    try:
        rendered = configuration(hostile)
    except ValueError:
        return
    quoted = re.sub(r'"(?:[^"\\]|\\.)*"', "", rendered)
    assert "evil" not in quoted
    assert "49" not in quoted


def test_certificate_and_key_are_for_the_web_servers_group_only() -> None:
    for file in nginx.render(OWN, host()):
        assert (file.group, file.mode) == ("www-data", 0o640)
