"""Who asks: the cookie of a session or the token of a program, and what they may do.

Either kind decides alone. Where an Authorization header stands the cookie is not looked at, because
a program's request carries no proof that it was not forged in somebody's browser.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, cast

from flask import current_app, g, request, session
from flask_login import current_user
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from trackflow_web.api.core import bodies
from trackflow_web.domain.people import actions, queries
from trackflow_web.domain.people.models import Scope, User
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import set_writing
from trackflow_web.kernel.errors import Forbidden, NotFound
from trackflow_web.kernel.security_log import SecurityEvent

if TYPE_CHECKING:
    from trackflow_web.kernel.rate_limits import Recent

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
PUBLIC = frozenset({"api.openapi_document"})
# Who may not use these is not told that they are there, so the view speaks first.
HIDDEN = frozenset(
    {
        "api.check_achievements",
        "api.cancel_recheck",
        "api.revoke_achievement",
        "api.restore_achievement",
    }
)
# As the pages have it: the password given at most so long ago; seconds.
CONFIRMATION_LASTS = 10 * 60
# Noting that a token was used gives way to whoever holds the database; seconds.
PATIENCE_FOR_A_NOTE = 0.25

SIGN_IN = "Sign in, or send a token: Authorization: Bearer tf_..."
NO_SUCH_TOKEN = "This token is not valid: unknown, revoked or ended."  # noqa: S105 -- a sentence
ONLY_READS = "This token may only read."
TOO_MANY_SEARCHES = "Too many searches at once. Wait a second and ask again."
CONFIRM_FIRST = "Confirm your password first: it must have been given in the last ten minutes."


@dataclass(frozen=True)
class Caller:
    """Who asks; `scope` is that of their token, None for a session."""

    user: User
    scope: Scope | None

    @property
    def may_write(self) -> bool:
        """Whether this may change anything."""
        return self.scope is not Scope.READ


def admit() -> None:
    """Before every view: find out who asks, and refuse what they may not send."""
    if request.endpoint in PUBLIC:
        return
    writes = request.method not in SAFE_METHODS
    g.caller = _by_token(writes=writes) if _sent_credentials() else _by_cookie()
    if request.args.get("q"):
        searches: Recent = current_app.extensions["trackflow.searches"]
        searches.enforce(str(me().id), TOO_MANY_SEARCHES)
    if not writes:
        return
    if not _caller().may_write and request.endpoint not in HIDDEN:
        raise Forbidden(ONLY_READS)
    if not _sent_credentials() and current_app.config["WTF_CSRF_ENABLED"]:
        current_app.extensions["csrf"].protect()
    bodies.read()


def me() -> User:
    """Who asks."""
    return _caller().user


def admin_or_404(*, reads: bool = False) -> User:
    """The administrator who asks; for everybody else, reading tokens included, it is not there.

    A session must have seen the password just now. Neither holds where something is only read.
    Raises NotFound, Forbidden.
    """
    caller = _caller()
    if not (caller.user.is_admin and (reads or caller.may_write)):
        g.refused_as = SecurityEvent.NOT_ALLOWED
        raise NotFound
    if not reads and caller.scope is None and not _recently_confirmed():
        raise Forbidden(CONFIRM_FIRST)
    g.administrator_acts = request.method not in SAFE_METHODS
    return caller.user


def _caller() -> Caller:
    return cast("Caller", g.caller)


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


def _recently_confirmed() -> bool:
    age = clock.now().timestamp() - float(session.get("confirmed_at", 0))
    return 0 <= age <= CONFIRMATION_LASTS
