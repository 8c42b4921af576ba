"""The list of releases that a server offers for one board and channel. Pure.

One JSON document, signed as a whole (ota/signature.py). A list that was signed once stays signed: so it also carries a
serial number that only grows, against an older list shown again, and an end, against one that is held back.
"""

import datetime as dt
from typing import Annotated
from urllib.parse import urljoin, urlsplit

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from appliance.model import Missing, ParlorError
from appliance.settings import N_
from ota.version import LONGEST, Version

FORMAT = 1
MAX_BYTES = 256 * 1024
MAX_RELEASES = 200
# Clocks differ; a list that is from further ahead than this shows that the box's clock is wrong.
TOLERANCE = dt.timedelta(days=1)

UNREADABLE = N_("The server's list of updates cannot be read. Tell whoever runs it.")

_SCHEMES = ("http", "https")


class BadIndex(ParlorError):
    """A list of releases that cannot be used; what runs stays as it is."""

    code, status = "bad-index", 422


def _version(text: str) -> str:
    Version.parse(text)
    return text


class Release(BaseModel):
    """One release: `url` as written, perhaps relative to the list's own; `size` in bytes; `changes` by language."""

    model_config = ConfigDict(frozen=True)

    version: Annotated[str, Field(max_length=LONGEST), AfterValidator(_version)]
    url: str = Field(min_length=1, max_length=2000)
    size: int = Field(gt=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    changes: dict[str, tuple[str, ...]] = {}

    def changes_in(self, language: str) -> tuple[str, ...]:
        """What is new, in this language or else in English."""
        return self.changes.get(language) or self.changes.get("en", ())


class Index(BaseModel):
    """The document; `serial` grows with every change of it, `expires` is when it counts no more."""

    model_config = ConfigDict(frozen=True)

    format: int
    board: str
    channel: str
    serial: int = Field(ge=1)
    issued: AwareDatetime
    expires: AwareDatetime
    releases: tuple[Release, ...] = Field(max_length=MAX_RELEASES)


def parse(content: str) -> Index:
    """The document out of its verified content. Raises `BadIndex`."""
    try:
        index = Index.model_validate_json(content[: MAX_BYTES + 1])
    except ValidationError as error:
        raise BadIndex(UNREADABLE) from error
    if index.format != FORMAT:
        raise BadIndex(
            N_("The server's list of updates is of a newer kind than this box knows. Update from a file first.")
        )
    return index


def verify(index: Index, *, board: str, channel: str, seen: int, now: dt.datetime) -> None:
    """Refuse a list that is not for this box or not of this day; `seen` is the highest serial so far. `BadIndex`."""
    if index.board != board:
        raise BadIndex(N_("The server's list of updates is for another kind of box."))
    if index.channel != channel:
        raise BadIndex(
            N_("The server's list is of the channel “%(found)s”, not “%(wanted)s”."),
            found=index.channel,
            wanted=channel,
        )
    if index.serial < seen:
        raise BadIndex(
            N_(
                "The server shows an older list of updates than it did before, so nothing is taken from it. Try again"
                " later."
            )
        )
    if index.issued > now + TOLERANCE:
        raise BadIndex(
            N_(
                "The server's list is of %(issued)s but the box's clock says %(today)s. Check that the box has the"
                " right time."
            ),
            issued=str(index.issued.date()),
            today=str(now.date()),
        )
    if index.expires <= now:
        raise BadIndex(
            N_(
                "The server's list of updates ended on %(end)s and the box's clock says %(today)s. If the clock is"
                " right, the server is no longer looked after."
            ),
            end=str(index.expires.date()),
            today=str(now.date()),
        )


def newest(index: Index, running: str) -> Release | None:
    """The release to offer: the newest, if it is newer than what runs. Older ones are never offered."""
    best = max(index.releases, key=lambda each: Version.parse(each.version), default=None)
    return best if best and Version.parse(best.version) > Version.parse(running) else None


def wanted(index: Index, version: str, running: str) -> Release:
    """The release that somebody names. Raises `Missing`, and `BadIndex` for one that is older than what runs."""
    found = next((each for each in index.releases if each.version == version), None)
    if found is None:
        raise Missing(N_("The server does not offer version %(version)s."), version=version)
    if Version.parse(version) < Version.parse(running):
        raise BadIndex(N_("Version %(version)s is older than what runs."), version=version)
    return found


def address(release: Release, index_url: str) -> str:
    """The release's full URL. Raises `BadIndex` for one that is not http or https."""
    try:
        url = urljoin(index_url, release.url)
        parts = urlsplit(url)
    except ValueError:
        raise BadIndex(UNREADABLE) from None
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise BadIndex(UNREADABLE)
    return url
