"""Who may do what in ejabberd: access rules, the commands of its API, and the pace of each kind of client."""

from typing import Any

from appliance.model import Host
from appliance.settings import Inviters, Settings

CORE_TAG = "core"  # marks the one listener whose callers may run commands

# Everything else in ejabberd's list of 200 commands (dump, restore, eval-like, send as somebody else) stays shut.
CORE_COMMANDS = (
    "status",
    "reload_config",
    "connected_users_number",
    "registered_users",
    "register",
    "unregister",
    "check_account",
    "check_password",
    "change_password",
    "get_last",
    "ban_account",
    "unban_account",
    "get_ban_details",
    "generate_invite_with_username",
    "generate_reset_token",
    "list_invites",
    "delete_invite_by_token",
    "cleanup_expired_invite_tokens",
    "delete_old_mam_messages",
    "delete_old_messages",
)


def access(settings: Settings, _host: Host) -> dict[str, Any]:
    """Access rules. Nobody is ejabberd's `admin`: an admin of the box has no power over other people's chats.

    No rule looks at an address: behind the proxy every stranger would look like the box itself.
    """
    owners = [f"{name}@{settings.domain.name}" for name in settings.people.admins]
    return {
        "acl": {
            "local": {"user_regexp": ""},
            **({"owners": {"user": owners}} if owners else {}),
        },
        "access_rules": {
            "local": {"allow": "local"},
            "inviters": _inviters(settings, bool(owners)),
            "leavers": [{"deny": "owners"}, {"allow": "local"}] if owners else {"allow": "local"},
            "federated": {"allow": "all"} if settings.network.federation else {"deny": "all"},
        },
        "api_permissions": {
            "core": {"from": ["mod_http_api", {"tag": CORE_TAG}], "who": "all", "what": list(CORE_COMMANDS)},
        },
    }


def _inviters(settings: Settings, owned: bool) -> dict[str, str]:
    if settings.people.inviters is Inviters.EVERYONE:
        return {"allow": "local"}
    return {"allow": "owners"} if owned else {"deny": "all"}


def pace(settings: Settings, _host: Host) -> dict[str, Any]:
    """Shapers (bytes a second) and counts: room for a family's phones, no room for a flood."""
    return {
        "shaper": {
            "person": {"rate": 100_000, "burst_size": 1_000_000},
            "server": {"rate": 500_000, "burst_size": 2_000_000},
            "relay": {"rate": 5_000_000, "burst_size": 20_000_000},
        },
        "shaper_rules": {
            "max_user_sessions": 20,
            "max_user_offline_messages": 5000,
            "c2s_shaper": "person",
            "s2s_shaper": "server",
            "proxy65_shaper": "relay",
            # MiB; past the hard limit the oldest files go until a tenth of the space is free again
            "hard_upload_quota": settings.files.quota_mb,
            "soft_upload_quota": settings.files.quota_mb * 9 // 10,
        },
    }
