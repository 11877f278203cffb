"""Protection against forged requests: a token in every form, and `Sec-Fetch-Site`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, request
from flask_wtf import CSRFProtect
from werkzeug.exceptions import Forbidden

from trackflow_web.web.caller import is_write

if TYPE_CHECKING:
    from flask import Flask

csrf = CSRFProtect()
# A mail program posts to it without a session; its path contains a signed token.
TOKEN_IN_PATH = frozenset({"notifications.unsubscribe"})


def init_app(app: Flask) -> None:
    """Add `csrf_token()` to templates; `hooks.py` lists when tokens are checked."""
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    csrf.init_app(app)


def check_token() -> None:
    """Raise CSRFError when a request that may change something has no valid token."""
    if current_app.config["WTF_CSRF_ENABLED"]:
        csrf.protect()


def check_page_token() -> None:
    """Check the token of a form; the API's is checked once it is known that it uses a cookie."""
    if request.endpoint and request.blueprint != "api" and request.endpoint not in TOKEN_IN_PATH:
        check_token()


def reject_cross_site() -> None:
    """Raise Forbidden for requests that a browser marks as cross-site: a second line of defence."""
    foreign = request.headers.get("Sec-Fetch-Site") == "cross-site"
    if foreign and is_write() and request.endpoint:
        raise Forbidden
