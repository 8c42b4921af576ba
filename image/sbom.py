"""The software bill of materials: every package of the box with its exact version, in CycloneDX 1.6 (ECMA-424)."""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from image.board import Board
from image.process import run

# Where it is in the box, and beside an image.
PLACE = Path("usr/share/parlor/sbom.cdx.json")

_FIELDS = ("Package", "Version", "Architecture", "source:Package", "source:Version")
_NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # of URLs, RFC 9562


@dataclass(frozen=True, order=True)
class Package:
    """An installed package, and the source package that it was built from."""

    name: str
    version: str
    architecture: str
    source: str
    source_version: str

    @property
    def purl(self) -> str:
        """Its package URL, by which lists of known holes find it (github.com/package-url/purl-spec)."""
        return (
            f"pkg:deb/debian/{quote(self.name)}@{quote(self.version, safe='')}?arch={self.architecture}&distro=trixie"
        )


def installed(root: Path) -> list[Package]:
    """The packages of a root, by name."""
    form = "\t".join(f"${{{field}}}" for field in _FIELDS) + "\n"
    query = ["dpkg-query", f"--admindir={root}/var/lib/dpkg", "--show", f"--showformat={form}"]
    return sorted(Package(*line.split("\t")) for line in run(query).stdout.splitlines())


def bill(packages: Iterable[Package], board: Board, version: str) -> str:
    """The document as JSON text; the same packages and version give the same text."""
    components = [_component(package) for package in sorted(packages)]
    box = {"type": "operating-system", "bom-ref": "parlor", "name": f"parlor-{board}", "version": version}
    document: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {**box, "licenses": [{"license": {"id": "Unlicense"}}]}},
        "components": components,
        "dependencies": [{"ref": "parlor", "dependsOn": [each["bom-ref"] for each in components]}],
    }
    number = uuid.uuid5(_NAMESPACE, json.dumps(document, sort_keys=True))
    return json.dumps({**document, "serialNumber": f"urn:uuid:{number}"}, indent=1) + "\n"


def _component(package: Package) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": package.purl,
        "name": package.name,
        "version": package.version,
        "purl": package.purl,
        "properties": [{"name": "debian:source", "value": f"{package.source} {package.source_version}"}],
    }
