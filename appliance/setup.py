"""What a new owner says of the box: by the wizard, or in the provisioning file `parlor.toml`.

Both have the same shape (`docs/provisioning.md`), are checked as a whole, and become a settings
document by a pure function.
"""

import tomllib
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from appliance.answers import problem_of, problems_of
from appliance.fields import with_values
from appliance.model import Invalid
from appliance.settings import (
    N_,
    Box,
    Domain,
    DomainKind,
    PersonName,
    Problem,
    Settings,
    domain_name,
    password,
)

MOST_PEOPLE = 50  # in one setup; more can be invited later


def _password(value: SecretStr) -> SecretStr:
    password(value.get_secret_value())
    return value


Password = Annotated[SecretStr, AfterValidator(_password)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Admin(_Part):
    """The first admin; without a password an invitation is made."""

    name: PersonName
    password: Password | None = None


class DomainChoice(_Part):
    """`kind = "own"` with a name, or `kind = "house"`."""

    kind: Literal["own", "house"] = "house"
    name: str = ""


class Setup(_Part):
    """Everything that turns a fresh box into somebody's box."""

    box: Box = Box()
    domain: DomainChoice = DomainChoice()
    admin: Admin
    people: tuple[PersonName, ...] = Field(default=(), max_length=MOST_PEOPLE)
    settings: dict[str, Any] = {}


def parse(document: object) -> Setup:
    """Check a setup as a whole. Raises `Invalid` with every problem found."""
    found: tuple[Problem, ...] = ()
    setup = None
    try:
        setup = Setup.model_validate(document)
    except ValidationError as error:
        found = problems_of(error)
    raw = document if isinstance(document, dict) else {}
    found += _domain_problems(raw.get("domain"))
    if setup:
        found += _people_problems(setup)
    if setup and not found:
        try:
            settings_of(setup, Settings())
        except Invalid as error:
            found = error.problems
    if found or not setup:
        raise Invalid(N_("Some answers need another look. Nothing was changed."), found)
    return setup


def parse_toml(document: bytes) -> Setup:
    """The same from a provisioning file. Raises `Invalid` naming the line, or the keys."""
    try:
        return parse(tomllib.loads(document.decode()))
    except UnicodeDecodeError:
        raise Invalid(N_("The provisioning file is not UTF-8 text. Nothing was changed.")) from None
    except tomllib.TOMLDecodeError as error:
        raise Invalid(
            N_("The provisioning file is not valid TOML: %(why)s. Nothing was changed."), why=str(error)
        ) from None


def document(setup: Setup) -> dict[str, Any]:
    """A setup as the API takes it, its password in the clear: for the local socket only."""
    secret = setup.admin.password
    admin = {"name": setup.admin.name} | ({"password": secret.get_secret_value()} if secret else {})
    return setup.model_dump(mode="json", exclude={"admin"}) | {"admin": admin}


def _domain_problems(domain: object) -> tuple[Problem, ...]:
    if not isinstance(domain, dict) or domain.get("kind") != "own" or not isinstance(domain.get("name", ""), str):
        return ()
    try:
        domain_name(domain.get("name", ""))
    except ValueError as error:
        return (problem_of("domain.name", error),)
    return ()


def _people_problems(setup: Setup) -> tuple[Problem, ...]:
    seen = {setup.admin.name}
    found = []
    for index, name in enumerate(setup.people):
        if name in seen:
            found.append(Problem(f"people.{index}", N_("“%(name)s” stands here twice."), {"name": name}))
        seen.add(name)
    return tuple(found)


def settings_of(setup: Setup, before: Settings) -> Settings:
    """The settings document of a setup, not yet claimed. Raises `Invalid` for its extra settings."""
    kind = DomainKind(setup.domain.kind)
    name = setup.domain.name if kind is DomainKind.OWN else f"{setup.box.name}.local"
    chosen = before.model_copy(
        update={
            "box": setup.box,
            "domain": Domain(kind=kind, name=name),
            "people": before.people.model_copy(update={"admins": (setup.admin.name,)}),
        }
    )
    return with_values(chosen, setup.settings)
