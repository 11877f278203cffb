"""Feature requests and bug reports: the same views on two boards."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from flask import Blueprint, flash, render_template, request

from trackflow_web.domain.feedback import actions, queries
from trackflow_web.kernel.errors import Invalid, TooMany
from trackflow_web.pages.comments import responses
from trackflow_web.pages.feedback.boards import BUGS, FEATURES
from trackflow_web.pages.feedback.context import (
    Filters,
    item_context,
    list_context,
)
from trackflow_web.web import htmx, typed_fields
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import settings
from trackflow_web.web.forms import is_wanted, refused, sent_fields
from trackflow_web.web.loaders import feedback_or_404
from trackflow_web.web.session import login_required, recently_confirmed

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.typing import ResponseReturnValue
    from werkzeug.wrappers import Response

    from trackflow_web.domain.feedback.models import Feedback
    from trackflow_web.pages.feedback.boards import Board
    from trackflow_web.web.forms import Refusal

DECISION = ("status", "reason")
OWN_VOTE = "You can't vote on your own request."


def index(board: Board) -> str:
    """Show the list: tabs by status, search, order, pages."""
    context = list_context(board, Filters.parse(board))
    if htmx.is_htmx():
        return htmx.block("feedback/index.html", "list", **context)
    return render_template("feedback/index.html", **context)


def create(board: Board) -> Response:
    """Submit a request or report."""
    try:
        item = actions.submit(
            get_current_user(),
            board.kind,
            title=request.form.get("title"),
            description=request.form.get("description"),
            limit=settings().limit_feedback,
        )
    except (Invalid, TooMany) as refusal:
        context = list_context(board, Filters(), refusal)
        return refused(render_template("feedback/index.html", **context), refusal)
    flash(board.thanks)
    return _redirect_to(board, item)


def show(board: Board, item_id: int) -> str:
    """Show a request or report with its comments."""
    item = feedback_or_404(board.kind, item_id)
    return render_template(
        "feedback/show.html", **item_context(board, item, typed=typed_fields.fields_before())
    )


def comment(board: Board, item_id: int) -> str | Response:
    """Comment on a request or report."""
    return responses.post(actions.thread_of(feedback_or_404(board.kind, item_id)))


def vote(board: Board, item_id: int) -> str | Response:
    """Vote for a request, or with `set` = 0 take the vote back."""
    item = feedback_or_404(board.kind, item_id)
    actions.vote(item, get_current_user(), wanted=is_wanted())
    if htmx.is_htmx():
        return render_template(
            "feedback/_vote.html", shown=queries.get_details(item, get_current_user())
        )
    if item.user_id == get_current_user().id:
        flash(OWN_VOTE)
    return _redirect_to(board, item)


def withdraw(board: Board, item_id: int) -> Response:
    """Withdraw the user's own request or report."""
    item = feedback_or_404(board.kind, item_id)
    actions.withdraw(item, get_current_user())
    flash(f"Your {board.noun} is withdrawn.")
    return _redirect_to(board, item)


def decide(board: Board, item_id: int) -> str | Response:
    """Set the status of a request or report, with a reason.

    For administrators with a recent password.
    """
    item, form = feedback_or_404(board.kind, item_id), request.form
    if get_current_user().is_admin and not recently_confirmed():
        return typed_fields.confirm_first(
            board.address("show", item_id=item.id), sent_fields(DECISION)
        )
    try:
        actions.decide(
            item, get_current_user(), status=form.get("status"), reason=form.get("reason")
        )
    except Invalid as refusal:
        return _refuse(board, item, refusal)
    flash("Saved.")
    return _redirect_to(board, item)


def _refuse(board: Board, item: Feedback, refusal: Refusal) -> Response:
    page = render_template("feedback/show.html", **item_context(board, item, refusal))
    return refused(page, refusal)


def _redirect_to(board: Board, item: Feedback, **values: object) -> Response:
    return htmx.redirect_after_post(board.address("show", item_id=item.id, **values))


# --- blueprints ----------------------------------------------------------------------------------


def blueprint(board: Board) -> Blueprint:
    """Return the blueprint of a board."""
    pages = Blueprint(board.views, __name__, url_prefix=f"/{board.views}")
    one = "/<id:item_id>"

    def add(view: Callable[..., ResponseReturnValue], method: str, rule: str) -> None:
        bound = login_required(partial(view, board))
        pages.add_url_rule(rule, view.__name__, bound, methods=[method])

    add(index, "GET", "/")
    add(create, "POST", "/")
    add(show, "GET", one)
    add(comment, "POST", f"{one}/comments")
    if board.has_votes:
        add(vote, "POST", f"{one}/vote")
    add(withdraw, "POST", f"{one}/withdraw")
    add(decide, "POST", f"{one}/status")
    return pages


features, bugs = blueprint(FEATURES), blueprint(BUGS)
