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
from trackflow_web.web import htmx, typed_fields
from trackflow_web.web.caller import admin_or_404
from trackflow_web.web.extensions import jobs, settings
from trackflow_web.web.forms import errors_of, refused, sent_fields
from trackflow_web.web.session import login_required, recently_confirmed
from trackflow_web.web.urls import site_url

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        return _confirm_first(report_id)
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
        return _confirm_first(-action_id)
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
        return _confirm_first(-action_id)
    try:
        actions.undo(entry, admin, statement=request.form.get("statement"))
    except Invalid as refusal:
        return refused(_page(-action_id, refusal), refusal)
    flash("Undone. Everyone concerned is told.")
    return htmx.redirect_after_post(url_for("admin.moderation"))


def _confirm_first(form_id: int) -> Response:
    """Ask for the password, and keep what was typed into the form of a report or an appeal."""
    typed = sent_fields(FIELDS) | {"form": str(form_id)}
    return typed_fields.confirm_first(url_for("admin.moderation"), typed)


def _page(refused_id: int = 0, refusal: Refusal | None = None) -> str:
    """Show the queue; `refused_id` is a report's id, or the negative one of an entry of the log."""
    before = {} if refusal else typed_fields.fields_before()
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
        refused_id=refused_id or int(before.get("form", 0)),
        is_stale=refused_id > 0 and not _has_form(cases, refused_id),
        draft=sent_fields(FIELDS) if refusal else before,
        errors=errors_of(refusal) if refusal else {},
    )


def _has_form(cases: Sequence[queries.Case], report_id: int) -> bool:
    """Return whether a report is still open, so that its form can show what is wrong."""
    return any(said.report.id == report_id for case in cases for said in case.said)
