"""Who is signed in: a cookie with the user's id and stamp, checked on every request."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

import flask_login
import structlog
from flask import Response, abort, g, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from flask_login import LoginManager, current_user, login_user, logout_user
from flask_wtf import CSRFProtect
from itsdangerous import SignatureExpired, TimestampSigner
from sqlalchemy.exc import OperationalError

from trackflow_web.domain.audit import SecurityEvent, note_if_committed
from trackflow_web.domain.people import actions, queries
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, set_writing
from trackflow_web.kernel.events import take_recorded
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user, is_write
from trackflow_web.web.limits import limit_body, limit_searches
from trackflow_web.web.urls import current_page

if TYPE_CHECKING:
    from flask import Flask
    from itsdangerous import URLSafeTimedSerializer
    from werkzeug.wrappers import Response as BaseResponse

log = structlog.get_logger()

View = TypeVar("View", bound=Callable[..., Any])

# Password given at most so long ago for what changes other people's accounts; seconds.
CONFIRMATION_LASTS = 10 * 60
# A GET that only notes today's visit gives way to whoever holds the database.
PATIENCE_FOR_A_VISIT = 0.25

# The last lets the database go while it asks Spotify, and would lose the visit.
NO_VISIT = frozenset(
    {
        None,
        "static",
        "people.login",
        "people.logout",
        "health.check",
        "metrics.show",
        "connections.callback",
    }
)
# Ids that both databases can compare.
USER_ID = re.compile(r"[0-9]{1,18}", re.ASCII)

login_manager = LoginManager()
csrf = CSRFProtect()


class SignedIn:
    """What Flask-Login keeps of a user: the id and stamp that stand in the cookie."""

    is_active = True
    is_authenticated = True
    is_anonymous = False

    def __init__(self, user: User) -> None:
        self.user = user

    def __getattr__(self, name: str) -> object:
        """The rest is the user's."""
        return getattr(self.user, name)

    def get_id(self) -> str:
        """What the cookie says; a new stamp makes it nobody's."""
        return f"{self.user.id}:{self.user.session_stamp}"


class PatientSigner(TimestampSigner):
    """Takes a cookie that a clock ahead of this one has signed.

    Clocks are set back, and two servers never agree to the second: who signed in on one would be a
    stranger to the other.
    """

    def unsign(  # type: ignore[override]  # one signature for its overloads
        self, signed_value: str | bytes, max_age: int | None = None, **how: bool
    ) -> Any:  # noqa: ANN401 -- with its time or without
        """As every signer does; only what is too old has expired."""
        try:
            return super().unsign(signed_value, max_age, **how)  # type: ignore[call-overload]
        except SignatureExpired as refusal:
            signed = refusal.date_signed
            if signed is None or signed.timestamp() <= self.get_timestamp():
                raise
            return super().unsign(signed_value, None, **how)  # type: ignore[call-overload]


class Sessions(SecureCookieSessionInterface):
    """Flask's sessions, with that signer."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """What signs and opens the cookies of an application."""
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.signer = PatientSigner
        return serializer


def init_app(app: Flask) -> None:
    """Give an application its sessions and its protection against forged forms."""
    app.session_interface = Sessions()
    app.before_request(begin_unit_of_work)
    app.before_request(limit_body)
    csrf.init_app(app)
    login_manager.init_app(app)
    login_manager.session_protection = None  # addresses of phones change; the stamp decides
    app.before_request(refuse_other_sites)
    app.before_request(note_visit)
    app.before_request(limit_page_searches)
    app.after_request(keep_private)


@login_manager.user_loader  # type: ignore[untyped-decorator]
def load(cookie: str) -> SignedIn | None:
    """Who a cookie belongs to; None when its stamp is not the user's any more."""
    user_id, _, stamp = cookie.partition(":")
    if not USER_ID.fullmatch(user_id):
        return None
    user = queries.find_by_stamp(int(user_id), stamp)
    return None if user is None else SignedIn(user)


@login_manager.unauthorized_handler  # type: ignore[untyped-decorator]
def send_to_sign_in() -> BaseResponse:
    """Send who is not signed in to the form, and afterwards back."""
    address = url_for("people.login", next=current_page())
    if htmx.is_htmx():
        return Response(status=401, headers={"HX-Redirect": address})
    return htmx.redirect_after_post(address)


def login_required(view: View) -> View:
    """Let only who is signed in reach a view; Flask-Login's, with a type."""
    return cast("View", flask_login.login_required(view))


def sign_in(user: User, *, remember: bool) -> None:
    """Start a fresh session for the user; nothing of an earlier one stays."""
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
    logout_user()
    session.clear()


def forget_session() -> None:
    """End this session alone: the account that it belonged to is gone."""
    logout_user()
    session.clear()


def note_confirmation() -> None:
    """Remember that the password was given just now."""
    session["confirmed_at"] = clock.now().timestamp()


def recently_confirmed() -> bool:
    """Whether the password was given within the last ten minutes."""
    age = clock.now().timestamp() - float(session.get("confirmed_at", 0))
    recently = 0 <= age <= CONFIRMATION_LASTS
    if not recently:
        g.administrator_acts = False  # who is asked for it first has done nothing yet
    return recently


def ask_nobody() -> None:
    """Let the rest of the request be a stranger's, unless it is known already whose it is.

    Every template is offered the signed-in user, and finding out is a question to the database: one
    that a page about a database without answers must not ask.
    """
    if "_login_user" not in g:
        g._login_user = login_manager.anonymous_user()  # noqa: SLF001 -- where Flask-Login keeps it


def begin_unit_of_work() -> None:
    """Say whether the request writes, before anything else asks the database.

    The transaction that loads the signed-in user is the one that the action changes things in.
    """
    set_writing(writing=is_write())


def refuse_other_sites() -> None:
    """A second wall behind the token: browsers say when a form comes from another site."""
    foreign = request.headers.get("Sec-Fetch-Site") == "cross-site"
    if foreign and is_write():
        abort(403)


def note_visit() -> None:
    """Note the first request of a user's local day; a visit, not a password, keeps a streak."""
    if request.endpoint in NO_VISIT:
        return
    if "_user_id" not in session or request.headers.get("Authorization"):
        return
    if current_user.is_authenticated and actions.visit_is_due(get_current_user()):
        _record_visit()


def _record_visit() -> None:
    if is_write():  # its unit of work is a writing one already
        actions.record_visit(get_current_user())
        return
    db.session.rollback()
    set_writing(writing=True, patience=PATIENCE_FOR_A_VISIT)
    try:
        actions.record_visit(get_current_user())
    except OperationalError:
        # Somebody holds the database; the page is more urgent, and the next request notes it.
        log.warning("visit_not_noted", exc_info=True)
        take_recorded()
        db.session.rollback()
        set_writing(writing=False)


def limit_page_searches() -> None:
    """Limit how often the user of a page searches; the API does after it has identified its own."""
    if request.endpoint in NO_VISIT or request.blueprint == "api":
        return
    if request.args.get("q") and current_user.is_authenticated:
        limit_searches()


def keep_private(response: Response) -> Response:
    """Let no cache keep a page: a stranger's has the token of a session in its forms, too."""
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
