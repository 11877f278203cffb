"""Sessions: a cookie with the user's id and stamp, compared with the database on every request."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

import flask_login
from flask import Response, g, session, url_for
from flask_login import LoginManager, login_user, logout_user

from trackflow_web.domain.audit import SecurityEvent, note_if_committed
from trackflow_web.domain.people import actions
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock
from trackflow_web.kernel.errors import NotFound
from trackflow_web.notifications import bell
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user, viewer_id
from trackflow_web.web.cookies import TolerantSessions
from trackflow_web.web.urls import current_page

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response as BaseResponse

View = TypeVar("View", bound=Callable[..., Any])

# Changing other users' accounts requires a password entered at most this long ago; seconds.
CONFIRMATION_LASTS = 10 * 60
# Ids that both databases can compare.
USER_ID = re.compile(r"[0-9]{1,18}", re.ASCII)

login_manager = LoginManager()


class SignedIn:
    """Flask-Login's `current_user`: the user, with the id and stamp of the cookie."""

    is_active = True
    is_authenticated = True
    is_anonymous = False

    def __init__(self, user: User) -> None:
        self.user = user

    def __getattr__(self, name: str) -> object:
        """Return the user's own attribute, for templates."""
        return getattr(self.user, name)

    def get_id(self) -> str:
        """Return what the cookie contains; a new stamp ends every session."""
        return f"{self.user.id}:{self.user.session_stamp}"


def init_app(app: Flask) -> None:
    """Register sessions with an application."""
    app.session_interface = TolerantSessions()
    login_manager.init_app(app)
    login_manager.session_protection = None  # addresses of phones change, so only the stamp counts


def identity_of_cookie() -> tuple[int, str] | None:
    """Return the id and the stamp in the cookie of this request; whether they are valid is open."""
    user_id, _, stamp = str(session.get("_user_id", "")).partition(":")
    return (int(user_id), stamp) if USER_ID.fullmatch(user_id) else None


@login_manager.user_loader  # type: ignore[untyped-decorator]
def load(cookie: str) -> SignedIn | None:
    """Return the user of a cookie; None when its stamp is not the user's any more."""
    user_id, _, stamp = cookie.partition(":")
    if not USER_ID.fullmatch(user_id):
        return None
    found = bell.session_of(int(user_id), stamp)
    if found is None:
        return None
    user, g.bell_version = found
    return SignedIn(user)


@login_manager.unauthorized_handler  # type: ignore[untyped-decorator]
def redirect_to_sign_in() -> BaseResponse:
    """Redirect to the form to sign in, which leads back to the current page."""
    address = url_for("people.login", next=current_page())
    if htmx.is_htmx():
        return Response(status=401, headers={"HX-Redirect": address})
    return htmx.redirect_after_post(address)


def reject_hidden() -> BaseResponse:
    """Ask visitors to sign in at a page that they may not see. Raise NotFound for users.

    A missing page does the same.
    """
    if viewer_id() is not None:
        raise NotFound
    response: BaseResponse = redirect_to_sign_in()
    return response


def login_required(view: View) -> View:
    """Require a session for a view: Flask-Login's decorator, with a type."""
    return cast("View", flask_login.login_required(view))


def sign_in(user: User, *, remember: bool) -> None:
    """Start a new session for the user; nothing of an earlier one is kept."""
    session.clear()
    session.permanent = remember
    login_user(SignedIn(user))
    note_confirmation()
    note_if_committed(SecurityEvent.SIGNED_IN)
    actions.record_visit(user)


def sign_out() -> None:
    """End all of the user's sessions, on every device."""
    note_if_committed(SecurityEvent.SIGNED_OUT)
    actions.sign_out_everywhere(get_current_user())
    forget_session()


def forget_session() -> None:
    """End only this session: its account is deleted."""
    logout_user()
    session.clear()


def note_confirmation() -> None:
    """Record that the password was just confirmed."""
    session["confirmed_at"] = clock.now().timestamp()


def redirect_to_confirmation(next_url: str) -> BaseResponse:
    """Ask to confirm the password, then redirect to a page of this site."""
    return htmx.redirect_after_post(url_for("people.confirm_form", next=next_url))


def recently_confirmed() -> bool:
    """Return whether the password was confirmed within the last ten minutes."""
    age = clock.now().timestamp() - float(session.get("confirmed_at", 0))
    recently = 0 <= age <= CONFIRMATION_LASTS
    if not recently:
        g.administrator_acts = False  # an administrator who must confirm first has changed nothing
    return recently


def assume_anonymous() -> None:
    """Treat the rest of the request as anonymous, unless its user is loaded already.

    Every template is offered the signed-in user, and loading it queries the database: an error page
    about a database that does not respond must not.
    """
    if "_login_user" not in g:
        g._login_user = login_manager.anonymous_user()  # noqa: SLF001 -- where Flask-Login keeps it
