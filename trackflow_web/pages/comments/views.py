"""Threads of comments: reading, writing, changing, deleting, closing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, render_template, request

from trackflow_web.domain.comments import actions, queries, removal
from trackflow_web.kernel.errors import Invalid, NotFound
from trackflow_web.kernel.text import LARGEST_ID
from trackflow_web.pages.comments import responses
from trackflow_web.pages.comments.responses import link_of, refuse, render_thread
from trackflow_web.web import htmx
from trackflow_web.web.caller import admin_or_404, get_current_user
from trackflow_web.web.comments import (
    comment_limits,
    comment_or_404,
    is_staff,
    page_of,
    place_of,
    thread_of,
    thread_or_404,
)
from trackflow_web.web.forms import is_wanted
from trackflow_web.web.listing import ListArguments
from trackflow_web.web.session import (
    login_required,
    recently_confirmed,
    redirect_to_confirmation,
)
from trackflow_web.web.subjects import subject_url

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from trackflow_web.domain.comments.models import Comment
    from trackflow_web.domain.subjects import Subject

pages = Blueprint("comments", __name__, url_prefix="/comments")

# What htmx replaces with the next page.
MORE = "comments-more"


@pages.get("/<subject>/<id:subject_id>")
def show(subject: str, subject_id: int) -> str:
    """Show a page of a thread; `reply` and `edit` open the form of a comment."""
    found = thread_or_404(subject, subject_id)
    arguments = ListArguments()
    after = arguments.optional("cursor", place_of)
    at = arguments.number("at", most=LARGEST_ID)
    reply = arguments.number("reply", most=LARGEST_ID)
    edit = arguments.number("edit", most=LARGEST_ID)
    arguments.finish()
    view = thread_of(found, after=after, at=_of(found, at or reply or edit), reply=reply, edit=edit)
    if htmx.is_htmx() and htmx.target() == MORE:
        return render_template("comments/_more.html", view=view)
    return render_thread(view)


@pages.post("/<subject>/<id:subject_id>")
@login_required
def create(subject: str, subject_id: int) -> str | Response:
    """Post a comment, or with `parent_id` a reply."""
    return responses.post(thread_or_404(subject, subject_id))


@pages.post("/<subject>/<id:subject_id>/close")
@login_required
def close(subject: str, subject_id: int) -> str | Response:
    """Close a thread, or with `set` = 0 open it again."""
    found = thread_or_404(subject, subject_id)
    removal.set_closed(found, get_current_user(), closed=is_wanted(), is_staff=is_staff())
    if htmx.is_htmx():
        return render_thread(thread_of(found))
    return htmx.redirect_after_post(subject_url(found.type, found.id))


@pages.post("/<id:comment_id>/edit")
@login_required
def edit(comment_id: int) -> str | Response:
    """Change a comment of the user's own."""
    shown, subject = comment_or_404(comment_id)
    comment = shown.comment
    try:
        not_told = actions.edit(
            comment,
            subject,
            get_current_user(),
            body=request.form.get("body"),
            limits=comment_limits(),
        )
    except Invalid as refusal:
        return refuse(subject, refusal, edit=comment_id)
    if not_told:
        flash(responses.NOT_TOLD)
    return _back(comment, subject)


@pages.post("/<id:comment_id>/delete")
@login_required
def delete(comment_id: int) -> str | Response:
    """Delete a comment: one's own, or one on something of one's own."""
    shown, subject = comment_or_404(comment_id)
    removal.delete(shown.comment, subject, get_current_user(), is_staff=is_staff())
    if htmx.is_htmx():
        return render_thread(thread_of(subject))
    flash("Comment deleted.")
    return htmx.redirect_after_post(subject_url(subject.type, subject.id))


@pages.post("/<id:comment_id>/release")
@login_required
def release(comment_id: int) -> str | Response:
    """Release a comment whose links are held. For administrators with a recent password."""
    admin = admin_or_404()
    shown, subject = comment_or_404(comment_id)
    if not recently_confirmed():
        return redirect_to_confirmation(page_of(shown.comment, subject))
    actions.release(shown.comment, subject, admin)
    return _back(shown.comment, subject)


@pages.get("/<id:comment_id>/versions")
@login_required
def versions(comment_id: int) -> str:
    """Show the earlier versions of a comment. For administrators."""
    admin_or_404()
    shown, subject = comment_or_404(comment_id)
    return render_template(
        "comments/versions.html",
        shown=shown,
        versions=queries.versions_of(comment_id),
        link=link_of(subject),
        back=page_of(shown.comment, subject),
    )


def _of(subject: Subject, comment_id: int | None) -> Comment | None:
    """Return a comment of this thread, or None without an id. Raises NotFound."""
    if comment_id is None:
        return None
    comment = queries.find(comment_id)
    if comment is None or (comment.subject_type, comment.subject_id) != subject.key:
        raise NotFound
    return comment


def _back(comment: Comment, subject: Subject) -> str | Response:
    if htmx.is_htmx():
        return render_thread(thread_of(subject, at=comment))
    return htmx.redirect_after_post(page_of(comment, subject))
