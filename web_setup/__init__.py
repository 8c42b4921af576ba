"""The setup wizard and the admin portal: a Flask application, a client of the core's local API.

It owns no state but the browser's signed session; whatever it shows or changes goes through
`docs/api.md`. Run by gunicorn behind nginx, which ends TLS and overwrites the X-Forwarded headers.
"""

from datetime import timedelta
from pathlib import Path

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from web_setup import assets, config, errors, guard, headers, languages, pages, templating

# The core takes 256 KiB of JSON; what is longer is refused here with a page that says so.
LARGEST_FORM_BYTES = 200_000


def create_app(config_path: Path = config.PATH, translations: Path | None = None) -> Flask:
    """The WSGI application. `translations` names another folder of compiled catalogues (tests)."""
    settings = config.load(config_path)
    app = Flask(__name__)
    app.config.update(
        PARLOR=settings,
        SECRET_KEY=settings.secret_key,
        # __Host-: the browser itself refuses the cookie from another host, over HTTP or for a part of the site.
        SESSION_COOKIE_NAME="__Host-parlor",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        # Lax, not Strict: a link in a chat or a mail finds its reader logged in. Nothing changes on a GET,
        # and every POST carries a CSRF token besides.
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=14),
        MAX_CONTENT_LENGTH=LARGEST_FORM_BYTES,
        # A form may stay open for a day; its token lives as long as the session.
        WTF_CSRF_TIME_LIMIT=None,
        # No page sends a Referer (an invitation's token would stand in it), so none can be checked.
        WTF_CSRF_SSL_STRICT=False,
    )
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    CSRFProtect(app)
    languages.install(app, translations)
    assets.install(app)
    templating.install(app)
    headers.install(app)
    errors.install(app)
    guard.install(app)
    for page in pages.load():
        app.register_blueprint(page)
    return app
