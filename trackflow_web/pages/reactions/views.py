"""Reactions: the buttons, and the list of who reacted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request

from trackflow_web.domain.reactions import queries, rules
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Invalid
from trackflow_web.web import htmx
from trackflow_web.web.caller import viewer_id
from trackflow_web.web.listing import ListArguments
from trackflow_web.web.reactions import react, subject_or_404
from trackflow_web.web.session import login_required
from trackflow_web.web.subjects import links_of, subject_url
from trackflow_web.web.urls import HOME, current_page

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

pages = Blueprint("reactions", __name__, url_prefix="/reactions")

NAMES_A_PAGE = 50


@pages.post("")
@login_required
def create() -> str | Response:
    """Set the user's reaction to something; an empty `kind` takes it back."""
    form = request.form
    kind = rules.kind(form.get("kind"))
    id_ = text.whole_number(form.get("id"), "id", least=1, most=text.LARGEST_ID)
    if id_ is None:
        raise Invalid(id=text.missing("id"))
    subject = subject_or_404(form.get("subject"), id_)
    reactions = react(subject, kind)
    if htmx.is_htmx():
        return render_template(
            "reactions/_buttons.html",
            subject=subject,
            reactions=reactions,
            small=form.get("small") == "1",
        )
    back = current_page()
    return htmx.redirect_after_post(subject_url(*subject.key) if back == HOME else back)


@pages.get("/<subject>/<id:subject_id>")
def show(subject: str, subject_id: int) -> str:
    """Show who reacted to something, as far as the viewer may see them."""
    found = subject_or_404(subject, subject_id)
    arguments = ListArguments()
    after_id = arguments.number("after", most=text.LARGEST_ID)
    arguments.finish()
    viewer = viewer_id()
    rows = queries.reactors(found, viewer, after_id=after_id, limit=NAMES_A_PAGE + 1)
    return render_template(
        "reactions/show.html",
        subject=found,
        link=links_of([found.key])[found.key],
        reactors=rows[:NAMES_A_PAGE],
        following=rows[NAMES_A_PAGE - 1].user.id if len(rows) > NAMES_A_PAGE else None,
        hidden=queries.count_hidden(found, viewer),
        reactions=queries.reactions_of([found.key], viewer)[found.key],
    )
