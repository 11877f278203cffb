"""What the pages of feature requests and of bug reports have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import abort, flash, make_response, render_template, request, url_for

from trackflow_web.domain.feedback import actions, queries, rules
from trackflow_web.domain.feedback.rules import DECISIONS, STATUSES, Sort
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Checks, Invalid, TooMany
from trackflow_web.web import htmx
from trackflow_web.web.caller import SAFE_METHODS, get_current_user
from trackflow_web.web.extensions import settings
from trackflow_web.web.pager import LIMITS, asked_page, pager

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response as FlaskResponse
    from werkzeug.wrappers import Response

    from trackflow_web.domain.feedback.models import Feedback
    from trackflow_web.domain.feedback.queries import Said, Shown
    from trackflow_web.domain.feedback.rules import Kind, Status
    from trackflow_web.kernel.pagination import Page

LONGEST_SEARCH = 100
FIELDS = ("title", "description", "body", "status", "reason")

STATUS_LABELS = {status: status.value.capitalize() for status in rules.Status}
SORT_LABELS = {Sort.NEWEST: "Newest", Sort.VOTES: "Most wanted"}


@dataclass(frozen=True)
class Board:
    """The pages of one kind: whose views they are, and in which words they speak."""

    kind: Kind
    views: str
    title: str
    lead: str
    invitation: str
    button: str
    hint: str
    thanks: str
    noun: str
    plural: str
    has_votes: bool

    def address(self, view: str, **values: object) -> str:
        """The address of one of its views."""
        return url_for(f"{self.views}.{view}", **values)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Wanted:
    """What a person wants to see of a list."""

    status: Status | None = None
    q: str = ""
    sort: Sort = Sort.NEWEST
    page: int = 1

    def values(self, **others: object) -> dict[str, object]:
        """What stands in the address of the same, some of it otherwise."""
        sort = self.sort if self.sort is not Sort.NEWEST else None
        return {"status": self.status, "q": self.q or None, "sort": sort, **others}


def item_or_404(board: Board, item_id: int) -> Feedback:
    """A request or report; everybody may see it. When it will be changed, it is held for that."""
    item = queries.find(board.kind, item_id, for_update=request.method not in SAFE_METHODS)
    if item is None:
        abort(404)
    return item


# --- the list ----------------------------------------------------------------------------------


def index(board: Board) -> str:
    """Everybody's: tabs by state, search, order, pages."""
    context = _list_context(board, _wanted(board))
    if htmx.is_htmx():
        return htmx.block("feedback/index.html", "list", **context)
    return render_template("feedback/index.html", **context)


def create(board: Board) -> Response | FlaskResponse:
    """Hand one in; a refusal keeps what was typed."""
    try:
        item = actions.hand_in(
            get_current_user(),
            board.kind,
            title=request.form.get("title"),
            description=request.form.get("description"),
            limit=settings().limit_feedback,
        )
    except (Invalid, TooMany) as refusal:
        context = _list_context(board, Wanted(), refusal)
        return _refused(render_template("feedback/index.html", **context), refusal)
    flash(board.thanks)
    return htmx.redirect_after_post(board.address("show", item_id=item.id))


def _wanted(board: Board) -> Wanted:
    """What the address asks for. Raises Invalid naming every field that will not do."""
    args, check = request.args, Checks()
    status, sort = args.get("status"), args.get("sort")
    wanted = Wanted(
        status=check(rules.status, board.kind, status) if status else None,
        q=check(text.line, args.get("q"), "q", longest=LONGEST_SEARCH, required=False),
        sort=check(rules.sort, sort) if sort else Sort.NEWEST,
        page=check(text.whole_number, args.get("page"), "page", **LIMITS) or 1,
    )
    check.finish()
    return wanted


def _list_context(
    board: Board, wanted: Wanted, refusal: Invalid | TooMany | None = None
) -> dict[str, object]:
    found = queries.list_feedback(
        board.kind,
        get_current_user(),
        status=wanted.status,
        q=wanted.q,
        sort=wanted.sort,
        page=wanted.page,
    )
    return {
        "board": board,
        "listing": found,
        "pager": _pager(board, "index", found, **wanted.values()),
        "wanted": wanted,
        "tabs": _tabs(board, wanted),
        "sorts": _sorts(board, wanted) if board.has_votes else [],
        "labels": STATUS_LABELS,
        "draft": _draft(),
        "errors": _errors(refusal),
    }


def _tabs(board: Board, wanted: Wanted) -> list[dict[str, object]]:
    counts = queries.count_by_status(board.kind)
    labels = {"all": "All"} | {
        str(status): STATUS_LABELS[status] for status in STATUSES[board.kind]
    }
    return [
        {
            "key": key,
            "label": label,
            "count": counts[key],
            "url": board.address("index", **wanted.values(status=None if key == "all" else key)),
            "current": key == (wanted.status or "all"),
        }
        for key, label in labels.items()
    ]


def _sorts(board: Board, wanted: Wanted) -> list[dict[str, object]]:
    return [
        {
            "key": sort,
            "label": label,
            "url": board.address(
                "index", **wanted.values(sort=None if sort is Sort.NEWEST else sort)
            ),
            "current": sort is wanted.sort,
        }
        for sort, label in SORT_LABELS.items()
    ]


# --- one of them -------------------------------------------------------------------------------


def show(board: Board, item_id: int) -> str:
    """One of them, and what was said about it."""
    item = item_or_404(board, item_id)
    page = asked_page()
    context = _item_context(board, item, queries.thread(item.id, page=page))
    if htmx.is_htmx():
        return htmx.block("feedback/show.html", "thread", **context)
    return render_template("feedback/show.html", **context)


def comment(board: Board, item_id: int) -> str | Response | FlaskResponse:
    """Say something about it."""
    item = item_or_404(board, item_id)
    try:
        said = actions.comment(
            item, get_current_user(), body=request.form.get("body"), limit=settings().limit_comments
        )
    except (Invalid, TooMany) as refusal:
        return _item_refused(board, item, refusal)
    end = _end_of_thread(item)
    if htmx.is_htmx():
        return htmx.block(
            "feedback/show.html", "thread", **_item_context(board, item, end, form={})
        )
    page = end.page if end.page > 1 else None
    return htmx.redirect_after_post(
        board.address("show", item_id=item.id, page=page, _anchor=f"comment-{said.id}")
    )


def withdraw(board: Board, item_id: int) -> Response:
    """Take back what one has handed in."""
    item = item_or_404(board, item_id)
    actions.withdraw(item, get_current_user())
    flash(f"Your {board.noun} is withdrawn.")
    return htmx.redirect_after_post(board.address("show", item_id=item.id))


def decide(board: Board, item_id: int) -> Response | FlaskResponse | str:
    """Say how it goes on and why."""
    item = item_or_404(board, item_id)
    form = request.form
    try:
        actions.decide(
            item, get_current_user(), status=form.get("status"), reason=form.get("reason")
        )
    except Invalid as refusal:
        return _item_refused(board, item, refusal)
    flash("Saved.")
    return htmx.redirect_after_post(board.address("show", item_id=item.id))


def _item_context(
    board: Board,
    item: Feedback,
    thread: Page[Said],
    refusal: Invalid | TooMany | None = None,
    form: Mapping[str, str] | None = None,
) -> dict[str, object]:
    return {
        "board": board,
        "shown": queries.shown(item, get_current_user()),
        "thread": thread,
        "pager": _pager(board, "show", thread, item_id=item.id),
        "labels": STATUS_LABELS,
        "decisions": [(str(status), STATUS_LABELS[status]) for status in DECISIONS[board.kind]],
        "draft": _draft(form),
        "errors": _errors(refusal),
    }


def _end_of_thread(item: Feedback) -> Page[Said]:
    """The last page of what was said, where the newest stands."""
    first = queries.thread(item.id, page=1)
    return first if first.pages == 1 else queries.thread(item.id, page=first.pages)


# --- what both have ----------------------------------------------------------------------------


def _draft(form: Mapping[str, str] | None = None) -> dict[str, str]:
    typed = request.form if form is None else form
    return {field: typed[field] for field in FIELDS if field in typed}


def _errors(refusal: Invalid | TooMany | None) -> dict[str, str]:
    if isinstance(refusal, TooMany):
        return {"form": str(refusal)}
    return refusal.errors if refusal else {}


def _item_refused(board: Board, item: Feedback, refusal: Invalid | TooMany) -> FlaskResponse:
    context = _item_context(board, item, _end_of_thread(item), refusal)
    if htmx.is_htmx():
        return _refused(htmx.block("feedback/show.html", "thread", **context), refusal)
    return _refused(render_template("feedback/show.html", **context), refusal)


def _refused(page: str, refusal: Invalid | TooMany) -> FlaskResponse:
    """The form once more, with what is wrong; 429 when it came too often."""
    if isinstance(refusal, Invalid):
        return make_response(page, 422)
    answer = make_response(page, 429)
    answer.headers["Retry-After"] = str(refusal.retry_after)
    return answer


def _pager(
    board: Board, view: str, listing: Page[Shown] | Page[Said], **values: object
) -> dict[str, object]:
    return pager(listing, lambda page: board.address(view, **values, page=page))
