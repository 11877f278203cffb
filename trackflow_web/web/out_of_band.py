"""Parts of every page that an action may change: added to the response of the action.

A fragment is declared once (`fragments.py`). In a full page, base.html marks its place with
`out_of_band("toasts")`, which leaves a placeholder; to an htmx response its template is appended as
an out-of-band swap. `after_action.py` calls this module once the changes are known.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from flask import current_app, g, render_template, request, session
from flask_login import current_user
from markupsafe import Markup

from trackflow_web.kernel import failpoints, transactions
from trackflow_web.kernel.database import db
from trackflow_web.web import htmx
from trackflow_web.web.after_response import call_after_response
from trackflow_web.web.caller import get_current_user, is_prefetch
from trackflow_web.web.unit_of_work import DATABASE_BUSY, PATIENCE_OF_A_READ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from flask import Flask, Response

    from trackflow_web.domain.people.models import User
    from trackflow_web.kernel.events import Event

log = structlog.get_logger()

PENDING_WANTED = "out_of_band_pending"
PLACEHOLDERS = "out_of_band_placeholders"


@dataclass(frozen=True)
class Fragment:
    """A part of every page that depends on events of its user.

    `find` cheaply returns what to add after these events (none for a page that was only read), or
    None. `reserve` reserves content that only one response may show, in a writing transaction; it
    returns None if another response was faster. `confirm` is called in a separate transaction after
    the last byte was sent. The template renders `content`; if `is_swap` is true, with the target of
    the htmx swap.
    """

    name: str
    template: str
    find: Callable[[User, Sequence[Event]], Any]
    reserve: Callable[[Any], Any] | None = None
    confirm: Callable[[Any], None] | None = None
    # Whether a response to htmx that followed no event is to be looked at as well.
    is_due: Callable[[], bool] | None = None


@dataclass(frozen=True)
class Addition:
    """A fragment with the content that it has in this response."""

    fragment: Fragment
    content: Any


def init_app(app: Flask) -> None:
    """Add `out_of_band(name)` to templates."""
    app.jinja_env.globals["out_of_band"] = placeholder


def placeholder(name: str) -> Markup:
    """Return the place of a fragment in a full page: filled or removed after the view.

    User input cannot look like it, because templates escape `<`.
    """
    mark = Markup("<!--out-of-band:{}-->").format(name)
    g.setdefault(PLACEHOLDERS, {})[name] = mark
    return mark


def show_pending() -> None:
    """Show pending content in this htmx response, as a full page does.

    For fragments that are requested because of an event, such as the end of a job.
    """
    setattr(g, PENDING_WANTED, True)


def has_place(name: str) -> bool:
    """Return whether the response is a page with a place for this fragment."""
    return name in g.get(PLACEHOLDERS, {})


def is_pending_wanted() -> bool:
    """Return whether the response shows what earlier ones could not show."""
    return PLACEHOLDERS in g or PENDING_WANTED in g


def can_show(response: Response) -> bool:
    """Return whether a user will see content added to the response."""
    return (
        response.mimetype == "text/html"
        and 200 <= response.status_code < 300  # noqa: PLR2004 -- HTTP's own numbers
        and response.status_code not in {204, 205}
        and request.method != "HEAD"
        and _has_body(response)
        and not {"HX-Redirect", "HX-Location", "HX-Refresh"} & set(response.headers.keys())
        and not is_prefetch()
        # The back button shows an old page and may discard where fragments belong.
        and request.headers.get("HX-History-Restore-Request") != "true"
        and (htmx.is_htmx() or PLACEHOLDERS in g)
        and "_user_id" in session
        and current_user.is_authenticated
    )


def _has_body(response: Response) -> bool:
    return not response.is_streamed and not response.direct_passthrough


# --- what to add -------------------------------------------------------------------------------


def collect(fragments: Sequence[Fragment], events: Sequence[Event]) -> list[Addition]:
    """Return what the response to an action shows, reserved in the action's own transaction.

    An error of a fragment is logged and does not undo the action, unless the database is lost.
    """
    additions: list[Addition] = []
    for fragment in fragments:
        with _logged("fragment_not_reserved", fatal=DATABASE_BUSY):
            for addition in _find([fragment], events):
                with db.session.begin_nested() if fragment.reserve else nullcontext():
                    additions += _reserve([addition])
    return additions


def collect_pending(fragments: Sequence[Fragment]) -> list[Addition]:
    """Return content that earlier responses could not show; failures do not affect the page."""
    additions: list[Addition] = []
    with _logged("fragment_not_reserved"):
        found = _find(fragments, ())
        if any(addition.fragment.reserve for addition in found):
            with transactions.unit_of_work((), patience=PATIENCE_OF_A_READ):
                found = _reserve(found)
        additions.extend(found)
    return additions


def collect_for_error(fragments: Sequence[Fragment]) -> list[Addition]:
    """Return what a page with an error still shows: a form with messages has a bell, too."""
    additions: list[Addition] = []
    if PLACEHOLDERS in g and "_user_id" in session and current_user.is_authenticated:
        with _logged("fragment_not_found"), transactions.reading():
            additions += _find([each for each in fragments if each.reserve is None], ())
    return additions


def _find(fragments: Sequence[Fragment], events: Sequence[Event]) -> list[Addition]:
    user = get_current_user()
    found = [Addition(fragment, fragment.find(user, events)) for fragment in fragments]
    return [addition for addition in found if addition.content is not None]


def _reserve(additions: Sequence[Addition]) -> list[Addition]:
    reserved = [
        Addition(it.fragment, it.fragment.reserve(it.content)) if it.fragment.reserve else it
        for it in additions
    ]
    return [addition for addition in reserved if addition.content is not None]


@contextmanager
def _logged(event: str, *, fatal: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Log an exception, but for a fatal one, and go on after the block.

    The boundary between an action and what is shown beside it: a fragment's error must never turn a
    completed action into an error.
    """
    try:
        yield
    except fatal:
        raise
    # The action is committed or will be; what is shown beside it may be missing.
    except Exception:
        log.exception(event)


# --- adding it ---------------------------------------------------------------------------------


def add(response: Response, additions: Sequence[Addition]) -> Response:
    """Put fragments into the response: in their places, else at its end as out-of-band swaps."""
    marks: dict[str, Markup] = g.pop(PLACEHOLDERS, {})
    if additions:
        failpoints.point(failpoints.Point.AFTER_CLAIM)
    rendered = dict(_render(addition, marks) for addition in additions)
    if not (marks or rendered) or not _has_body(response):
        return response
    body = response.get_data()
    for name, mark in marks.items():
        body = body.replace(mark.encode(), rendered.pop(name, "").encode(), 1)
    response.set_data(body + "".join(rendered.values()).encode())
    return response


def _render(addition: Addition, marks: dict[str, Markup]) -> tuple[str, str]:
    fragment, html = addition.fragment, ""
    with _logged("fragment_not_rendered"):
        html = render_template(
            fragment.template, content=addition.content, is_swap=fragment.name not in marks
        )
        if fragment.confirm is not None:
            app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 -- Flask's way
            call_after_response(partial(_confirm, app, addition))
    return fragment.name, html


def _confirm(app: Flask, addition: Addition) -> None:
    try:
        with app.app_context(), transactions.unit_of_work(()):
            addition.fragment.confirm(addition.content)  # type: ignore[misc]  # there is one
    except DATABASE_BUSY:
        # The reservation ends and it is shown once more: rather twice than never.
        log.exception("fragment_not_confirmed", fragment=addition.fragment.name)
