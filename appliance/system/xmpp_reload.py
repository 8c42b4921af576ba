"""Have ejabberd load its configuration again; what `systemctl reload ejabberd` runs."""

import asyncio
import sys

from appliance.model import ParlorError
from appliance.system.xmpp_server import XmppServer


def main() -> int:
    """0 when ejabberd took the new configuration, 1 when it keeps the old one."""
    try:
        asyncio.run(XmppServer("").reload_config())
    except ParlorError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
