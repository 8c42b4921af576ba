"""A chat server that lets people make their accounts in the band: an account is there at the first login."""

from typing import override

from tests.bench.client import Client
from tests.bench.system import ChatSystem, Site


class RegisteringServer(ChatSystem):
    """Its first start ends, as the box's, with the login of an account that did not exist before."""

    @override
    async def use(self, site: Site) -> None:
        if not (site.folder / "used").exists():
            await self._register(site, self.people[0])
        client = await self.log_in(site, self.people[0])
        (site.folder / "used").touch()
        await client.stream.close()

    @override
    async def add_people(self, site: Site) -> None:
        await self._register(site, self.people[1])

    async def _register(self, site: Site, name: str) -> None:
        client = await Client.connect(site.box.address, self.domain, self.tls)
        try:
            await client.register(name, self.password)
        finally:
            await client.stream.close()
