"""The portal on a fake core, driven as a browser would: over HTTPS, with cookies and CSRF tokens."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from babel.messages import mofile, pofile
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.unit.web_setup.fake_core import FakeCore
from web_setup import create_app

TRANSLATIONS = Path(__file__).parents[3] / "web_setup" / "translations"


class Browser:
    """A browser: keeps cookies, fills the CSRF token of the last page into forms, follows redirects when told."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()
        self._token = ""

    def get(self, path: str, *, follow: bool = True, language: str = "en", **options: Any) -> TestResponse:
        headers = {"Accept-Language": language} | options.pop("headers", {})
        answer = self.client.get(
            path, base_url="https://parlor.local", follow_redirects=follow, headers=headers, **options
        )
        self._remember(answer)
        return answer

    def post(
        self,
        path: str,
        form: Mapping[str, Any] | None = None,
        *,
        follow: bool = True,
        token: str | None = None,
        **more: Any,
    ) -> TestResponse:
        data = {name.replace("__", "."): value for name, value in {**(form or {}), **more}.items()}
        answer = self.client.post(
            path,
            base_url="https://parlor.local",
            data=data | {"csrf_token": self._token if token is None else token},
            follow_redirects=follow,
        )
        self._remember(answer)
        return answer

    def log_in(self, name: str, password: str) -> TestResponse:
        self.get("/login")
        return self.post("/login", name=name, password=password)

    def claim(self) -> TestResponse:
        self.get("/setup/")
        return self.post("/setup/", code="k7qm-4txp")

    @property
    def csrf_token(self) -> str:
        """The token of the last form seen."""
        return self._token

    @property
    def session_cookie(self) -> str:
        """The signed session as the browser holds it."""
        cookie = self.client.get_cookie("__Host-parlor", "parlor.local")
        return cookie.value if cookie else ""

    def _remember(self, answer: TestResponse) -> None:
        answer.get_data()
        answer.close()  # static files are open until then
        if found := re.search(r'name="csrf_token" value="([^"]+)"', answer.text):
            self._token = found[1]


@pytest.fixture
def core(tmp_path: Path) -> Iterator[FakeCore]:
    with FakeCore(tmp_path / "core.sock") as running:
        yield running


@pytest.fixture(scope="session")
def catalogues(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The translations, compiled as the image's build does it."""
    folder = tmp_path_factory.mktemp("translations")
    for source in TRANSLATIONS.rglob("messages.po"):
        target = folder / source.relative_to(TRANSLATIONS).with_suffix(".mo")
        target.parent.mkdir(parents=True)
        with source.open("rb") as po, target.open("wb") as mo:
            mofile.write_mo(mo, pofile.read_po(po))
    return folder


@pytest.fixture
def app(core: FakeCore, tmp_path: Path, catalogues: Path) -> Flask:
    config = {"secret_key": "5e" * 32, "language": "en", "core_socket": str(core.path)}
    path = tmp_path / "portal.json"
    path.write_text(json.dumps(config))
    return create_app(path, catalogues)


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture
def admin(core: FakeCore, browser: Browser) -> Browser:
    """A browser whose owner runs the box."""
    core.box.claim()
    browser.log_in("ann", "correct horse")
    return browser
