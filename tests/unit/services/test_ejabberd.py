"""ejabberd's configuration: shut where it must be shut, whatever stands in the settings."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from appliance.model import XMPP_API_SOCKET, XMPP_HTTP_SOCKET, Host
from appliance.reserved import RESERVED_V4, RESERVED_V6
from appliance.services import ejabberd
from appliance.settings import Box, Domain, DomainKind, Files, Inviters, Network, People, Secrets, Settings
from appliance.xmpp.access import CORE_COMMANDS
from appliance.xmpp.listeners import RELAY_FIRST, RELAY_LAST
from tests.unit.services.samples import HOSTILE, HOUSE, OWN, RENAMED, host

OWNED = OWN.model_copy(
    update={"people": People(admins=("ann", "bob")), "secrets": Secrets(turn=SecretStr("5ecre7" * 10))}
)
ALONE = OWNED.model_copy(update={"network": Network(federation=False)})
STATES = (HOUSE, OWN, RENAMED, OWNED, ALONE)
RESERVED: tuple[IPv4Network | IPv6Network, ...] = (*RESERVED_V4, *RESERVED_V6)


def rendered(settings: Settings, machine: Host | None = None) -> dict[str, Any]:
    files = {file.path.name: file for file in ejabberd.render(settings, machine or host())}
    document: dict[str, Any] = yaml.safe_load(files["ejabberd.yml"].content)
    return document


def at(address: str, address6: str = "") -> Host:
    return Host(address, address6, host().certificate)


def everything(document: Any) -> list[Any]:
    """Each key and value in a document, at any depth."""
    if isinstance(document, dict):
        return [leaf for key, value in document.items() for leaf in (key, *everything(value))]
    return [leaf for each in document for leaf in everything(each)] if isinstance(document, list) else [document]


def public(settings: Settings) -> list[dict[str, Any]]:
    return [listener for listener in rendered(settings)["listen"] if isinstance(listener["port"], int)]


def socket(settings: Settings, path: object) -> dict[str, Any]:
    (found,) = (listener for listener in rendered(settings)["listen"] if listener["port"] == f"unix:{path}")
    return dict(found)


@pytest.mark.parametrize("settings", STATES)
def test_what_is_written_is_what_was_meant(settings: Settings) -> None:
    assert rendered(settings) == ejabberd.configuration(settings, host())


@pytest.mark.parametrize("evil", HOSTILE)
def test_no_text_leaves_its_place(evil: str) -> None:
    settings = OWNED.model_copy(
        update={
            "box": Box.model_construct(name=evil, language=OWN.box.language),
            "domain": Domain.model_construct(kind=DomainKind.OWN, name=evil),
            "people": People.model_construct(admins=(evil,), inviters=Inviters.ADMINS, invitation_days=5),
            "secrets": Secrets(turn=SecretStr(evil)),
        }
    )
    assert rendered(settings) == ejabberd.configuration(settings, host())


@pytest.mark.parametrize("name", ["1e3", "0x10", "on", "no", "null", "1-1-1", "12"])
def test_a_name_that_looks_like_a_number_is_still_text(name: str) -> None:
    named = OWN.model_copy(update={"box": Box(name=name)})
    content = ejabberd.render(named, host())[1].content
    assert f'"site_name": "{name}"'.encode() in content


def test_the_certificate_is_one_file_with_its_chain_and_key() -> None:
    (file,) = (file for file in ejabberd.render(OWN, host()) if file.path.name == "certificate.pem")
    certificate = host().certificate
    assert file.content.startswith(certificate.chain)
    assert file.content.endswith(certificate.key)
    assert (file.group, file.mode) == ("ejabberd", 0o640)


@pytest.mark.parametrize("settings", STATES)
def test_every_public_listener_is_a_declared_port(settings: Settings) -> None:
    declared = {(port.protocol.value, port.first) for port in ejabberd.SERVICE.ports}
    assert {(listener.get("transport", "tcp"), listener["port"]) for listener in public(settings)} <= declared


def test_every_declared_port_has_a_listener() -> None:
    listeners = {(listener.get("transport", "tcp"), listener["port"]) for listener in public(OWN)}
    proxy = ("tcp", rendered(OWN)["modules"]["mod_proxy65"]["port"])
    declared = {(port.protocol.value, port.first) for port in ejabberd.SERVICE.ports if not port.last}
    assert declared == listeners | {proxy}
    (relay,) = (port for port in ejabberd.SERVICE.ports if port.last)
    assert (relay.first, relay.last) == (RELAY_FIRST, RELAY_LAST)


def test_the_dangerous_defaults_are_not_there() -> None:
    ports = {listener["port"] for listener in public(OWN)}
    assert not ports & {5280, 5443, 1883}
    assert "mod_mqtt" not in rendered(OWN)["modules"]
    assert "ejabberd_web_admin" not in everything(rendered(OWN))


@pytest.mark.parametrize("settings", STATES)
def test_no_rule_trusts_an_address(settings: Settings) -> None:
    document = rendered(settings)
    rules = everything([document["acl"], document["access_rules"], document["api_permissions"]])
    assert "ip" not in rules
    assert not any("127." in str(rule) or "::1" in str(rule) for rule in rules)


def test_nobody_is_admin_over_other_peoples_chats() -> None:
    assert "admin" not in everything(rendered(OWNED)["acl"])
    assert "admin" not in everything(rendered(OWNED)["access_rules"])


def test_strangers_behind_the_web_server_reach_no_command() -> None:
    web = socket(OWN, XMPP_HTTP_SOCKET)
    assert "tag" not in web
    assert set(web["request_handlers"].values()).isdisjoint({"mod_http_api", "ejabberd_web_admin", "mod_register_web"})
    core = socket(OWN, XMPP_API_SOCKET)
    assert core["unix_socket"]["mode"] == "0600"
    permissions = rendered(OWN)["api_permissions"]
    assert [rule["from"] for rule in permissions.values()] == [["mod_http_api", {"tag": core["tag"]}]]


def test_only_the_commands_that_the_core_needs_are_allowed() -> None:
    allowed = rendered(OWN)["api_permissions"]["core"]["what"]
    assert allowed == list(CORE_COMMANDS)
    assert not {"*", "stop", "restart", "dump", "backup", "send_stanza", "set_loglevel"} & set(allowed)


@pytest.mark.parametrize("settings", STATES)
def test_servers_and_phones_speak_over_tls_only(settings: Settings) -> None:
    document = rendered(settings)
    assert document["s2s_use_starttls"] == "required"
    for listener in public(settings):
        if listener["module"] == "ejabberd_c2s":
            assert listener.get("starttls_required") or listener.get("tls")
    for side in ("c2s", "s2s"):
        assert {"no_sslv3", "no_tlsv1", "no_tlsv1_1"} <= set(document[f"{side}_protocol_options"])


def test_passwords_are_kept_as_verifiers_and_never_sent() -> None:
    document = rendered(OWN)
    assert document["auth_password_format"] == "scram"
    assert "plain" not in document["auth_stored_password_types"]
    assert "PLAIN" in document["disable_sasl_mechanisms"]


def test_everything_people_make_goes_to_sqlite() -> None:
    document = rendered(OWN)
    assert (document["default_db"], document["sql_type"]) == ("sql", "sqlite")
    assert document["sql_database"] == str(ejabberd.SERVICE.databases[0])
    assert not any("db_type" in options for options in document["modules"].values())


def test_accounts_are_made_by_invitation_only() -> None:
    modules = rendered(OWN)["modules"]
    assert modules["mod_register"]["allow_modules"] == ["mod_invites"]
    assert "mod_register_web" not in modules


@pytest.mark.parametrize(
    ("inviters", "admins", "rule"),
    [
        (Inviters.ADMINS, ("ann",), {"allow": "owners"}),
        (Inviters.ADMINS, (), {"deny": "all"}),
        (Inviters.EVERYONE, ("ann",), {"allow": "local"}),
    ],
)
def test_who_may_invite_follows_the_settings(inviters: Inviters, admins: tuple[str, ...], rule: object) -> None:
    people = People(admins=admins, inviters=inviters, invitation_days=7)
    document = rendered(OWN.model_copy(update={"people": people}))
    assert document["access_rules"]["inviters"] == rule
    assert document["modules"]["mod_invites"]["access_create_account"] == "inviters"
    assert document["modules"]["mod_invites"]["token_expire_seconds"] == 7 * 86_400


def test_without_federation_no_server_gets_in_or_is_called() -> None:
    document = rendered(ALONE)
    assert not {5269, 5270} & {listener["port"] for listener in public(ALONE)}
    assert document["access_rules"][document["s2s_access"]] == {"deny": "all"}
    assert not {"mod_s2s_dialback", "mod_s2s_bidi"} & set(document["modules"])


def relays(settings: Settings, machine: Host) -> list[dict[str, Any]]:
    return [listener for listener in rendered(settings, machine)["listen"] if listener["module"] == "ejabberd_stun"]


def _covered(network: IPv4Network | IPv6Network, by: set[IPv4Network | IPv6Network]) -> bool:
    """Whether these networks hold all of one."""
    parts = [each for each in by if each.version == network.version and each.overlaps(network)]
    whole = sum(min(each.num_addresses, network.num_addresses) for each in parts)
    return whole >= network.num_addresses


def test_every_relay_refuses_every_reserved_range() -> None:
    for listener in relays(OWN, host()):
        assert listener["use_turn"] is True
        holes = {ip_network(host().ipv4), ip_network(host().ipv6)}
        refused = {ip_network(each) for each in listener["turn_blacklist"]} | holes
        assert all(_covered(network, refused) for network in RESERVED)
        assert (listener["turn_min_port"], listener["turn_max_port"]) == (RELAY_FIRST, RELAY_LAST)
        assert listener["turn_max_allocations"] == 10
    assert len(relays(OWN, host())) == 3


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.1", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.31.255.255", "192.168.1.1"),
        *("192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.251"),
        *("239.255.255.250", "240.0.0.1", "255.255.255.255", "192.31.196.1", "192.52.193.1", "192.175.48.1"),
        *("::", "::1", "::ffff:192.168.1.1", "::192.168.1.1", "64:ff9b::c0a8:101", "64:ff9b:1::c0a8:101", "100::1"),
        *("2001::1", "2001:2::1", "2001:20::1", "2001:db8::1", "2002:c0a8:101::1", "2620:4f:8000::1", "3fff::1"),
        *("5f00::1", "fc00::1", "fd77::1", "fe80::1", "fec0::1", "ff02::1", "ff05::2"),
    ],
)
def test_a_reserved_address_is_in_the_list(address: str) -> None:
    assert any(ip_address(address) in network for network in RESERVED)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a00:1450::1"])
def test_the_world_is_not_in_the_list(address: str) -> None:
    assert not any(ip_address(address) in network for network in RESERVED)


def test_the_relay_reaches_no_other_machine_of_the_house_by_ipv6() -> None:
    (blacklist,) = {tuple(relay["turn_blacklist"]) for relay in relays(OWN, at("10.0.0.7", "2a02:1:2:3::7"))}
    networks = [ip_network(each) for each in blacklist]

    def refused(address: str) -> bool:
        return any(ip_address(address) in network for network in networks)

    assert refused("2a02:1:2:3::8")
    assert refused("2a02:1:2:3:ffff::1")
    assert not refused("2a02:1:2:3::7")  # two relayed callers meet there
    assert not refused("2a02:1:2:4::8")
    assert not refused("10.0.0.7")  # the media of rooms is there; the firewall keeps the relay from all else
    for other in ("10.0.0.6", "10.0.0.8", "10.255.255.255", "192.168.0.7"):
        assert refused(other)


def test_loopback_is_refused_even_where_the_box_has_no_other_address() -> None:
    (blacklist,) = {tuple(relay["turn_blacklist"]) for relay in relays(OWN, at("127.0.0.1", "::1"))}
    assert "127.0.0.0/8" in blacklist


def offers(settings: Settings, machine: Host) -> set[tuple[str, str, str]]:
    services = rendered(settings, machine)["modules"]["mod_stun_disco"]["services"]
    return {(service["type"], service["transport"], service["host"]) for service in services}


def test_phones_learn_where_the_relay_is() -> None:
    told = OWNED.model_copy(update={"network": Network(public_address="5.6.7.8")})
    kinds = {("stun", "udp"), ("turn", "udp"), ("turn", "tcp")}
    tls = ("turns", "tcp", "chat.example.org")
    assert offers(told, at("10.0.0.7")) == {*((*kind, "5.6.7.8") for kind in kinds), tls}
    assert offers(OWNED, at("10.0.0.7")) == {*((*kind, "chat.example.org") for kind in kinds), tls}
    assert offers(HOUSE, at("10.0.0.7")) == {*((*kind, "10.0.0.7") for kind in kinds), (*tls[:2], "parlor.local")}
    both = {(*kind, address) for kind in kinds for address in ("5.6.7.8", "2a02:1::7")}
    assert offers(told, at("10.0.0.7", "2a02:1::7")) == {*both, tls}


def test_the_relay_hands_out_the_address_the_owner_says() -> None:
    told = OWNED.model_copy(update={"network": Network(public_address="5.6.7.8")})
    assert {relay["turn_ipv4_address"] for relay in relays(told, at("10.0.0.7"))} == {"5.6.7.8"}
    assert {relay["turn_ipv4_address"] for relay in relays(OWNED, at("10.0.0.7"))} == {"10.0.0.7"}


@pytest.mark.parametrize("settings", [HOUSE, OWN, OWNED])
def test_the_proxy_is_never_announced_by_the_servers_own_name(settings: Settings) -> None:
    for machine in (at("10.0.0.7"), at(""), host()):
        assert rendered(settings, machine)["modules"]["mod_proxy65"]["hostname"] != settings.domain.name


def test_files_live_under_their_own_host_with_the_limits_of_the_settings() -> None:
    filed = OWN.model_copy(update={"files": Files(max_mb=7, quota_mb=50, keep_days=30)})
    document = rendered(filed)
    upload = document["modules"]["mod_http_upload"]
    assert upload["hosts"] == ["upload.chat.example.org"]
    assert upload["put_url"] == upload["get_url"] == "https://upload.chat.example.org/upload"
    assert upload["max_size"] == 7_000_000
    assert document["shaper_rules"]["hard_upload_quota"] == 50
    assert document["modules"]["mod_http_upload_quota"] == {"max_days": 30}
    assert rendered(HOUSE)["modules"]["mod_http_upload"]["hosts"] == ["upload-parlor.local"]


def test_only_owners_answer_for_the_box() -> None:
    contacts = rendered(OWNED)["modules"]["mod_disco"]["server_info"]
    assert {url for contact in contacts for url in contact["urls"]} == {
        "xmpp:ann@chat.example.org",
        "xmpp:bob@chat.example.org",
    }
    assert "abuse-addresses" in {contact["name"] for contact in contacts}


def test_every_module_of_ours_is_loaded() -> None:
    ours = Path(__file__).parents[3] / "rootfs/usr/lib/parlor-ejabberd"
    names = {path.stem for path in ours.glob("mod_*.erl")}
    assert names
    assert names <= set(rendered(OWN)["modules"])


def test_secrets_stand_only_where_they_are_needed() -> None:
    content = ejabberd.render(OWNED, host())[1].content
    assert content.count(b"5ecre7" * 10) == 1
