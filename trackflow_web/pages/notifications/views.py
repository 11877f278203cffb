"""The inbox, the panel of the bell, and what one does with a notification."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, current_app, flash, render_template, request, url_for

from trackflow_web.domain.people.queries import find_user
from trackflow_web.kernel import transactions
from trackflow_web.notifications import actions, bell, inbox
from trackflow_web.notifications.inbox import Item, Wanted
from trackflow_web.notifications.retention import RULE
from trackflow_web.notifications.types import TYPES
from trackflow_web.pages.notifications.arguments import Filters, cursor_after, requested_filters
from trackflow_web.web import htmx
from trackflow_web.web.after_response import call_after_response
from trackflow_web.web.caller import get_current_user, is_prefetch
from trackflow_web.web.formats import date_in, reader_zone
from trackflow_web.web.notifications import address_of, bell_of_request, note_change
from trackflow_web.web.session import identity_of_cookie, login_required
from trackflow_web.web.unit_of_work import DATABASE_BUSY, PATIENCE_OF_A_READ
from trackflow_web.web.urls import current_page

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response as BaseResponse

pages = Blueprint("notifications", __name__, url_prefix="/notifications")

IN_PANEL = 8
IN_INBOX = 50


@pages.get("/")
@login_required
def index() -> str:
    """Show the inbox; whoever gets the page has seen what is in it."""
    filters = requested_filters()
    return _inbox(filters)


@pages.get("/panel")
@login_required
def panel() -> str:
    """Show the latest few, for the panel of the bell; without htmx as a page."""
    if htmx.is_htmx():
        return _panel()
    items = inbox.items_of(get_current_user().id, Wanted(limit=IN_PANEL))
    _note_seen(items)
    return render_template("notifications/panel.html", items=items)


def _panel(*, said: str = "", undo: str = "") -> str:
    user = get_current_user()
    return render_template(
        "notifications/_panel.html",
        items=inbox.items_of(user.id, Wanted(limit=IN_PANEL)),
        current=bell_of_request(user),
        said=said,
        undo=undo,
    )


@pages.get("/unread-count")
def unread_count() -> Response:
    """Show the bell; 304 while the user's notifications are as they were.

    Every open page asks this twice a minute: session and version are checked in one statement.
    """
    identity = identity_of_cookie() if request.if_none_match else None
    version = bell.version_for(*identity) if identity else None
    if version is not None and request.if_none_match.contains_weak(str(version)):
        response = Response(status=304)
        response.set_etag(str(version), weak=True)
        return response
    return _bell()


@login_required
def _bell() -> Response:
    current = bell.bell_of(get_current_user().id)
    page = render_template("partials/_bell_button.html", content=current, is_swap=False)
    response = Response(page, mimetype="text/html")
    response.set_etag(str(current.version), weak=True)
    return response


@pages.get("/<id:notification_id>/go")
@login_required
def go(notification_id: int) -> BaseResponse:
    """Redirect to what a notification is about; following its link reads it."""
    user = get_current_user()
    row = actions.get_own(user, notification_id)
    (item,) = inbox.items_by_id(user.id, [row.id])
    if _is_look() and not row.read:
        transactions.begin(writing=True, patience=PATIENCE_OF_A_READ)
        try:
            actions.mark_read(actions.get_own(user, notification_id))
            transactions.commit()
        except DATABASE_BUSY:  # somebody else writes; it stays unread, and the link works
            transactions.begin(writing=False)
    return htmx.redirect_after_post(address_of(item.target))


@pages.post("/<id:notification_id>/read")
@login_required
def read(notification_id: int) -> str | BaseResponse:
    """Mark a notification as read."""
    row = actions.get_own(get_current_user(), notification_id)
    actions.mark_read(row)
    return _row(row.id)


@pages.post("/<id:notification_id>/unread")
@login_required
def unread(notification_id: int) -> str | BaseResponse:
    """Mark a notification as unread."""
    row = actions.get_own(get_current_user(), notification_id)
    actions.mark_unread(row)
    return _row(row.id)


@pages.post("/<id:notification_id>/delete")
@login_required
def delete(notification_id: int) -> str | BaseResponse:
    """Delete a notification; it can be undone for ten minutes."""
    filters = requested_filters()
    row = actions.get_own(get_current_user(), notification_id)
    token = actions.delete(row)
    note_change()
    if htmx.is_htmx():
        return _with_count("deleted", filters, id=row.id, token=token)
    flash("Deleted.")
    return htmx.redirect_after_post(filters.here(undo=token))


@pages.post("/<id:notification_id>/mute")
@login_required
def mute(notification_id: int) -> str | BaseResponse:
    """Mute the type, the subject or a person of a notification."""
    user, form, filters = get_current_user(), request.form, requested_filters()
    row = actions.get_own(user, notification_id)
    username = form.get("username") or None
    what = form.get("what", "person" if username else None)
    muted = actions.mute(user, row, what=what, username=username)
    said = f"Muted: {muted}."
    if htmx.is_htmx():
        return _row_alone(row.id, filters, said=said, change=_where_muted(what))
    flash(f"{said} You can change it in the settings.")
    return htmx.redirect_after_post(filters.here())


@pages.post("/read-all")
@login_required
def read_all() -> str | BaseResponse:
    """Mark all as read that the page showed; it can be undone for ten minutes."""
    filters = requested_filters()
    count, token = actions.read_all(get_current_user(), **_shown(), type_=filters.type)
    note_change()
    undo = token if count else ""
    said = "Marked as read." if count else "Nothing was unread."
    if htmx.is_htmx():
        return (
            _panel(said=said, undo=undo) if _is_panel() else _inbox(filters, said=said, undo=undo)
        )
    flash(said)
    return htmx.redirect_after_post(filters.here(undo=undo))


@pages.post("/seen")
@login_required
def seen() -> str | BaseResponse:
    """Note that the user has seen the list."""
    actions.mark_seen(get_current_user(), **_shown())
    note_change()
    return "" if htmx.is_htmx() else htmx.redirect_after_post(url_for("notifications.index"))


@pages.post("/undo")
@login_required
def undo() -> str | BaseResponse:
    """Undo a deletion, or that all were read."""
    filters = requested_filters()
    actions.undo(get_current_user(), request.form.get("token"))
    note_change()
    if htmx.is_htmx():
        return _panel(said="Undone.") if _is_panel() else _inbox(filters, said="Undone.")
    flash("Undone.")
    return htmx.redirect_after_post(filters.here())


def _is_panel() -> bool:
    """Return whether the form stands in the panel of the bell."""
    return htmx.target() == "bell-panel"


def _shown() -> dict[str, str | None]:
    """Return what the form says of the page it stands on; empty fields were not sent."""
    return {name: request.form.get(name) or None for name in ("upto", "version")}


def _row(notification_id: int) -> str | BaseResponse:
    note_change()
    filters = requested_filters()
    if not htmx.is_htmx():
        return htmx.redirect_after_post(filters.here())
    return _row_alone(notification_id, filters)


def _row_alone(notification_id: int, filters: Filters, *, said: str = "", change: str = "") -> str:
    (item,) = inbox.items_by_id(get_current_user().id, [notification_id])
    return _with_count("row", filters, item=item, said=said, change=change)


def _with_count(name: str, filters: Filters, **context: object) -> str:
    """Return a row and the number of the tab: the panel as a page has rows, but no tabs."""
    in_inbox = current_page().partition("?")[0] == url_for("notifications.index")
    context |= {"filters": filters, "unread": _count_unread(filters) if in_inbox else None}
    return render_template(f"notifications/_{name}.html", **context)


def _count_unread(filters: Filters) -> int:
    """Return the number of the tab: of the kind that is shown."""
    user = get_current_user()
    if filters.type is None:
        return bell_of_request(user).unread
    return inbox.count_unread(user.id, filters.type)


def _where_muted(what: str | None) -> str:
    """Return the address of the settings where something is muted no longer."""
    if what == actions.What.TYPE:
        return url_for("settings.notifications")
    return url_for("relation_lists.show", list="muted")


def _inbox(filters: Filters, *, said: str = "", undo: str = "") -> str:
    user = get_current_user()
    found = inbox.items_of(user.id, filters.wanted(IN_INBOX + 1))
    items = found[:IN_INBOX]
    _note_seen(items if filters.is_everything else [])
    context: dict[str, Any] = {
        "days": _by_day(items),
        "items": items,
        "filters": filters,
        "types": TYPES,
        "current": bell_of_request(user),
        "unread": _count_unread(filters),
        # Of a later part, what came before it was not shown.
        "shown_version": items[0].version if items and filters.after else None,
        "more": filters.address(cursor=cursor_after(items[-1])) if len(found) > IN_INBOX else "",
        "said": said,
        "undo": undo or _requested_undo(),
        "rule": RULE,
    }
    if htmx.is_htmx():
        return htmx.block("notifications/index.html", "inbox", **context)
    return render_template("notifications/index.html", **context)


def _requested_undo() -> str:
    token = request.args.get("undo", "")
    return token if len(token) == actions.LONGEST_TOKEN and token.isalnum() else ""


def _by_day(items: list[Item]) -> list[tuple[str, list[Item]]]:
    """Return the rows under the reader's days."""
    zone = reader_zone()
    return [
        (day, list(those))
        for day, those in groupby(items, key=lambda item: date_in(zone, item.updated_at))
    ]


def _note_seen(items: list[Item]) -> None:
    """Note, once the page was sent, that its user has seen what was in it."""
    if _is_look() and any(item.seen_at is None for item in items):
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 -- Flask's way
        version = max(item.version for item in items)
        call_after_response(partial(_see, app, get_current_user().id, version))


def _is_look() -> bool:
    """Return whether a person looks: no HEAD request, and no browser that only prepares."""
    return request.method == "GET" and not is_prefetch()


def _see(app: Flask, user_id: int, version: int) -> None:
    try:
        with app.app_context(), transactions.unit_of_work((), patience=PATIENCE_OF_A_READ):
            user = find_user(user_id)
            if user is not None:
                actions.mark_seen(user, version=version)
    except DATABASE_BUSY:  # it stays new, until the next look
        app.logger.warning("notifications_not_seen")
