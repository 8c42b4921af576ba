"""A setup, from the wizard or from a provisioning file; the draft; the public settings."""

from pathlib import Path
from typing import Any

import pytest

from appliance import fields, setup
from appliance.core.draft import Draft
from appliance.model import Invalid
from appliance.settings import Domain, DomainKind, Settings

GOOD: dict[str, Any] = {
    "box": {"name": "parlor", "language": "es"},
    "domain": {"kind": "own", "name": "example.org"},
    "admin": {"name": "ann", "password": "correct horse"},
    "people": ["bob"],
}


def keys(document: object) -> list[str]:
    with pytest.raises(Invalid) as caught:
        setup.parse(document)
    return [problem.key for problem in caught.value.problems]


def test_a_setup_becomes_an_unclaimed_document() -> None:
    document = setup.settings_of(setup.parse(GOOD), Settings())
    assert document.domain.name == "example.org"
    assert document.people.admins == ("ann",)
    assert not document.claimed


def test_in_the_house_the_box_is_the_domain() -> None:
    house = GOOD | {"domain": {"kind": "house"}}
    assert setup.settings_of(setup.parse(house), Settings()).domain.name == "parlor.local"


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"domain": {"kind": "own", "name": "nonsense"}}, "domain.name"),
        ({"domain": {"kind": "own", "name": ""}}, "domain.name"),
        ({"domain": {"kind": "own"}}, "domain.name"),
        ({"domain": {"kind": "moon"}}, "domain.kind"),
        ({"domain": 7}, "domain"),
        ({"box": {"name": "My Box"}}, "box.name"),
        ({"box": {"name": "x", "language": "tlh"}}, "box.language"),
        ({"admin": {"name": "Ann", "password": "correct horse"}}, "admin.name"),
        ({"admin": {"name": "ann", "password": "short"}}, "admin.password"),
        ({"admin": {"name": "root"}}, "admin.name"),
        ({"people": ["bob", "bob"]}, "people.1"),
        ({"people": ["ann"]}, "people.0"),
        ({"people": [f"p{i}" for i in range(51)]}, "people"),
        ({"people": "bob"}, "people"),
        ({"settings": {"files.max_mb": 0}}, "files.max_mb"),
        ({"settings": {"secrets.turn": "x"}}, "secrets.turn"),
        ({"settings": {"people.admins": ["eve"]}}, "people.admins"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, Any], key: str) -> None:
    assert keys(GOOD | change) == [key]


@pytest.mark.parametrize("document", [None, [], "x", 7, {}])
def test_what_is_no_setup_is_refused(document: object) -> None:
    assert keys(document)


def test_all_problems_are_named_at_once() -> None:
    assert set(keys({"domain": {"kind": "own", "name": "x"}, "admin": {"name": "A"}, "people": ["B"]})) == {
        "admin.name",
        "people.0",
        "domain.name",
    }


def test_a_refused_password_is_not_repeated() -> None:
    with pytest.raises(Invalid) as caught:
        setup.parse(GOOD | {"admin": {"name": "ann", "password": "s3cr3t"}})
    assert "s3cr3t" not in repr(caught.value) + repr(caught.value.problems)


@pytest.mark.parametrize(("file", "words"), [(b"[admin\n", "line 1"), (b"\xff", "UTF-8"), (b"", "another look")])
def test_a_broken_provisioning_file_says_where(file: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        setup.parse_toml(file)


def test_a_provisioning_file_has_the_shape_of_a_setup() -> None:
    parsed = setup.parse_toml(
        b'people = ["bob"]\n[domain]\nkind = "own"\nname = "example.org"\n'
        b'[admin]\nname = "ann"\n[settings]\n"files.max_mb" = 50\n'
    )
    assert parsed.admin.password is None
    assert setup.settings_of(parsed, Settings()).files.max_mb == 50


def test_a_draft_keeps_wrong_values_and_names_them(tmp_path: Path) -> None:
    draft = Draft(tmp_path / "draft.json")
    answer = draft.update({"admin": {"name": "Ann Smith"}})
    assert [problem["key"] for problem in answer["problems"]] == ["admin.name"]
    assert Draft(tmp_path / "draft.json").document == {"admin": {"name": "Ann Smith"}}


def test_a_draft_holds_no_password(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        Draft(tmp_path / "draft.json").update({"admin": {"name": "ann", "password": "correct horse"}})


def test_every_public_setting_has_words_and_secrets_are_not_among_them() -> None:
    described = fields.describe(Settings())
    assert all(field["label"] and field["help"] for field in described)
    assert not [field["key"] for field in described if "secret" in field["key"] or "claimed" in field["key"]]
    limits = {field["key"]: (field["type"], field["minimum"], field["maximum"]) for field in described}
    assert limits["files.max_mb"] == ("integer", 1, 2000)
    assert limits["network.federation"][0] == "switch"


def test_addresses_of_people_are_fixed_once_there_are_some() -> None:
    claimed = Settings(claimed=True, domain=Domain(kind=DomainKind.OWN, name="example.org"))
    with pytest.raises(Invalid):
        fields.with_values(claimed, {"domain.name": "example.com"})
    assert fields.with_values(claimed, {"box.name": "kitchen"}).box.name == "kitchen"
    house = Settings(claimed=True, domain=Domain(kind=DomainKind.HOUSE, name="parlor.local"))
    with pytest.raises(Invalid):
        fields.with_values(house, {"box.name": "kitchen"})


def test_settings_change_all_or_none() -> None:
    with pytest.raises(Invalid) as caught:
        fields.with_values(Settings(), {"files.max_mb": 50, "files.quota_mb": "much", "x\n.y": 1})
    assert [problem.key for problem in caught.value.problems] == ["x\ufffd.y", "files.quota_mb"]
    assert all(problem.message.isprintable() for problem in caught.value.problems)
