"""Template context of feedback: the list with its tabs, and one item with its thread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from trackflow_web.domain.feedback import actions, queries, rules
from trackflow_web.domain.feedback.rules import Sort, Status
from trackflow_web.web import menus
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.comments import thread_of
from trackflow_web.web.formats import STATUS_LABELS
from trackflow_web.web.forms import errors_of, sent_fields
from trackflow_web.web.held import held_in
from trackflow_web.web.listing import ListArguments, pager

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trackflow_web.domain.feedback.models import Feedback
    from trackflow_web.domain.feedback.queries import FeedbackDetails
    from trackflow_web.kernel.pagination import Page
    from trackflow_web.pages.feedback.boards import Board
    from trackflow_web.web.forms import Refusal

FIELDS = ("title", "description", "status", "reason")

SORT_LABELS = {Sort.NEWEST: "Newest", Sort.VOTES: "Most wanted"}


@dataclass(frozen=True)
class Filters:
    """Which items a list shows, and in which order."""

    status: Status | None = None
    q: str = ""
    sort: Sort = Sort.NEWEST
    page: int = 1

    @classmethod
    def parse(cls, board: Board) -> Filters:
        """Return the filters in the request's query. Raises Invalid naming every bad argument."""
        arguments = ListArguments()
        filters = cls(
            status=arguments.optional("status", partial(rules.status, board.kind)),
            q=arguments.search(),
            sort=arguments.choice("sort", Sort) or Sort.NEWEST,
            page=arguments.page(),
        )
        arguments.finish()
        return filters

    def values(self, **others: object) -> dict[str, object]:
        """Return the query of the same list, with `others` in place of some of it."""
        sort = self.sort if self.sort is not Sort.NEWEST else None
        return {"status": self.status, "q": self.q or None, "sort": sort, **others}


def list_context(
    board: Board, filters: Filters, refusal: Refusal | None = None
) -> dict[str, object]:
    """Return what the list's template needs, with the messages of a refused form."""
    found = queries.list_feedback(
        board.kind,
        get_current_user(),
        status=filters.status,
        q=filters.q,
        sort=filters.sort,
        page=filters.page,
    )
    return {
        "board": board,
        "listing": found,
        "pager": _pager(board, "index", found, **filters.values()),
        "wanted": filters,
        "tabs": _tabs(board, filters),
        "sorts": _sorts(board, filters) if board.has_votes else [],
        "labels": STATUS_LABELS,
        "draft": sent_fields(FIELDS),
        "errors": errors_of(refusal),
    }


def item_context(
    board: Board,
    item: Feedback,
    refusal: Refusal | None = None,
    *,
    typed: Mapping[str, str] | None = None,
) -> dict[str, object]:
    """Return the context of an item, with the input and errors of a rejected form."""
    thread = actions.thread_of(item)
    view = replace(thread_of(thread), reason_shown=item.reason)
    return {
        "board": board,
        "menu": menus.of_feedback(thread.type, item.id, item.user_id, board.noun),
        "held": held_in(view),
        "shown": queries.get_details(item, get_current_user()),
        "view": view,
        "labels": STATUS_LABELS,
        "decisions": [(str(status), STATUS_LABELS[status]) for status in board.kind.decisions],
        "draft": {**(typed or {}), **sent_fields(FIELDS)},
        "errors": errors_of(refusal),
    }


def _tabs(board: Board, filters: Filters) -> list[dict[str, object]]:
    counts = queries.count_by_status(board.kind, get_current_user(), q=filters.q)
    labels = {"all": "All"} | {str(status): STATUS_LABELS[status] for status in board.kind.statuses}
    return [
        {
            "key": key,
            "label": label,
            "count": counts[key],
            "url": board.address("index", **filters.values(status=None if key == "all" else key)),
            "current": key == (filters.status or "all"),
        }
        for key, label in labels.items()
    ]


def _sorts(board: Board, filters: Filters) -> list[dict[str, object]]:
    return [
        {
            "key": sort,
            "label": label,
            "url": board.address(
                "index", **filters.values(sort=None if sort is Sort.NEWEST else sort)
            ),
            "current": sort is filters.sort,
        }
        for sort, label in SORT_LABELS.items()
    ]


def _pager(
    board: Board, view: str, listing: Page[FeedbackDetails], **values: object
) -> dict[str, object]:
    return pager(listing, lambda page: board.address(view, **values, page=page))
