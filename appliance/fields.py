"""The settings a person can see and change, read off the model: one place for page, command and docs. Pure."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from appliance.answers import problems_of
from appliance.model import Invalid
from appliance.settings import N_, Problem, Settings, shown


def _each() -> Iterator[tuple[str, str, FieldInfo]]:
    """Part, name and declaration of every public field."""
    for part, outer in Settings.model_fields.items():
        inner = getattr(outer.annotation, "model_fields", {})
        if _extra(outer).get("internal"):
            continue
        yield from ((part, name, field) for name, field in inner.items() if not _extra(field).get("internal"))


def _extra(field: FieldInfo) -> dict[str, Any]:
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


def describe(settings: Settings) -> list[dict[str, Any]]:
    """Every public field as the API shows it (FIELD in `docs/api.md`)."""
    return [_field(settings, part, name, field) for part, name, field in _each()]


def _field(settings: Settings, part: str, name: str, field: FieldInfo) -> dict[str, Any]:
    kind: Any = field.annotation
    choices = [str(choice) for choice in kind] if isinstance(kind, type) and issubclass(kind, StrEnum) else []
    limits = {type(limit).__name__: limit for limit in field.metadata}
    return {
        "key": f"{part}.{name}",
        "label": field.title or name,
        "help": field.description or "",
        "type": "choice" if choices else {int: "integer", bool: "switch"}.get(kind, "text"),
        "value": getattr(getattr(settings, part), name),
        "default": field.default,
        "minimum": getattr(limits.get("Ge"), "ge", None),
        "maximum": getattr(limits.get("Le"), "le", None),
        "choices": choices,
        "fixed": is_fixed(settings, f"{part}.{name}"),
    }


def is_fixed(settings: Settings, key: str) -> bool:
    """Whether a setting can no longer change, because people's addresses hang on it."""
    if not settings.domain.name:
        return False
    part, _, name = key.partition(".")
    if key == "box.name":
        return settings.domain.name == settings.local_name  # in the house the name is the domain
    return any(_extra(field).get("fixed") for p, n, field in _each() if (p, n) == (part, name))


def with_values(settings: Settings, values: Mapping[str, Any]) -> Settings:
    """A copy with some public settings changed. Raises `Invalid` with a problem for each that does not fit."""
    public = {f"{part}.{name}" for part, name, _ in _each()}
    document = settings.model_dump()
    found = []
    for key, value in values.items():
        part, _, name = key.partition(".")
        if key not in public:
            found.append(Problem(shown(key), N_("There is no setting “%(key)s”."), {"key": shown(key)}))
        elif is_fixed(settings, key) and value != document[part][name]:
            found.append(Problem(key, N_("This cannot change any more: people's addresses hang on it."), {}))
        else:
            document[part][name] = value
    try:
        changed = Settings.model_validate(document)
    except ValidationError as error:
        found += problems_of(error)
    if found:
        raise Invalid(N_("The settings were not changed."), tuple(found))
    return changed
