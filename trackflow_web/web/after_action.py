"""The hook at the end of every request: it closes the unit of work and shows what was unlocked.

A finished action is never turned into an error here, streams and files are not touched, and a
request that recorded nothing pays nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from flask import Flask, Response, current_app, g, render_template, request, session
from flask_login import current_user
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from trackflow_web.achievements import toasts
from trackflow_web.kernel import failpoints, transactions
from trackflow_web.kernel.database import db, end_transaction, set_writing
from trackflow_web.kernel.events import dispatch, has_recorded, take_recorded
from trackflow_web.web import errors, htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.session import PATIENCE_FOR_A_VISIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from trackflow_web.achievements.toasts import Toasts
    from trackflow_web.kernel.events import Handler

log = structlog.get_logger()

# As base.html has it: the one place in a full page where toasts stand.
EMPTY_LIST = b'<ol id="toasts" role="status" aria-live="polite"></ol>'
BEFORE_TOASTS, AFTER_TOASTS = EMPTY_LIST[: -len(b"</ol>")], b"</ol>"
WRITTEN = "trackflow.written"
SHOW_WHAT_WAITS = "show_what_waits"
# The last: what this request was about somebody deleted at the same time.
DATABASE_BUSY = (OperationalError, NoConnection, IntegrityError)


def init_app(app: Flask, handlers: Sequence[Handler]) -> None:
    """Let every request of an application end in the hook."""

    @app.after_request
    def end(response: Response) -> Response:
        return end_unit_of_work(response, handlers)

    @app.teardown_request
    def forget(_error: BaseException | None) -> None:
        set_writing(writing=False)
        # The answer is made. That the database went away since it was last asked changes nothing.
        end_transaction()

    app.wsgi_app = TellWhenWritten(app.wsgi_app)  # type: ignore[method-assign]


def show_what_waits() -> None:
    """Let this fragment show what was unlocked elsewhere, as a full page does.

    For one that somebody looks at because of that: the end of a job.
    """
    setattr(g, SHOW_WHAT_WAITS, True)


def end_unit_of_work(response: Response, handlers: Sequence[Handler]) -> Response:
    """Commit action, numbers and awards together; an error answer rolls all of it back."""
    if response.status_code >= errors.FIRST_ERROR:
        take_recorded()
        db.session.rollback()
        return response
    acted = has_recorded()
    try:
        dispatch(handlers)
        claimed = _claim(response) if acted else None
        transactions.commit()
    except DATABASE_BUSY as busy:
        log.exception("commit_failed", path=request.path)
        take_recorded()
        db.session.rollback()
        # By the handlers of errors, because the API tells it in its own way.
        return current_app.make_response(current_app.handle_user_exception(busy))
    if not acted and (_is_full_page(response) or g.get(SHOW_WHAT_WAITS)):
        claimed = _claim_what_waited(response)
    return _show(response, claimed) if claimed and claimed.claimed else response


# --- which answer shows toasts -----------------------------------------------------------------


def _shows_toasts(response: Response) -> bool:
    """Whether a person will see what this answer says, in a page that is there to say it."""
    return (
        response.mimetype == "text/html"
        and 200 <= response.status_code < 300  # noqa: PLR2004 -- HTTP's own numbers
        and response.status_code not in {204, 205}
        and request.method != "HEAD"
        and not response.is_streamed
        and not response.direct_passthrough
        and not {"HX-Redirect", "HX-Location", "HX-Refresh"} & set(response.headers.keys())
        and "prefetch" not in request.headers.get("Sec-Purpose", "")
        # The back button shows what was; it may throw away the part that toasts stand in.
        and request.headers.get("HX-History-Restore-Request") != "true"
        and (htmx.is_htmx() or _is_full_page(response))
        and "_user_id" in session
        and current_user.is_authenticated
    )


def _is_full_page(response: Response) -> bool:
    return (
        response.mimetype == "text/html"
        and not response.is_streamed
        and not response.direct_passthrough
        and EMPTY_LIST in response.get_data()
    )


# --- claiming ----------------------------------------------------------------------------------


def _claim(response: Response) -> Toasts | None:
    """Claim inside the action's own transaction: no second commit is needed."""
    try:
        if not _shows_toasts(response) or (batch := toasts.waiting(get_current_user().id)) is None:
            return None
        with db.session.begin_nested():
            return toasts.reserve(get_current_user().id, get_current_user().toasts, batch=batch)
    except DATABASE_BUSY:
        raise
    except Exception:
        log.exception("toasts_not_claimed")
        return None


def _claim_what_waited(response: Response) -> Toasts | None:
    """Claim what earlier answers could not show. The page is shown, whatever happens here."""
    try:
        if not _shows_toasts(response) or (batch := toasts.waiting(get_current_user().id)) is None:
            return None
        user_id, wanted = get_current_user().id, get_current_user().toasts
        db.session.rollback()
        set_writing(writing=True, patience=PATIENCE_FOR_A_VISIT)
        claimed = toasts.reserve(user_id, wanted, batch=batch)
        transactions.commit()
    except Exception:
        log.exception("toasts_not_claimed")
        db.session.rollback()
        return None
    return claimed


# --- showing -----------------------------------------------------------------------------------


def _show(response: Response, claimed: Toasts) -> Response:
    """Put the toasts into the answer; once it was written, they count as shown."""
    failpoints.point(failpoints.Point.AFTER_CLAIM)
    try:
        items = render_template("partials/_toasts.html", toasts=claimed).encode()
    except Exception:
        log.exception("toasts_not_rendered")
        return response
    body = response.get_data()
    if EMPTY_LIST in body:
        body = body.replace(EMPTY_LIST, BEFORE_TOASTS + items + AFTER_TOASTS, 1)
    else:
        body += b'<ol hx-swap-oob="beforeend:#toasts">' + items + b"</ol>"
    response.set_data(body)
    request.environ.setdefault(WRITTEN, []).append(_confirm_later(claimed.claimed))
    return response


def _confirm_later(award_ids: Sequence[int]) -> Callable[[], None]:
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 -- Flask's way

    def confirm() -> None:
        with app.app_context():
            set_writing(writing=True)
            try:
                toasts.confirm(award_ids)
                transactions.commit()
            except DATABASE_BUSY:
                # The claim runs out and they are shown once more: rather twice than never.
                log.exception("toasts_not_confirmed")
            finally:
                set_writing(writing=False)

    return confirm


class TellWhenWritten:
    """WSGI middleware: calls what waits in the environment once the last byte was taken.

    A client that goes away half way takes no last byte, so what it did not see is shown again.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the application does."""
        answer = self.application(environ, start_response)
        waiting = environ.get(WRITTEN)
        return _Written(answer, waiting) if waiting else answer


class _Written:
    def __init__(self, answer: Iterable[bytes], waiting: list[Callable[[], None]]) -> None:
        self.answer = answer
        self.waiting = waiting

    def __iter__(self) -> Iterator[bytes]:
        yield from self.answer
        failpoints.point(failpoints.Point.AFTER_ANSWER)
        for call in self.waiting:
            call()

    def close(self) -> None:
        close = getattr(self.answer, "close", None)
        if close is not None:
            close()
