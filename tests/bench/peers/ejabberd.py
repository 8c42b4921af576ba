"""ejabberd as Debian packages it, the version that the box has: on Mnesia as shipped, on SQLite as safe as the box.

Changed in its configuration: host name, certificate, registration and pace (the box's; Debian's 3 kB a second would be
all that a measurement shows), and the archive, on for everybody.
"""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, override

import yaml

from appliance.system.database import prepare_database
from image.network import Network
from tests.bench.parlor import person_pace
from tests.bench.peers import package
from tests.bench.peers.registering import RegisteringServer
from tests.bench.system import Site
from tests.box.authority import Authority

SPOOL = Path("var/lib/ejabberd")
DATABASE = SPOOL / "ejabberd.sqlite"


class Ejabberd(RegisteringServer):
    """On Mnesia: messages that it has acknowledged are lost with the power."""

    name = "ejabberd-mnesia"
    title = "ejabberd, Mnesia"
    domain = "mnesia.example"

    @override
    def tree(self) -> AbstractContextManager[Path]:
        return package.held(package.build("ejabberd", ["ejabberd", "erlang-p1-sqlite3"], [package.BACKPORTS]))

    @override
    def install(self, tree: Path, folder: Path, network: Network) -> Site:
        package.copy(tree, folder, self.name)
        package.install_certificate(*Authority(folder).sign(self.domain), folder / "etc/ejabberd/ejabberd.pem")
        file = folder / "etc/ejabberd/ejabberd.yml"
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        self.configure(document)
        file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        return Site(package.box_of(self.name, tree, folder, network), folder)

    def configure(self, document: dict[str, Any]) -> None:
        """Change Debian's `ejabberd.yml`."""
        rate, burst = person_pace()
        document["hosts"] = [self.domain]
        document["shaper"]["normal"] = {"rate": rate, "burst_size": burst}
        document["registration_timeout"] = "infinity"
        document["modules"]["mod_register"] = {"ip_access": "all"}
        document["modules"]["mod_mam"] = {"default": "always", "assume_mam_usage": True}


class EjabberdOnSqlite(Ejabberd):
    """On SQLite in WAL mode with SQLite's own `synchronous=FULL`: as durable as the box."""

    name = "ejabberd-sqlite"
    title = "ejabberd, SQLite"
    domain = "sqlite.example"

    @override
    def install(self, tree: Path, folder: Path, network: Network) -> Site:
        site = super().install(tree, folder, network)
        prepare_database(folder / DATABASE)
        return site

    @override
    def configure(self, document: dict[str, Any]) -> None:
        super().configure(document)
        document["default_db"] = "sql"
        document["auth_method"] = ["sql"]
        document["sql_type"] = "sqlite"
        document["sql_database"] = f"/{DATABASE}"
