"""Authentication of API requests: the cookie of a session or the token of a program.

Either kind decides alone. Where there is an Authorization header the cookie is ignored, because a
program's request carries no proof that it was not forged in somebody's browser.
"""

from __future__ import annotations

from typing import NoReturn, cast

from flask import current_app, g, request
from flask_login import current_user
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from trackflow_web.api.core import bodies
from trackflow_web.domain.audit import SecurityEvent
from trackflow_web.domain.people import actions, queries
from trackflow_web.domain.people.models import Scope, User
from trackflow_web.kernel.database import set_writing
from trackflow_web.kernel.errors import Forbidden
from trackflow_web.web.caller import Caller, admin_or_404, get_caller, is_write
from trackflow_web.web.limits import limit_searches
from trackflow_web.web.session import recently_confirmed

PUBLIC = frozenset({"api.openapi_document"})
# For a caller who may not use these they do not exist, so the view decides first.
HIDDEN = frozenset(
    {
        "api.check_achievements",
        "api.cancel_recheck",
        "api.revoke_achievement",
        "api.restore_achievement",
    }
)
# Noting that a token was used gives way to whoever holds the database; seconds.
PATIENCE_FOR_A_NOTE = 0.25

SIGN_IN = "Sign in, or send a token: Authorization: Bearer tf_..."
NO_SUCH_TOKEN = "This token is not valid: unknown, revoked or ended."  # noqa: S105 -- a sentence
ONLY_READS = "This token may only read."
CONFIRM_FIRST = "Confirm your password first: it must have been given in the last ten minutes."


def admit() -> None:
    """Before every view: identify the caller, and reject what they may not send."""
    if request.endpoint in PUBLIC:
        return
    writes = is_write()
    g.caller = _by_token(writes=writes) if _sent_credentials() else _by_cookie()
    limit_searches()
    if not writes:
        return
    if not get_caller().may_write and request.endpoint not in HIDDEN:
        raise Forbidden(ONLY_READS)
    if not _sent_credentials() and current_app.config["WTF_CSRF_ENABLED"]:
        current_app.extensions["csrf"].protect()
    bodies.read()


def confirmed_admin_or_404() -> User:
    """Return the administrator who makes the request; a session must have confirmed its password.

    Raises NotFound, Forbidden.
    """
    admin = admin_or_404()
    if get_caller().scope is None and not recently_confirmed():
        raise Forbidden(CONFIRM_FIRST)
    return admin


def _sent_credentials() -> bool:
    return "Authorization" in request.headers


def _by_token(*, writes: bool) -> Caller:
    kind, _, secret = request.headers["Authorization"].partition(" ")
    found = queries.find_token(secret.strip()) if kind.casefold() == "bearer" else None
    if found is None:
        g.refused_as = SecurityEvent.TOKEN_REFUSED
        _refuse(NO_SUCH_TOKEN, error="invalid_token")
    token, user = found
    set_writing(writing=writes, patience=PATIENCE_FOR_A_NOTE)
    actions.note_token_use(token)
    set_writing(writing=writes)
    return Caller(user, Scope(token.scope))


def _by_cookie() -> Caller:
    if not current_user.is_authenticated:
        _refuse(SIGN_IN)
    return Caller(cast("User", current_user.user), scope=None)


def _refuse(detail: str, **parameters: str | None) -> NoReturn:
    challenge = WWWAuthenticate("bearer", {"realm": "TrackFlow", **parameters})
    raise Unauthorized(detail, www_authenticate=challenge)
