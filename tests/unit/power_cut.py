"""The power goes at one of a program's system calls."""

import os
from collections.abc import Callable, Iterable
from typing import Any

import pytest


class PowerCut(BaseException):
    """Nothing that runs afterwards may mend it."""


def cut_at(number: int, calls: Iterable[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the power go at the call with this number, counted from 1, before it has happened; `calls` are of `os`."""
    count = 0

    def cutting(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            if count == number:
                raise PowerCut
            return real(*arguments, **named)

        return call

    for name in calls:
        monkeypatch.setattr(os, name, cutting(getattr(os, name)))
