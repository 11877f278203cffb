"""The queue of reports, appeals and the log, for administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, render_template, request, url_for

from trackflow_web.domain import evidence
from trackflow_web.domain.moderation import actions, appeals, queries, rules
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Invalid, NotFound
from trackflow_web.kernel.text import YesOrNo
from trackflow_web.pages.admin.rechecks import pages
from trackflow_web.web import htmx
from trackflow_web.web.caller import admin_or_404
from trackflow_web.web.extensions import jobs, settings
from trackflow_web.web.forms import errors_of, refused, sent_fields
from trackflow_web.web.session import (
    login_required,
    recently_confirmed,
    redirect_to_confirmation,
)
from trackflow_web.web.urls import site_url

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from trackflow_web.web.forms import Refusal

FIELDS = ("action", "statement", "until")


@pages.get("/moderation")
@login_required
def moderation() -> str:
    """Show the open reports by subject, appeals and the log."""
    admin_or_404()
    return _page()


@pages.post("/moderation/<id:report_id>")
@login_required
def moderate(report_id: int) -> str | Response:
    """Decide about the subject of a report."""
    admin, report = admin_or_404(), queries.find_report(report_id)
    if report is None:
        raise NotFound
    if not recently_confirmed():
        return redirect_to_confirmation(url_for("admin.moderation"))
    fields = sent_fields(FIELDS)
    try:
        actions.decide(
            report,
            admin,
            action=fields.get("action"),
            statement=fields.get("statement"),
            until=fields.get("until"),
        )
    except Invalid as refusal:
        return refused(_page(report_id, refusal), refusal)
    flash("Decided. Everyone concerned is told.")
    return htmx.redirect_after_post(url_for("admin.moderation"))


@pages.post("/moderation/appeals/<id:action_id>")
@login_required
def answer_appeal(action_id: int) -> str | Response:
    """Accept an appeal or turn it down."""
    admin, entry = admin_or_404(), queries.find_action(action_id)
    if entry is None:
        raise NotFound
    if not recently_confirmed():
        return redirect_to_confirmation(url_for("admin.moderation"))
    accept = text.choice(request.form.get("accept"), "accept", YesOrNo) is YesOrNo.YES
    try:
        appeals.answer_appeal(
            entry, admin, is_upheld=accept, statement=request.form.get("statement")
        )
    except Invalid as refusal:
        return refused(_page(-action_id, refusal), refusal)
    if settings().mail_url:
        appeals.mail_answer(entry, base_url=site_url())
        jobs().start_mails()
    flash("Answered.")
    return htmx.redirect_after_post(url_for("admin.moderation"))


@pages.post("/moderation/log/<id:action_id>/undo")
@login_required
def undo_decision(action_id: int) -> str | Response:
    """Undo what is in the log: show something again, or end a suspension."""
    admin, entry = admin_or_404(), queries.find_action(action_id)
    if entry is None:
        raise NotFound
    if not recently_confirmed():
        return redirect_to_confirmation(url_for("admin.moderation"))
    try:
        actions.undo(entry, admin, statement=request.form.get("statement"))
    except Invalid as refusal:
        return refused(_page(-action_id, refusal), refusal)
    flash("Undone. Everyone concerned is told.")
    return htmx.redirect_after_post(url_for("admin.moderation"))


def _page(refused_id: int = 0, refusal: Refusal | None = None) -> str:
    cases, appealed, log = queries.open_cases(), queries.open_appeals(), queries.log()
    keys = [(case.type, case.id) for case in cases]
    keys += [(each.action.subject_type, each.action.subject_id) for each in (*appealed, *log)]
    return render_template(
        "admin/moderation.html",
        cases=cases,
        appeals=appealed,
        log=log,
        evidence=evidence.of(keys),
        may_be_undone=actions.may_be_undone,
        reasons=rules.REASONS,
        actions=list(rules.ACTIONS.items()),
        refused_id=refused_id,
        draft=sent_fields(FIELDS) if refusal else {},
        errors=errors_of(refusal) if refusal else {},
    )
