"""ejabberd's modules: what Conversations needs of a server, and nothing that nobody asked for."""

from typing import Any

from appliance.model import Host
from appliance.settings import Hosts, Settings
from appliance.xmpp.listeners import SOCKS5, STUN, TURN_TLS, reachable_at

UPLOADS = "/data/uploads"
DAY_S = 86_400

Modules = dict[str, dict[str, Any]]


def modules(settings: Settings, host: Host) -> Modules:
    """ejabberd's `modules` section."""
    hosts = settings.hosts
    return {
        **_presence(settings, hosts),
        **_messages(),
        **_rooms(hosts),
        **_personal_data(),
        **_files(settings, host, hosts),
        **_accounts(settings),
        **_calls(settings, host),
        **_web(hosts),
        **(_federation() if settings.network.federation else {}),
    }


def _presence(settings: Settings, hosts: Hosts) -> Modules:
    return {
        "mod_disco": {"name": settings.box.name, "server_info": _contacts(settings, hosts)},
        "mod_caps": {},
        "mod_roster": {"versioning": True},
        "mod_last": {},
        "mod_ping": {},
        "mod_privacy": {},
        "mod_blocking": {},
        "mod_adhoc": {},
        "mod_discreet_log": {},  # ours: what people write stays out of the journal
    }


def _contacts(settings: Settings, hosts: Hosts) -> list[dict[str, Any]]:
    """Contact addresses (XEP-0157): the box's owners answer for it."""
    owners = [f"xmpp:{name}@{hosts.domain}" for name in settings.people.admins]
    names = ("abuse-addresses", "admin-addresses", "security-addresses", "support-addresses")
    return [{"modules": "all", "name": name, "urls": owners} for name in names] if owners else []


def _messages() -> Modules:
    return {
        "mod_carboncopy": {},
        "mod_client_state": {},
        "mod_mam": {"default": "always", "assume_mam_usage": True, "access_preferences": "local"},
        "mod_offline": {"access_max_user_messages": "max_user_offline_messages"},
        "mod_stream_mgmt": {"resend_on_timeout": "if_offline"},
        "mod_durable_ack": {},  # ours: no acknowledgement before all archives are on the disk
        "mod_push": {},
        "mod_push_keepalive": {"wake_on_start": True},
    }


def _rooms(hosts: Hosts) -> Modules:
    """Group chats. A new room is a private group that can carry OMEMO: members only, addresses known to members."""
    return {
        "mod_muc": {
            "hosts": [hosts.groups],
            "access_create": "local",
            "access_persistent": "local",
            "access_mam": "local",
            "max_user_conferences": 500,
            "max_room_id": 128,
            "max_room_name": 256,
            "max_room_desc": 4096,
            "preload_rooms": False,
            "hibernation_timeout": "1 hour",
            "default_room_options": {
                "persistent": True,
                "mam": True,
                "members_only": True,
                "anonymous": False,
                "public": False,
                "public_list": False,
                "allow_user_invites": True,
                "allow_change_subj": True,
            },
        },
    }


def _personal_data() -> Modules:
    return {
        "mod_pubsub": {
            "access_createnode": "local",
            "plugins": ["pep"],
            "ignore_pep_from_offline": False,
            "max_items_node": "infinity",
            "force_node_config": {
                # OMEMO: somebody who is no contact yet must be able to encrypt the first message (XEP-0384)
                "eu.siacs.conversations.axolotl.*": {"access_model": "open"},
                "urn:xmpp:omemo:2:*": {"access_model": "open"},
                "storage:bookmarks": {"access_model": "whitelist"},
                "urn:xmpp:bookmarks:1": {"access_model": "whitelist"},
            },
        },
        "mod_private": {},
        "mod_avatar": {},
        "mod_vcard": {"search": False},
        "mod_vcard_xupdate": {},
    }


def _files(settings: Settings, host: Host, hosts: Hosts) -> Modules:
    address = f"https://{hosts.upload}/upload"
    quota = {"max_days": settings.files.keep_days} if settings.files.keep_days else {}
    return {
        "mod_http_upload": {
            "hosts": [hosts.upload],
            "name": "Files",
            "access": "local",
            "docroot": UPLOADS,
            "put_url": address,
            "get_url": address,
            "max_size": settings.files.max_mb * 1_000_000,
            "file_mode": "0640",
            "dir_mode": "0750",
            "rm_on_unregister": True,
            "custom_headers": {
                "Access-Control-Allow-Origin": "*",
                "Access-Control-Allow-Methods": "GET, HEAD, PUT, OPTIONS",
                "Access-Control-Allow-Headers": "Content-Type",
            },
        },
        "mod_http_upload_quota": quota,
        "mod_proxy65": {
            "hosts": [hosts.proxy],
            "name": "File transfer",
            "access": "local",
            "ip": "::",
            "port": SOCKS5,
            "hostname": _proxy_address(settings, host, hosts),
            "max_connections": 20,
            "shaper": "proxy65_shaper",
        },
    }


def _proxy_address(settings: Settings, host: Host, hosts: Hosts) -> str:
    """An address, or the proxy's own name: ejabberd does not take a name it serves itself."""
    address = reachable_at(settings, host)[0]
    return hosts.proxy if address == hosts.domain else address


def _accounts(settings: Settings) -> Modules:
    """An account is made by an invitation or by the core, in no other way."""
    return {
        "mod_register": {
            "allow_modules": ["mod_invites"],
            "access_remove": "leavers",
            "password_strength": 25,  # bits, as ejabberd counts them: eight digits have 25.4
        },
        "mod_invites": {
            "access_create_account": "inviters",
            "landing_page": "https://{{ host }}/invite/{{ invite.token }}",
            "site_name": settings.box.name,
            "token_expire_seconds": settings.people.invitation_days * DAY_S,
            "webchat_url": "none",
        },
        "mod_invites_guard": {},  # ours: only who may invite makes accounts (rootfs/usr/lib/parlor-ejabberd)
        "mod_auth_fast": {},
        "mod_scram_upgrade": {"offered_upgrades": ["sha256", "sha512"]},
        "mod_fail2ban": {},
        "mod_admin_extra": {},  # commands for the core: shut a person out, check a password
        "mod_http_api": {},
    }


def _calls(settings: Settings, host: Host) -> Modules:
    """STUN and TURN with credentials that live for a day (XEP-0215)."""
    offers = [("stun", STUN, "udp"), ("turn", STUN, "udp"), ("turn", STUN, "tcp")]
    services = [
        {"host": address, "port": port, "type": kind, "transport": transport, "restricted": kind != "stun"}
        for address in reachable_at(settings, host)
        for kind, port, transport in offers
    ]
    tls = {"host": settings.domain.name, "port": TURN_TLS, "type": "turns", "transport": "tcp", "restricted": True}
    return {
        "mod_stun_disco": {
            "access": "local",
            "offer_local_services": False,
            "secret": settings.secrets.turn.get_secret_value(),
            "credentials_lifetime": "1 day",
            "services": [*services, tls],
        },
    }


def _web(hosts: Hosts) -> Modules:
    return {
        "mod_bosh": {},
        "mod_host_meta": {
            "bosh_service_url": f"https://{hosts.domain}/bosh",
            "websocket_url": f"wss://{hosts.domain}/xmpp-websocket",
        },
    }


def _federation() -> Modules:
    return {"mod_s2s_bidi": {}, "mod_s2s_dialback": {}}
