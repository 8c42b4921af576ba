"""Errors as the API answers them (`docs/api.md`, Errors)."""

from typing import Any

from pydantic import ValidationError

from appliance.model import ParlorError
from appliance.settings import N_, Problem, shown

_BUILTIN = {  # pydantic's own checks, in words a person can use
    "greater_than_equal": N_("This must be at least %(ge)s."),
    "less_than_equal": N_("This must be at most %(le)s."),
    "int_parsing": N_("This must be a whole number."),
    "int_type": N_("This must be a whole number."),
    "int_from_float": N_("This must be a whole number."),
    "bool_parsing": N_("This must be yes or no."),
    "bool_type": N_("This must be yes or no."),
    "string_type": N_("This must be a text."),
    "enum": N_("Choose one of: %(expected)s."),
    "literal_error": N_("Choose one of: %(expected)s."),
    "missing": N_("This is missing."),
    "extra_forbidden": N_("There is no such setting."),
    "too_long": N_("These are too many."),
    "string_too_long": N_("This is too long."),
    "string_too_short": N_("This is missing."),
}


def error_document(error: ParlorError) -> dict[str, Any]:
    """The body of an error answer."""
    return {
        "code": error.code,
        "message": str(error),
        "template": error.template,
        "params": error.params,
        "problems": [problem_document(problem) for problem in error.problems],
    }


def problem_document(problem: Problem) -> dict[str, Any]:
    """One problem of one field."""
    return {"key": problem.key, "message": problem.message, "template": problem.template, "params": problem.params}


def problem_of(key: str, error: ValueError) -> Problem:
    """What a rule of the settings (`person_name` and its like) said of the value of `key`."""
    context: dict[str, Any] = getattr(error, "context", None) or {}
    return Problem(key, context.get("template", str(error)), context.get("params", {}))


def problems_of(error: ValidationError) -> tuple[Problem, ...]:
    """Pydantic's findings as problems: our own texts as they are, its own checks in plain words."""
    return tuple(_problem(finding) for finding in error.errors(include_url=False, include_input=False))


def _problem(finding: Any) -> Problem:
    key = ".".join(shown(str(part)) for part in finding["loc"])
    context: dict[str, Any] = finding.get("ctx", {})
    if finding["type"] == "parlor":
        return Problem(key, context["template"], context["params"])
    params = {name: value if isinstance(value, int | float) else str(value) for name, value in context.items()}
    return Problem(key, _BUILTIN.get(finding["type"], N_("This value does not fit.")), params)
