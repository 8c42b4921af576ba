"""What was wrong with a form: shown at the top as a summary, and again under each field."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from appliance.model import ParlorError
from appliance.settings import Problem
from web_setup import languages


@dataclass(frozen=True)
class Feedback:
    """The messages of a form, already in the page's language: one for the whole, one for each field's key."""

    message: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    def of(self, key: str) -> str:
        """What is wrong with one field; empty when it is well."""
        return self.fields.get(key, "")

    @property
    def first(self) -> str:
        """The key of the first wrong field, where the cursor goes."""
        return next(iter(self.fields), "")

    def __bool__(self) -> bool:
        return bool(self.message or self.fields)


def of_problems(problems: Iterable[Problem], prefixes: tuple[str, ...] = ("",)) -> Feedback:
    """The first problem of each field whose key begins with one of the prefixes."""
    fields: dict[str, str] = {}
    for problem in problems:
        if problem.key.startswith(prefixes):
            fields.setdefault(problem.key, languages.of_problem(problem))
    return Feedback(fields=fields)


def of_error(error: ParlorError) -> Feedback:
    """An error of the core as feedback: its problems at their fields, its own sentence above."""
    return Feedback(languages.of_error(error), of_problems(error.problems).fields)
