"""A page of the portal and who may open it. Every page says so; `guard` enforces it in one place."""

from enum import StrEnum

from flask import Blueprint


class Access(StrEnum):
    """Who may open a page. The core checks again whatever the page then asks of it."""

    OPEN = "open"  # everybody, on a box with or without an owner
    CLAIM = "claim"  # everybody, while the box has no owner
    SETUP = "setup"  # whoever entered the claim code
    ANYONE = "anyone"  # everybody, once the box has an owner
    PERSON = "person"  # who is logged in
    ADMIN = "admin"  # an admin who is logged in


class Page(Blueprint):
    """A blueprint with a guard: `name` is the module's own last name."""

    def __init__(self, module: str, access: Access, path: str | None = None) -> None:
        super().__init__(module.rpartition(".")[2], module, url_prefix=path)
        self.access = access
