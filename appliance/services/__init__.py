"""One file a managed service. A new file here is a new service: nothing else needs to know."""

import importlib
import pkgutil

from appliance.model import Service


def load() -> tuple[Service, ...]:
    """Every module's `SERVICE`, by name of module."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(importlib.import_module(f"{__name__}.{name}").SERVICE for name in names)
