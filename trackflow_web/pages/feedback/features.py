"""Feature requests: what people wish for, and how many wish it too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, render_template

from trackflow_web.domain.feedback import actions, queries
from trackflow_web.domain.feedback.rules import Kind
from trackflow_web.pages.feedback import views as feedback
from trackflow_web.pages.feedback.views import Board, item_or_404
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from flask import Response as FlaskResponse
    from werkzeug.wrappers import Response

pages = Blueprint("features", __name__, url_prefix="/features")

OWN_VOTE = "Your own vote does not count: that you want it is known."
BOARD = Board(
    kind=Kind.FEATURE,
    views="features",
    title="Feature requests",
    lead="What TrackFlow should do next. Look first whether somebody had your idea already: a vote"
    " says more than a second request.",
    invitation="Suggest a feature",
    button="Send request",
    hint="What do you want to do, and what stands in the way today?",
    thanks="Thank you: your request is here for everybody to see.",
    noun="feature request",
    plural="feature requests",
    has_votes=True,
)


@pages.get("/")
@login_required
def index() -> str:
    """Everybody's feature requests."""
    return feedback.index(BOARD)


@pages.post("/")
@login_required
def create() -> Response | FlaskResponse:
    """Ask for a feature."""
    return feedback.create(BOARD)


@pages.get("/<id:item_id>")
@login_required
def show(item_id: int) -> str:
    """One feature request."""
    return feedback.show(BOARD, item_id)


@pages.post("/<id:item_id>/comments")
@login_required
def comment(item_id: int) -> str | Response | FlaskResponse:
    """Say something about a feature request."""
    return feedback.comment(BOARD, item_id)


@pages.post("/<id:item_id>/vote")
@login_required
def vote(item_id: int) -> str | Response:
    """Want it too; a second time takes it back."""
    item = item_or_404(BOARD, item_id)
    actions.vote(item, get_current_user())
    if htmx.is_htmx():
        return render_template("feedback/_vote.html", shown=queries.shown(item, get_current_user()))
    if item.user_id == get_current_user().id:
        flash(OWN_VOTE)
    return htmx.redirect_after_post(BOARD.address("show", item_id=item.id))


@pages.post("/<id:item_id>/withdraw")
@login_required
def withdraw(item_id: int) -> Response:
    """Take one's feature request back."""
    return feedback.withdraw(BOARD, item_id)


@pages.post("/<id:item_id>/status")
@login_required
def decide(item_id: int) -> str | Response | FlaskResponse:
    """Say how it goes on; for administrators."""
    return feedback.decide(BOARD, item_id)
