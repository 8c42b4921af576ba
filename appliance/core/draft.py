"""What somebody has typed into the wizard so far: kept, so that a reload or a power cut loses nothing."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance import setup
from appliance.answers import problem_document, problems_of
from appliance.model import Invalid
from appliance.settings import N_
from appliance.system import files


class _Loose(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Box(_Loose):
    name: str = Field(default="parlor", max_length=1000)
    language: str = Field(default="en", max_length=10)


class _Domain(_Loose):
    kind: str = Field(default="house", max_length=10)
    name: str = Field(default="", max_length=1000)


class _Admin(_Loose):
    name: str = Field(default="", max_length=1000)


class _Document(_Loose):
    """The shape of a draft: a setup whose values may still be wrong; never a password."""

    box: _Box | None = None
    domain: _Domain | None = None
    admin: _Admin | None = None
    people: tuple[str, ...] | None = Field(default=None, max_length=setup.MOST_PEOPLE)


class Draft:
    """The draft in force, on the disk at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self.document: dict[str, Any] = _Document.model_validate_json(path.read_bytes()).model_dump(
                exclude_none=True
            )
        except (FileNotFoundError, ValidationError, ValueError):
            self.document = {}

    def update(self, parts: object) -> dict[str, Any]:
        """Keep the parts given, and say what is wrong with the draft so far. Raises `Invalid` for a wrong shape."""
        try:
            given = _Document.model_validate(parts).model_dump(exclude_none=True)
        except ValidationError as error:
            raise Invalid(N_("This is not a draft of a setup."), problems_of(error)) from None
        self.document = self.document | given
        files.write(self._path, json.dumps(self.document).encode())
        return {"draft": self.document, "problems": self.problems()}

    def problems(self) -> list[dict[str, Any]]:
        """What a setup made from the draft would be refused for, in the parts already typed."""
        try:
            setup.parse(self.document)
        except Invalid as error:
            typed = [p for p in error.problems if p.key.partition(".")[0] in self.document]
            return [problem_document(problem) for problem in typed]
        return []

    def forget(self) -> None:
        """Throw the draft away once the setup is done."""
        self.document = {}
        self._path.unlink(missing_ok=True)
