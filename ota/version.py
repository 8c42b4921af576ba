"""Versions in their order (semver.org, 2.0.0), as RAUC compares them with `min-bundle-version`. Pure."""

import re
from dataclasses import dataclass
from functools import total_ordering

_SYNTAX = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([0-9A-Za-z.]{1,64}))?(?:\+[0-9A-Za-z.-]{1,64})?", re.ASCII)

LONGEST = 160  # characters that a version can have


@total_ordering
@dataclass(frozen=True)
class Version:
    """1.2.3, or 1.2.3-dev.4, which comes before it. What follows a plus sign only says which build it is."""

    core: tuple[int, int, int]
    before: tuple[str, ...] = ()  # the parts of the pre-release

    @classmethod
    def parse(cls, text: str) -> "Version":
        """Raises `ValueError` for what is no version."""
        found = _SYNTAX.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is not a version such as 1.2.3")
        major, minor, patch, before = found.groups()
        return cls((int(major), int(minor), int(patch)), tuple(before.split(".")) if before else ())

    def __lt__(self, other: "Version") -> bool:
        return self._key() < other._key()

    def _key(self) -> tuple[object, ...]:
        """A release comes after its pre-releases, numbers before words, fewer parts before more (semver 11)."""
        parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in self.before)
        return (self.core, not self.before, parts)
