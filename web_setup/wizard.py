"""The wizard's order of steps, and its draft, which the core keeps.

A reload, a closed tab or another browser finds the answers where they were: nothing but the session
is in this one.
"""

from dataclasses import dataclass
from typing import Any

from flask import abort, redirect, url_for
from werkzeug.wrappers import Response

from appliance.model import Invalid
from appliance.settings import N_, Problem
from web_setup import feedback, visitor
from web_setup.feedback import Feedback


@dataclass(frozen=True)
class Step:
    """One page of the wizard: its endpoint's blueprint, its name, and the keys it asks for."""

    name: str
    title: str
    keys: tuple[str, ...]


STEPS = (
    Step("setup_language", N_("Language"), ("box.language",)),
    Step("setup_name", N_("Name"), ("box",)),
    Step("setup_domain", N_("Domain"), ("domain",)),
    Step("setup_you", N_("You"), ("admin.name",)),
    Step("setup_people", N_("People"), ("people",)),
    Step("setup_review", N_("Check"), ("admin",)),
)


@dataclass(frozen=True)
class Draft:
    """What was typed so far; empty where nothing was."""

    language: str
    box_name: str
    domain_kind: str
    domain_name: str
    admin_name: str
    people: tuple[str, ...]
    people_seen: bool

    @property
    def domain(self) -> str:
        """The domain that these answers give."""
        return self.domain_name if self.domain_kind == "own" else f"{self.box_name}.local"

    def document(self, password: str) -> dict[str, Any]:
        """SETUP of `docs/api.md`."""
        domain = {"kind": "own", "name": self.domain_name} if self.domain_kind == "own" else {"kind": "house"}
        return {
            "box": {"name": self.box_name, "language": self.language},
            "domain": domain,
            "admin": {"name": self.admin_name, "password": password},
            "people": list(self.people),
        }


def draft_of(document: dict[str, Any]) -> Draft:
    """Read a draft as the core keeps it; any part may be missing."""
    box, domain = document.get("box") or {}, document.get("domain") or {}
    return Draft(
        language=box.get("language") or "",
        box_name=box.get("name") or "",
        domain_kind=domain.get("kind") or "",
        domain_name=domain.get("name") or "",
        admin_name=(document.get("admin") or {}).get("name") or "",
        people=tuple(document.get("people") or ()),
        people_seen=document.get("people") is not None,
    )


def state() -> tuple[Draft, dict[str, Any] | None]:
    """The draft and the job that carries it out, if one was started. Raises `LoggedOut` for an outlived claim."""
    answer = visitor.core().call("GET", "/v1/setup")
    return draft_of(answer["draft"]), answer["job"]


def open_draft() -> Draft:
    """The draft for a step's page; while the answers are being carried out, or have been, goes on to there."""
    draft, job = state()
    if job and job["state"] != "failed":
        abort(redirect(url_for("setup_progress.show"), 303))
    return draft


def save(step: Step, part: dict[str, Any]) -> Feedback:
    """Keep one step's answers, right or wrong, and tell what is wrong with them."""
    try:
        answer = visitor.core().call("PUT", "/v1/setup/draft", part)
    except Invalid as error:  # so far out of shape that not even a draft can hold it
        return feedback.of_error(error)
    problems = [Problem(p["key"], p["template"], p["params"]) for p in answer["problems"]]
    return feedback.of_problems(problems, step.keys)


def step(module: str) -> Step:
    """The step that a page's module serves."""
    return next(step for step in STEPS if step.name == module.rpartition(".")[2])


def step_of(key: str) -> Step:
    """Where a problem is corrected: the first step that asks for its key."""
    return next((step for step in STEPS if key.startswith(step.keys)), STEPS[-1])


def next_of(current: Step) -> Response:
    """On to the step after this one."""
    return redirect(url_for(f"{STEPS[STEPS.index(current) + 1].name}.show"), 303)


def resume(draft: Draft) -> Response:
    """To the first step that was not answered yet."""
    answered = (draft.language, draft.box_name, draft.domain_kind, draft.admin_name, draft.people_seen)
    step = next((step for step, given in zip(STEPS, answered, strict=False) if not given), STEPS[-1])
    return redirect(url_for(f"{step.name}.show"), 303)
