"""Prosody as Debian packages it, on its own files.

Changed in its configuration: host name, certificate and registration; the archive is on; the pace is open, since its
limiter knows no burst and would pause after each message, where the box pauses only after a megabyte.
"""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import override

from image.network import Network
from tests.bench.peers import package
from tests.bench.peers.registering import RegisteringServer
from tests.bench.system import Site
from tests.box.authority import Authority

_REGISTRATION = "allow_registration = true\nregistration_invite_only = false\n"


class Prosody(RegisteringServer):
    """Its files are written without fsync: what it has acknowledged may be lost with the power."""

    name = "prosody"
    title = "Prosody"
    domain = "prosody.example"

    @override
    def tree(self) -> AbstractContextManager[Path]:
        return package.held(package.build("prosody", ["prosody"]))

    @override
    def install(self, tree: Path, folder: Path, network: Network) -> Site:
        package.copy(tree, folder, self.name)
        certificates = folder / "etc/prosody/certs"
        for path, suffix in zip(Authority(folder).sign(self.domain), ("crt", "key"), strict=True):
            package.copy_owned(path, certificates / f"{self.domain}.{suffix}")
        file = folder / "etc/prosody/prosody.cfg.lua"
        file.write_text(self._configured(file.read_text(encoding="utf-8")), encoding="utf-8")
        return Site(package.box_of(self.name, tree, folder, network), folder)

    def _configured(self, text: str) -> str:
        for before, after in (
            ('--"mam";', '"mam";'),
            ('rate = "10kb/s";', 'rate = "100mb/s";'),
            ('VirtualHost "localhost"', f'{_REGISTRATION}VirtualHost "{self.domain}"'),
        ):
            if text.count(before) != 1:
                raise ValueError(f"Debian's configuration of Prosody no longer has one {before}")
            text = text.replace(before, after)
        return text
