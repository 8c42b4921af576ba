"""Asks for the passphrases of private keys: from the environment where a machine releases, else from the person."""

import getpass
import os
import sys
from enum import StrEnum

SHORTEST = 12


class PassphraseError(RuntimeError):
    """There is no passphrase, or none that protects anything; the message says what to do."""


class Role(StrEnum):
    """Which key a passphrase protects."""

    ROOT = "root"
    RELEASE = "release"

    @property
    def variable(self) -> str:
        """The environment variable that holds the passphrase where nobody can be asked."""
        return f"PARLOR_{self.upper()}_PASSPHRASE"


def known(role: Role) -> str:
    """The passphrase of a key that is there already. Raises `PassphraseError` when there is nobody to ask."""
    return os.environ.get(role.variable) or _ask(role, f"Passphrase of the {role} key: ")


def chosen(role: Role) -> str:
    """A passphrase for a new key, asked for twice. Raises `PassphraseError` when it is too short or they differ."""
    given = os.environ.get(role.variable)
    if not given:
        given = _ask(role, f"New passphrase for the {role} key: ")
        if given != _ask(role, "The same once more: "):
            raise PassphraseError("The two passphrases differ; nothing was made.")
    if len(given) < SHORTEST:
        raise PassphraseError(f"A passphrase needs at least {SHORTEST} characters; five random words are a good one.")
    return given


def _ask(role: Role, question: str) -> str:
    if not sys.stdin.isatty():
        raise PassphraseError(f"There is no terminal to ask for the passphrase on: set {role.variable}.")
    return getpass.getpass(question)
