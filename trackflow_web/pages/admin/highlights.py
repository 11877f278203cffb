"""Choosing the highlights of a week by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, render_template, request, url_for

from trackflow_web.community import candidates, highlights
from trackflow_web.community.models import LONGEST_REASON, HighlightKind
from trackflow_web.kernel.errors import Invalid
from trackflow_web.pages.admin.rechecks import pages
from trackflow_web.web import htmx, typed_fields
from trackflow_web.web.caller import admin_or_404, get_current_user
from trackflow_web.web.community import HEADINGS, names_of_candidates
from trackflow_web.web.forms import errors_of, refused, sent_fields
from trackflow_web.web.listing import ListArguments
from trackflow_web.web.session import login_required, recently_confirmed

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

FIELDS = ("kind", "start", "subject", "reason")
MOST_LISTED = 50


@pages.get("/highlights", endpoint="highlights")
@login_required
def show() -> str:
    """Show what may be chosen for a week."""
    admin_or_404()
    return _page()


@pages.post("/highlights", endpoint="choose_highlight")
@login_required
def choose() -> str | Response:
    """Choose the achievement or release of a week, with a reason that everybody sees."""
    admin = admin_or_404()
    draft = sent_fields(FIELDS)
    if not recently_confirmed():
        return typed_fields.confirm_first(url_for("admin.highlights"), draft)
    try:
        highlights.choose_by_hand(
            admin,
            draft.get("kind"),
            draft.get("start"),
            draft.get("subject"),
            reason=draft.get("reason"),
        )
    except Invalid as refusal:
        return refused(_page(refusal), refusal)
    flash("Chosen.")
    return htmx.redirect_after_post(url_for("community.highlights"))


def _page(refusal: Invalid | None = None) -> str:
    arguments = ListArguments(request.values)
    kind = arguments.choice("kind", HighlightKind) if refusal is None else None
    weeks = highlights.choosable_weeks()
    by_text = {week.isoformat(): week for week in weeks}
    draft = sent_fields(FIELDS) or typed_fields.fields_before()
    week = by_text.get(request.values.get("start", ""), weeks[1])
    kind = kind or next((k for k in HighlightKind if k == draft.get("kind")), None)
    kind = kind or HighlightKind.ACHIEVEMENT
    found = candidates.eligible(kind, week)[:MOST_LISTED]
    return render_template(
        "admin/highlights.html",
        kinds=HEADINGS,
        kind=kind,
        weeks=weeks,
        week=week,
        candidates=names_of_candidates(kind, found, get_current_user().id),
        draft=draft,
        errors=errors_of(refusal),
        longest=LONGEST_REASON,
    )
