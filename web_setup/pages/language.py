"""The visitor's own language, kept in a cookie."""

from flask import redirect, request
from werkzeug.wrappers import Response

from web_setup import forms, languages
from web_setup.page import Access, Page

page = Page(__name__, Access.OPEN, "/language")


@page.post("")
def choose() -> Response:
    """Remember the language and go back to the page."""
    answer = redirect(forms.path_on_this_site(request.form.get("next", "")), 303)
    languages.remember(answer, forms.text("language"))
    return answer
