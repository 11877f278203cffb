"""Reporting something, and reading and appealing against a decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, render_template, request, url_for

from trackflow_web.domain.moderation import appeals, queries, rules
from trackflow_web.domain.moderation.covers import has_cover
from trackflow_web.domain.relations.queries import relation_to
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.kernel.errors import Invalid, NotFound, TooMany
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import signing_keys
from trackflow_web.web.forms import errors_of, refused, sent_fields
from trackflow_web.web.loaders import person_or_404
from trackflow_web.web.reports import (
    page_of,
    posted_by,
    profile_or_404,
    reported_or_404,
    send_report,
)
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Response

    from trackflow_web.domain.moderation.models import ModerationAction
    from trackflow_web.domain.moderation.reporting import Reported
    from trackflow_web.web.forms import Refusal

pages = Blueprint("moderation", __name__)

FIELDS = ("reason", "text")
APPEALED = "Your appeal is with the moderators."
THANKS = "Thanks. A moderator will look at it, and you'll hear what came of it."


@pages.route("/users/<username>/report", methods=["GET", "POST"])
@login_required
def report_profile(username: str) -> str | Response:
    """Report a user's profile."""
    reported = profile_or_404(username)
    person = person_or_404(username, may_be_blocked=True)
    is_blocked = relation_to(get_current_user().id, person.id).blocks
    posted = posted_by(person) if is_blocked else ()
    return _report(reported, url_for("profiles.show", username=username), posted)


@pages.route("/report/<subject>/<id:subject_id>", methods=["GET", "POST"])
@login_required
def report(subject: str, subject_id: int) -> str | Response:
    """Report a release, an award, a pack, a request or a report of a bug."""
    reported = reported_or_404(subject, subject_id)
    return _report(reported, page_of(reported))


@pages.route("/comments/<id:comment_id>/report", methods=["GET", "POST"])
@login_required
def report_comment(comment_id: int) -> str | Response:
    """Report a comment."""
    reported = reported_or_404(SubjectType.COMMENT, comment_id)
    return _report(reported, page_of(reported))


@pages.get("/moderation/decisions/")
@login_required
def decisions() -> str:
    """List what moderators decided about the user."""
    found = queries.decisions_about(get_current_user().id)
    return render_template("moderation/decisions.html", decisions=found, said=rules.TOLD)


@pages.get("/moderation/decisions/<id:action_id>")
@login_required
def decision(action_id: int) -> str:
    """Show a decision to its owner and to those who reported it."""
    entry, is_own = _decision_or_404(action_id)
    return _decision(entry, is_own=is_own)


@pages.post("/moderation/decisions/<id:action_id>/appeal")
@login_required
def appeal(action_id: int) -> str | Response:
    """Appeal against a decision, once."""
    entry, is_own = _decision_or_404(action_id)
    if not is_own:
        raise NotFound
    try:
        appeals.appeal(entry, text_=request.form.get("text"))
    except Invalid as refusal:
        return refused(_decision(entry, is_own=True, refusal=refusal), refusal)
    flash(APPEALED)
    return htmx.redirect_after_post(url_for("moderation.decision", action_id=action_id))


@pages.get("/moderation/suspension/<token>")
def suspension(token: str) -> str:
    """Show a suspension to its owner, who cannot sign in, with the form to appeal."""
    entry = appeals.suspension_in(token, signing_keys(), for_update=False)
    return _decision(entry, is_own=True, token=token)


@pages.post("/moderation/suspension/<token>")
def appeal_suspension(token: str) -> str | Response:
    """Appeal against a suspension, once."""
    entry = appeals.suspension_in(token, signing_keys(), for_update=True)
    try:
        appeals.appeal(entry, text_=request.form.get("text"))
    except Invalid as refusal:
        return refused(_decision(entry, is_own=True, token=token, refusal=refusal), refusal)
    flash(APPEALED)
    return htmx.redirect_after_post(url_for("moderation.suspension", token=token))


def _report(
    reported: Reported, back: str, posted: Sequence[tuple[str, str, str]] = ()
) -> str | Response:
    if request.method != "POST":
        return _form(reported, back, posted=posted)
    fields = sent_fields(FIELDS)
    try:
        send_report(reported, reason=fields.get("reason"), text=fields.get("text"))
    except (Invalid, TooMany) as refusal:
        return refused(_form(reported, back, refusal), refusal)
    flash(THANKS)
    return htmx.redirect_after_post(back)


def _form(
    reported: Reported,
    back: str,
    refusal: Refusal | None = None,
    posted: Sequence[tuple[str, str, str]] = (),
) -> str:
    return render_template(
        "moderation/report.html",
        posted=posted,
        reported=reported,
        back=back,
        reasons=_reasons_for(reported),
        draft=sent_fields(FIELDS) if refusal else {"reason": request.args.get("reason", "spam")},
        errors=errors_of(refusal) if refusal else {},
    )


def _reasons_for(reported: Reported) -> list[tuple[str, str]]:
    """Return the reasons to choose from; only an uploaded cover can be wrong."""
    covered = has_cover(reported.type, reported.id)
    return [
        (reason, label)
        for reason, label in rules.REASONS.items()
        if covered or reason is not rules.Reason.WRONG_COVER
    ]


def _decision_or_404(action_id: int) -> tuple[ModerationAction, bool]:
    found = queries.decision_for(action_id, get_current_user().id)
    if found is None:
        raise NotFound
    return found


def _decision(
    entry: ModerationAction, *, is_own: bool, token: str = "", refusal: Refusal | None = None
) -> str:
    """Return the page of a decision; with a token for its owner, who is suspended by it."""
    return render_template(
        "moderation/decision.html",
        entry=entry,
        said=rules.TOLD,
        is_own=is_own,
        answer=queries.answer_to(entry) if is_own else None,
        token=token,
        may_appeal=is_own and appeals.may_appeal(entry),
        draft=sent_fields(("text",)) if refusal else {},
        errors=errors_of(refusal) if refusal else {},
    )
