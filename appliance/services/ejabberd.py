"""The XMPP server: ejabberd, with STUN/TURN, upload and invitations, on SQLite.

Every option is in https://docs.ejabberd.im/admin/configuration/; the groups of options are in `appliance/xmpp/`.
"""

from pathlib import Path
from typing import Any, override

import yaml

from appliance.model import RUN, XMPP_API_SOCKET, Check, Directory, Host, Probe, RenderedFile, Service
from appliance.settings import N_, Settings
from appliance.xmpp.access import access, pace
from appliance.xmpp.listeners import PORTS, listeners
from appliance.xmpp.modules import UPLOADS, modules

FOLDER = RUN / "ejabberd"
CONFIGURATION = FOLDER / "ejabberd.yml"
CERTIFICATE = FOLDER / "certificate.pem"
SPOOL = Path("/data/ejabberd")
DATABASE = SPOOL / "ejabberd.sqlite"
GROUP = "ejabberd"

# TLS 1.2 and 1.3 with forward secrecy and authenticated ciphers only (RFC 9325)
_TLS_OPTIONS = ["no_sslv2", "no_sslv3", "no_tlsv1", "no_tlsv1_1", "cipher_server_preference", "no_compression"]
_TLS_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20"


def render(settings: Settings, host: Host) -> tuple[RenderedFile, ...]:
    """The configuration and the certificate chain with its key."""
    certificate = host.certificate.chain.rstrip(b"\n") + b"\n" + host.certificate.key
    return (
        RenderedFile(CERTIFICATE, certificate, GROUP),
        RenderedFile(CONFIGURATION, _yaml(configuration(settings, host)), GROUP),
    )


def configuration(settings: Settings, host: Host) -> dict[str, Any]:
    """The whole `ejabberd.yml`."""
    return {
        "hosts": [settings.domain.name],
        "language": settings.box.language.value,
        "loglevel": "warning",
        "certfiles": [str(CERTIFICATE)],
        "acme": {"auto": False},  # certificates are the core's
        **_storage(),
        **_authentication(),
        **_transport(settings, host),
        **access(settings, host),
        **pace(settings, host),
        "listen": listeners(settings, host, CERTIFICATE),
        "modules": modules(settings, host),
    }


def _storage() -> dict[str, Any]:
    """All that people make goes to SQLite; Mnesia holds only what may vanish when the power does (sessions)."""
    return {
        "default_db": "sql",
        "sql_type": "sqlite",
        "sql_database": str(DATABASE),
        "sql_schema_multihost": True,
        "update_sql_schema": True,
    }


def _authentication() -> dict[str, Any]:
    """Passwords are kept as SCRAM verifiers only and never cross the wire.

    SHA-1 serves the oldest clients and its weakness is no use against SCRAM; every newer client takes SHA-256.
    """
    return {
        "auth_method": ["sql"],
        "auth_password_format": "scram",
        "auth_stored_password_types": ["scram_sha1", "scram_sha256"],
        "disable_sasl_mechanisms": ["PLAIN", "DIGEST-MD5", "X-OAUTH2"],
        "registration_timeout": "infinity",  # a family registers from one address; the invitation is the limit
    }


def _transport(settings: Settings, host: Host) -> dict[str, Any]:
    return {
        "c2s_ciphers": _TLS_CIPHERS,
        "c2s_protocol_options": _TLS_OPTIONS,
        "s2s_ciphers": _TLS_CIPHERS,
        "s2s_protocol_options": _TLS_OPTIONS,
        "s2s_use_starttls": "required",
        "s2s_access": "federated",
        "outgoing_s2s_families": ["ipv6", "ipv4"] if host.ipv6 else ["ipv4"],
        # The only HTTP listeners are Unix sockets. nginx, the one stranger's way in, overwrites X-Forwarded-For;
        # ejabberd cannot name a Unix socket in a list of proxies.
        "trusted_proxies": "all",
        "negotiation_timeout": "30 seconds",
        "max_fsm_queue": 10_000,
    }


class _Quoted(yaml.SafeDumper):
    """YAML whose strings are all in double quotes: ejabberd's parser takes bare words such as `1e3` for numbers."""

    @override
    def ignore_aliases(self, data: Any) -> bool:
        """Write a list that stands in two places twice."""
        return True


_Quoted.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def _yaml(document: dict[str, Any]) -> bytes:
    text: str = yaml.dump(document, Dumper=_Quoted, sort_keys=False, width=10_000)
    return text.encode()


SERVICE = Service(
    name="ejabberd",
    label=N_("Chat"),
    unit="ejabberd.service",
    render=render,
    ports=PORTS,
    checks=(
        Check(Probe.UNIT, "ejabberd.service"),
        Check(Probe.TCP, "localhost:5222"),
        Check(Probe.HTTP, f"unix:{XMPP_API_SOCKET}:/api/status/v3"),
    ),
    databases=(DATABASE,),
    archives=("archive",),
    directories=(Directory(SPOOL, "ejabberd", 0o700), Directory(Path(UPLOADS), "ejabberd", 0o750)),
    backup=(SPOOL, Path(UPLOADS)),
)
