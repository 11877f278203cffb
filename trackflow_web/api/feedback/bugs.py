"""Bug reports: what is broken."""

from __future__ import annotations

from flask import url_for

from trackflow_web.api.core import schemas
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.feedback import views as feedback
from trackflow_web.api.feedback.views import item_or_404, shown
from trackflow_web.domain.feedback.rules import Kind


@api.get("/bugs/")
@described(schemas.BugReports, query=schemas.BugReportsWanted)
def list_bugs() -> schemas.BugReports:
    """Everybody's bug reports, newest first."""
    found, cursor = feedback.listed(Kind.BUG)
    return schemas.BugReports(items=[schemas.BugReport.of(one) for one in found], next=cursor)


@api.post("/bugs/")
@described(schemas.BugReport, status=201, body=schemas.NewFeedback)
def report_bug() -> tuple[schemas.BugReport, int, dict[str, str]]:
    """Report a bug."""
    made = schemas.BugReport.of(feedback.handed_in(Kind.BUG))
    return made, 201, {"Location": url_for("api.show_bug", item_id=made.id)}


@api.get("/bugs/<id:item_id>")
@described(schemas.BugReport)
def show_bug(item_id: int) -> schemas.BugReport:
    """One bug report."""
    return schemas.BugReport.of(shown(item_or_404(Kind.BUG, item_id)))


@api.get("/bugs/<id:item_id>/comments")
@described(schemas.Comments, query=schemas.Paging)
def list_bug_comments(item_id: int) -> schemas.Comments:
    """What was said about a bug report, oldest first."""
    return feedback.thread(item_or_404(Kind.BUG, item_id))


@api.post("/bugs/<id:item_id>/comments")
@described(schemas.Comment, status=201, body=schemas.NewComment)
def comment_on_bug(item_id: int) -> tuple[schemas.Comment, int]:
    """Say something about a bug report."""
    return feedback.commented(item_or_404(Kind.BUG, item_id))


@api.post("/bugs/<id:item_id>/withdraw")
@described(schemas.BugReport)
def withdraw_bug(item_id: int) -> schemas.BugReport:
    """Take one's own bug report back."""
    return schemas.BugReport.of(feedback.withdrawn(item_or_404(Kind.BUG, item_id)))


@api.post("/bugs/<id:item_id>/status")
@described(schemas.BugReport, body=schemas.BugDecision)
def decide_bug(item_id: int) -> schemas.BugReport:
    """Say how a bug report goes on and why; for administrators."""
    return schemas.BugReport.of(feedback.decided(item_or_404(Kind.BUG, item_id)))
