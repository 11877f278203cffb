"""Bug reports: what is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

from trackflow_web.domain.feedback.rules import Kind
from trackflow_web.pages.feedback import views as feedback
from trackflow_web.pages.feedback.views import Board
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from flask import Response as FlaskResponse
    from werkzeug.wrappers import Response

pages = Blueprint("bugs", __name__, url_prefix="/bugs")

BOARD = Board(
    kind=Kind.BUG,
    views="bugs",
    title="Bug reports",
    lead="What does not work as it should. If it is here already, say in a comment what you saw.",
    invitation="Report a bug",
    button="Send report",
    hint="What did you do, what did you expect, and what happened instead?",
    thanks="Thank you: your report is here for everybody to see.",
    noun="bug report",
    plural="bug reports",
    has_votes=False,
)


@pages.get("/")
@login_required
def index() -> str:
    """Everybody's bug reports."""
    return feedback.index(BOARD)


@pages.post("/")
@login_required
def create() -> Response | FlaskResponse:
    """Report a bug."""
    return feedback.create(BOARD)


@pages.get("/<id:item_id>")
@login_required
def show(item_id: int) -> str:
    """One bug report."""
    return feedback.show(BOARD, item_id)


@pages.post("/<id:item_id>/comments")
@login_required
def comment(item_id: int) -> str | Response | FlaskResponse:
    """Say something about a bug report."""
    return feedback.comment(BOARD, item_id)


@pages.post("/<id:item_id>/withdraw")
@login_required
def withdraw(item_id: int) -> Response:
    """Take one's bug report back."""
    return feedback.withdraw(BOARD, item_id)


@pages.post("/<id:item_id>/status")
@login_required
def decide(item_id: int) -> str | Response | FlaskResponse:
    """Say how it goes on; for administrators."""
    return feedback.decide(BOARD, item_id)
