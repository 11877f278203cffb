"""Authentication of API requests: by session cookie or by access token.

Either is used alone. With an Authorization header the cookie is ignored, because such a request has
no proof that it was not forged in a user's browser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from flask import g, request
from flask_login import current_user
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from trackflow_web.domain.audit import SecurityEvent
from trackflow_web.domain.people import actions, queries
from trackflow_web.domain.people.models import Scope
from trackflow_web.kernel.errors import Forbidden
from trackflow_web.web import csrf, json_body
from trackflow_web.web.caller import Caller, get_caller, is_write

if TYPE_CHECKING:
    from trackflow_web.domain.people.models import AccessToken, User

PUBLIC = frozenset({"api.openapi_document"})
# These return 404 to other callers, so the view decides first.
HIDDEN = frozenset(
    {
        "api.check_achievements",
        "api.cancel_recheck",
        "api.revoke_achievement",
        "api.restore_achievement",
        "api.create_custom_achievement",
        "api.change_custom_achievement",
        "api.preview_custom_achievement",
        "api.revert_custom_achievement",
        "api.retire_custom_achievement",
        "api.grant_custom_achievement",
        "api.undo_grant",
        "api.decide_report",
    }
)

SIGN_IN = "Sign in, or send a token: Authorization: Bearer tf_..."
NO_SUCH_TOKEN = "This token isn't valid: it's unknown, revoked or expired."  # noqa: S105 -- a sentence
ONLY_READS = "This token is read-only."


def authenticate_api() -> None:
    """Set the caller of an API request. Raises Unauthorized."""
    if _is_protected():
        g.caller = _by_token() if _has_credentials() else _by_cookie()


def authorize_api_write() -> None:
    """Check that the caller may write and that no other site writes for them; read the body.

    Raises Forbidden, CSRFError, and what `json_body.read` raises.
    """
    if not _is_protected() or not is_write():
        return
    if not get_caller().may_write and request.endpoint not in HIDDEN:
        raise Forbidden(ONLY_READS)
    if not _has_credentials():
        csrf.check_token()
    json_body.read()


def is_known_writer() -> bool:
    """Return whether the request has a valid session or token that may write; changes nothing."""
    if request.blueprint == "api" and _has_credentials():
        found = _find_token()
        return found is not None and Scope(found[0].scope) is not Scope.READ
    return bool(current_user.is_authenticated)


def _is_protected() -> bool:
    return request.blueprint == "api" and request.endpoint not in PUBLIC


def _has_credentials() -> bool:
    return "Authorization" in request.headers


def _by_token() -> Caller:
    found = _find_token()
    if found is None:
        g.refused_as = SecurityEvent.TOKEN_REFUSED
        _reject(NO_SUCH_TOKEN, error="invalid_token")
    token, user = found
    actions.note_token_use(token)
    return Caller(user, Scope(token.scope))


def _find_token() -> tuple[AccessToken, User] | None:
    kind, _, secret = request.headers["Authorization"].partition(" ")
    return queries.find_token(secret.strip()) if kind.casefold() == "bearer" else None


def _by_cookie() -> Caller:
    if not current_user.is_authenticated:
        _reject(SIGN_IN)
    return Caller(current_user.user, scope=None)


def _reject(detail: str, **parameters: str | None) -> NoReturn:
    challenge = WWWAuthenticate("bearer", {"realm": "TrackFlow", **parameters})
    raise Unauthorized(detail, www_authenticate=challenge)
