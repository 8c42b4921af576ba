"""The relays a browser may use where UDP does not come through: ejabberd's TURN with short-lived credentials. Pure.

`EXPIRY:room-VISITOR` and its HMAC-SHA-1 under the secret that ejabberd has too (draft-uberti-behave-turn-rest-00, as
XEP-0215 uses it); `turn_sm.erl` counts the allocations of one visitor and of all visitors.
"""

import base64
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
        username = f"{int(now) + LIFETIME_S}:room-{visitor}"
        password = base64.b64encode(hmac.digest(self.secret.encode(), username.encode(), "sha1")).decode()
        urls = [f"turn:{host}:{self.port}?transport={transport}" for transport in ("udp", "tcp")]
        if self.web_name and host == self.domain:
            urls.append(f"turns:{self.web_name}:443?transport=tcp")
        return [{"urls": urls, "username": username, "credential": password}]
