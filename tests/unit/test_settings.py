"""The settings document: names, limits, and hostile values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from appliance import settings
from appliance.settings import Domain, DomainKind, Settings

HOSTILE = [
    "",
    "Ann",
    "ann smith",
    "аnn",  # Cyrillic а
    'ann"',
    "ann'",
    "ann\nbob",
    "ann\r",
    "ann\x00",
    "-ann",
    "ann.",
    "a" * 65,
    "a" * 65536,
    "ann@example.org",
    "ann/phone",
    "{ann}",
    "$(reboot)",
    "\u202enna",
    "ann;drop",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_strange_name_is_refused_in_one_printable_line(name: str) -> None:
    with pytest.raises(ValueError) as caught:
        settings.person_name(name)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 200


@pytest.mark.parametrize("name", ["ann", "a", "ann.smith", "ann_2", "7of9", "a" * 64])
def test_a_plain_name_is_taken(name: str) -> None:
    assert settings.person_name(name) == name


def test_the_message_names_the_sign_that_cannot_stand() -> None:
    with pytest.raises(ValueError, match="not “é”"):
        settings.person_name("andré")


@pytest.mark.parametrize(
    "domain",
    [
        "",
        "example",
        "example.",
        ".org",
        "exa mple.org",
        "example..org",
        "-a.org",
        "a-.org",
        "192.168.1.1",
        "exаmple.org",
        "https://example.org",
        "example.org/x",
        "ann@example.org",
        "a\n.org",
        "x" * 64 + ".org",
        ("x" * 60 + ".") * 4 + "org",
    ],
)
def test_what_is_no_domain_is_refused(domain: str) -> None:
    with pytest.raises(ValueError):
        settings.domain_name(domain)


@pytest.mark.parametrize(
    "domain", ["example.org", "chat.example.co.uk", "xn--mnchen-3ya.example", "a.de", "my-box.home.arpa"]
)
def test_a_domain_is_taken(domain: str) -> None:
    assert settings.domain_name(domain) == domain


@pytest.mark.parametrize(
    "secret", ["quo\"te's", "co:lon:co:lon", "{bra{ces}}", "☺☎✈ ☺☎✈ ☺", "пароль-длинный", "        x"]
)
def test_odd_passwords_are_welcome(secret: str) -> None:
    assert settings.password(secret) == secret


@pytest.mark.parametrize(
    "secret", ["", "short", "with\nbreak", "tab\tinside", "x" * 129, "nul\x00nulnul", "\ud800" * 8]
)
def test_impossible_passwords_are_refused(secret: str) -> None:
    with pytest.raises(ValueError):
        settings.password(secret)


def test_a_younger_emoji_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="🦊"):
        settings.password("correct 🦊 horse")


@given(st.text(max_size=300))
def test_every_text_is_either_a_name_or_refused_with_words(text: str) -> None:
    for rule in (settings.person_name, settings.box_name, settings.domain_name, settings.password):
        try:
            assert rule(text) == text
        except ValueError as error:
            assert str(error).isprintable()


def test_the_document_is_frozen_and_knows_its_fields() -> None:
    document = Settings()
    with pytest.raises(ValidationError):
        setattr(document, "claimed", True)  # noqa: B010 (as a type checker would not let us)
    with pytest.raises(ValidationError):
        Settings.model_validate({"colour": "red"})


def test_hosts_stand_below_the_domain() -> None:
    document = Settings(domain=Domain(kind=DomainKind.OWN, name="example.org"))
    assert tuple(document.hosts) == ("example.org", "groups.example.org", "upload.example.org", "proxy.example.org")


def test_in_the_house_the_upload_host_has_two_labels() -> None:
    document = Settings(domain=Domain(kind=DomainKind.HOUSE, name="parlor.local"))
    assert document.hosts.upload == "upload-parlor.local"


def test_secrets_do_not_show() -> None:
    document = Settings.model_validate({"secrets": {"portal": "deadbeef"}})
    assert "deadbeef" not in repr(document) + str(document) + document.model_dump_json()
