"""Reports, and decisions of administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.api.core import bodies
from trackflow_web.api.core.auth import confirmed_admin_or_404
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.moderation import schemas
from trackflow_web.domain.moderation import actions, queries
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.kernel.errors import NotFound
from trackflow_web.web.reports import profile_or_404, reported_or_404, send_report

if TYPE_CHECKING:
    from trackflow_web.domain.moderation.reporting import Reported


@api.post("/users/<username>/report")
@described(schemas.SentReport, body=schemas.NewReport, status=201)
def report_profile(username: str) -> tuple[schemas.SentReport, int]:
    """Report a user's profile."""
    return _report(profile_or_404(username))


@api.post("/report/<subject>/<id:subject_id>")
@described(schemas.SentReport, body=schemas.NewReport, status=201)
def report_subject(subject: str, subject_id: int) -> tuple[schemas.SentReport, int]:
    """Report a release, an award, a pack, a feature request or a bug report."""
    return _report(reported_or_404(subject, subject_id))


@api.post("/comments/<id:comment_id>/report")
@described(schemas.SentReport, body=schemas.NewReport, status=201)
def report_comment(comment_id: int) -> tuple[schemas.SentReport, int]:
    """Report a comment."""
    return _report(reported_or_404(SubjectType.COMMENT, comment_id))


@api.post("/admin/moderation/<id:report_id>")
@described(schemas.Decision, body=schemas.NewDecision)
def decide_report(report_id: int) -> schemas.Decision:
    """Decide about the subject of a report; for administrators."""
    admin = confirmed_admin_or_404()
    report = queries.find_report(report_id)
    if report is None:
        raise NotFound
    wanted = bodies.parse_body(schemas.NewDecision)
    entry = actions.decide(
        report, admin, action=wanted.action, statement=wanted.statement, until=wanted.until
    )
    return schemas.Decision(
        id=entry.id, action=entry.action, statement=entry.statement, until=entry.until
    )


def _report(subject: Reported) -> tuple[schemas.SentReport, int]:
    wanted = bodies.parse_body(schemas.NewReport)
    return schemas.SentReport(id=send_report(subject, reason=wanted.reason, text=wanted.text)), 201
