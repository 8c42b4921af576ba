"""Passwords as SCRAM takes them: SASLprep (RFC 4013), which XMPP servers apply before they hash."""

import stringprep
import unicodedata
from collections.abc import Callable

_PROHIBITED: tuple[Callable[[str], bool], ...] = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
    stringprep.in_table_a1,  # characters younger than Unicode 3.2, such as emoji
)


def unusable(password: str) -> str | None:
    """The first character that no password can hold; None when all can stand.

    Text that mixes directions against RFC 3454, section 6, gives its first right-to-left character.
    """
    mapped = "".join(" " if stringprep.in_table_c12(c) else c for c in password if not stringprep.in_table_b1(c))
    prepared = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)
    for character in prepared:
        if any(table(character) for table in _PROHIBITED):
            return character
    return _astray(prepared)


def _astray(text: str) -> str | None:
    right_to_left = [c for c in text if stringprep.in_table_d1(c)]
    if not right_to_left:
        return None
    mixed = any(stringprep.in_table_d2(c) for c in text)
    embraced = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    return None if embraced and not mixed else right_to_left[0]
