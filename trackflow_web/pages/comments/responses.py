"""Responses of threads; requests and reports, whose pages have their own views, use them, too."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from flask import flash, render_template, request

from trackflow_web.domain.comments import actions, queries
from trackflow_web.domain.feedback import queries as feedback
from trackflow_web.domain.feedback.rules import Kind
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.kernel.errors import Invalid, TooMany
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user, viewer_id
from trackflow_web.web.comments import comment_limits, page_of, thread_of
from trackflow_web.web.forms import errors_of, refused
from trackflow_web.web.subjects import links_of
from trackflow_web.web.urls import RecordId, current_page

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from trackflow_web.domain.comments.actions import Written
    from trackflow_web.domain.subjects import Subject
    from trackflow_web.web.comments import ThreadView
    from trackflow_web.web.subjects import Link

# Requests and reports say above their thread why they have their status.
BOARDS = {SubjectType.FEATURE_REQUEST: Kind.FEATURE, SubjectType.BUG_REPORT: Kind.BUG}
_ID = re.compile(RecordId.regex, re.ASCII)
HELD = "Your comment is posted. Because your account is new and it has a link, others see it later."
NOT_TOLD = "Some of the people you mentioned weren't notified: that's the limit."


def post(subject: Subject) -> str | Response:
    """Post the comment in the request's form, and respond with the thread."""
    parent_id = request.form.get("parent_id")
    try:
        written = actions.write(
            subject,
            get_current_user(),
            body=request.form.get("body"),
            parent_id=parent_id,
            limits=comment_limits(),
        )
    except (Invalid, TooMany) as refusal:
        return refuse(subject, refusal, reply=_number(parent_id))
    _tell(written)
    if htmx.is_htmx():
        return render_thread(thread_of(subject, at=written.comment))
    return htmx.redirect_after_post(page_of(written.comment, subject))


def refuse(
    subject: Subject, refusal: Invalid | TooMany, *, reply: int | None = None,
    edit: int | None = None,
) -> Response:  # fmt: skip
    """Return the thread with the refused form, its input and its errors."""
    around = queries.find(reply or edit or 0)
    at = around if around and (around.subject_type, around.subject_id) == subject.key else None
    view = thread_of(
        subject,
        at=at,
        reply=reply if at else None,
        edit=edit if at else None,
        draft=request.form.get("body", ""),
        errors=errors_of(refusal),
    )
    return refused(render_thread(view), refusal)


def render_thread(view: ThreadView) -> str:
    """Return the page of a thread; for htmx only the thread."""
    if htmx.is_htmx():
        shown = replace(view, reason_shown=_reason_on_page(view.subject))
        return render_template("comments/_thread.html", view=shown)
    return render_template("comments/show.html", view=view, link=link_of(view.subject))


def _reason_on_page(subject: Subject) -> str:
    """Return the reason of a status that the page around the thread shows already."""
    kind = BOARDS.get(subject.type)
    if (
        kind is None
        or viewer_id() is None
        or current_page().partition("?")[0] != link_of(subject).url
    ):
        return ""
    item = feedback.find(kind, subject.id, get_current_user())
    return item.reason if item else ""


def link_of(subject: Subject) -> Link:
    """Return the title and URL of what a thread is about."""
    return links_of([subject.key])[subject.key]


def _tell(written: Written) -> None:
    if written.is_held:
        flash(HELD)
    if written.not_told:
        flash(NOT_TOLD)


def _number(typed: str | None) -> int | None:
    return int(typed) if typed and _ID.fullmatch(typed) else None
