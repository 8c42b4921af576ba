"""Quoting: no value leaves its place, and what a format cannot say is refused."""

import re
from ipaddress import IPv4Network

import pytest
from jinja2 import UndefinedError

from appliance import templates
from appliance.templates import Quote, quote_html, quote_jcfg, quote_nft, quote_nginx
from tests.unit.services.samples import HOSTILE

QUOTED = re.compile(r'"(?:[^"\\]|\\["\\])*"')


@pytest.mark.parametrize("quote", [quote_nginx, quote_jcfg, quote_nft])
@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value)[:20])
def test_a_hostile_value_stays_one_string_or_is_refused(quote: Quote, value: str) -> None:
    try:
        quoted = quote(value)
    except ValueError:
        return
    assert QUOTED.fullmatch(quoted)
    assert quoted[1:-1].replace('\\"', '"').replace("\\\\", "\\") == value
    assert all(c.isprintable() for c in quoted)


@pytest.mark.parametrize("value", ["$host", "~^.*$", "*.example.org", "a\nb", "\u2028"])
def test_nginx_refuses_what_it_would_interpret(value: str) -> None:
    with pytest.raises(ValueError):
        quote_nginx(value)


@pytest.mark.parametrize("value", ['"', "\\", "eth*", "\n", "x" * 121])
def test_nft_refuses_what_its_strings_cannot_hold(value: str) -> None:
    with pytest.raises(ValueError):
        quote_nft(value)


def test_html_text_cannot_become_a_tag() -> None:
    assert quote_html("<script>'\"&") == "&lt;script&gt;&#39;&#34;&amp;"


def test_scalars_take_the_formats_own_form() -> None:
    assert (quote_jcfg(True), quote_nginx(True), quote_jcfg(7), quote_nft(7)) == ("true", "on", "7", "7")
    assert quote_nft(IPv4Network("192.0.2.0/24")) == "192.0.2.0/24"


@pytest.mark.parametrize("value", [None, 1.5, b"bytes", ["list"]])
def test_other_types_are_a_mistake(value: object) -> None:
    for quote in (quote_nginx, quote_jcfg, quote_nft, quote_html):
        with pytest.raises(TypeError):
            quote(value)


def test_every_expression_is_quoted_without_asking() -> None:
    rendered = templates.fill("janus.transport.pfunix.jcfg", socket='/run/"; evil')
    assert b'path = "/run/\\"; evil"' in rendered


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        templates.fill("janus.transport.pfunix.jcfg")


def test_no_template_marks_anything_as_safe() -> None:
    for path in templates.FOLDER.iterdir():
        for expression in re.findall(r"\{\{(.*?)\}\}", path.read_text()):
            assert "|" not in expression, f"{path.name}: {expression}"
