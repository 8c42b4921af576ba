"""Templates of the formats that have no serialiser: nginx, libconfig (Janus's jcfg), nftables and HTML.

Every expression of a template goes through the quoting of its format by itself; there is no filter to
forget. What a format cannot express is refused with `ValueError`, so no value breaks out of its place.
"""

import ipaddress
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import escape

FOLDER = Path(__file__).parent / "services" / "templates"

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

Quote = Callable[[object], str]


def quote_nginx(value: object) -> str:
    r"""A literal in nginx.conf. `$` starts a variable there and cannot be escaped; `~` and `*` start patterns."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int):
        return str(value)
    text = _printable(value)
    if "$" in text or text.startswith("~") or "*" in text:
        raise ValueError(f"nginx cannot say {text!r}")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def quote_jcfg(value: object) -> str:
    r"""A libconfig scalar (manual of libconfig, 3.5); `@include` only counts outside of strings."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return '"' + _printable(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def quote_nft(value: object) -> str:
    """A string, number or network in an nftables ruleset; its strings have no escapes (nft(8), lexical conventions)."""
    if isinstance(value, (ipaddress.IPv4Network, ipaddress.IPv6Network)):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    text = _printable(value)
    if '"' in text or "\\" in text or "*" in text or len(text.encode()) > 120:
        raise ValueError(f"nft cannot say {text!r}")
    return f'"{text}"'


def quote_html(value: object) -> str:
    """Text or a quoted attribute of HTML."""
    return str(escape(_printable(value)))


def _printable(value: object) -> str:
    if isinstance(value, StrictUndefined):
        str(value)  # raises, and names it
    if not isinstance(value, str):
        raise TypeError(f"no template takes a {type(value).__name__}")
    if _CONTROL.search(value):
        raise ValueError(f"a control character in {value!r}")
    return str(value)


_QUOTES: dict[str, Quote] = {".conf": quote_nginx, ".jcfg": quote_jcfg, ".nft": quote_nft, ".html": quote_html}


def fill(name: str, **values: object) -> bytes:
    """The template `name` filled in, UTF-8; the end of its name chooses the quoting.

    Raises `ValueError` for a value the format cannot express, `jinja2.UndefinedError` for a missing one.
    """
    return _environment(Path(name).suffix).get_template(name).render(values).encode()


@cache
def _environment(suffix: str) -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        finalize=_QUOTES[suffix],
        autoescape=False,  # finalize quotes every expression, in each format's own way  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
