"""What is new in a version, in the words of the changelog: what people read before they install an update."""

import re
from pathlib import Path

from image.cache import REPOSITORY

CHANGELOG = REPOSITORY / "CHANGELOG.md"


def changes(folder: Path = REPOSITORY) -> dict[str, list[str]]:
    """The newest version's points by language: English from CHANGELOG.md, others from CHANGELOG.de.md and its like.

    A translation counts only when it is of the same version.
    """
    english = (folder / CHANGELOG.name).read_text(encoding="utf-8")
    found = {"en": points(english)}
    for path in sorted(folder.glob("CHANGELOG.*.md")):
        text = path.read_text(encoding="utf-8")
        if newest(text) == newest(english):
            found[path.name.split(".")[1]] = points(text)
    return found


def newest(text: str) -> str:
    """The version of the first heading. Raises `ValueError` where there is none."""
    found = re.search(r"(?m)^## ([0-9]+\.[0-9]+\.[0-9]+)", text)
    if found is None:
        raise ValueError("the changelog has no heading with a version, such as “## 1.2.3”")
    return found[1]


def points(text: str) -> list[str]:
    """The first version's list, each point on one line; what is below a second-level heading until the next one."""
    section = re.split(r"(?m)^## .*\n", text)[1]
    parts = re.split(r"(?m)^- ", section)[1:]
    return [" ".join(part.split("\n\n")[0].split()) for part in parts]
