"""One file a page: each module here declares `page`. A new file is a new page."""

import importlib
import pkgutil

from web_setup.page import Page


def load() -> tuple[Page, ...]:
    """Every module's `page`, by name of module."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(importlib.import_module(f"{__name__}.{name}").page for name in names)
