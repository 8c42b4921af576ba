"""The relays a browser may use where UDP does not come through: ejabberd's TURN with short-lived credentials. Pure.

The user name is `EXPIRY:vVISITORHOST`, the password its HMAC-SHA-1 under the secret that ejabberd has too
(draft-uberti-behave-turn-rest-00, as mod_stun_disco uses it for XEP-0215). VISITOR are seven hexadecimal digits of the
visitor's id, HOST the eight by which ejabberd knows its domain. `turn_sm.erl` counts the allocations of one visitor and
of all visitors; no account's hash begins with a `v`.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any

LIFETIME_S = 12 * 3600


@dataclass(frozen=True)
class Relay:
    """Where the TURN server is: at `port` of the name by which a browser knows the box, and behind `web_name`:443."""

    secret: str = field(repr=False)
    port: int
    domain: str
    web_name: str = ""  # what nginx takes for the relay's own name, if there is one

    def ice_servers(self, visitor: str, host: str, now: float) -> list[dict[str, Any]]:
        """`RTCConfiguration.iceServers` for a visitor whose browser knows the box as `host`."""
        username = f"{int(now) + LIFETIME_S}:v{_digits(visitor)[:7]}{_digits(self.domain)[:8]}"
        password = base64.b64encode(hmac.digest(self.secret.encode(), username.encode(), "sha1")).decode()
        urls = [f"turn:{host}:{self.port}?transport={transport}" for transport in ("udp", "tcp")]
        if self.web_name and host == self.domain:
            urls.append(f"turns:{self.web_name}:443?transport=tcp")
        return [{"urls": urls, "username": username, "credential": password}]


def _digits(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
