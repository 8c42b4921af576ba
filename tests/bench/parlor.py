"""The box itself, set up from a provisioning file as a flashed card is (`docs/provisioning.md`)."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import override

from appliance.model import Certificate, Host
from appliance.settings import Settings
from appliance.xmpp.access import pace
from image.box import Box
from image.network import Network
from image.tree import mounted_tree
from tests.bench.system import ChatSystem, Site
from tests.box.house import provisioning


class Parlor(ChatSystem):
    """The whole box; its first login is possible when the setup has opened the firewall."""

    name = "parlor"
    title = "Parlor"
    domain = "parlor.example"

    @override
    def tree(self) -> AbstractContextManager[Path]:
        return mounted_tree()

    @override
    def install(self, tree: Path, folder: Path, network: Network) -> Site:
        file = folder / "parlor.toml"
        file.write_text(provisioning(self.domain, self.people[0], self.password), encoding="utf-8")
        return Site(Box(self.name, tree, network, data=folder / "data", provision=file), folder)

    @override
    async def use(self, site: Site) -> None:
        client = await self.log_in(site, self.people[0])
        await client.stream.close()

    @override
    async def add_people(self, site: Site) -> None:
        site.box.run(["parlor", "user", "add", self.people[1]], stdin=f"{self.password}\n")


def person_pace() -> tuple[int, int]:
    """What the box lets one person send: bytes a second, and bytes at once. Peers get the same."""
    unset = Host("", "", Certificate(b"", b""))
    person = pace(Settings(), unset)["shaper"]["person"]
    return person["rate"], person["burst_size"]
