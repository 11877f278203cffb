"""The end of every request's unit of work: dispatch, commit, and show what has changed.

A completed action is never turned into an error here, streams and files are not changed, and a
request that recorded no event pays nothing.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog
from flask import request

from trackflow_web.kernel import transactions
from trackflow_web.kernel.events import dispatch, has_recorded
from trackflow_web.notifications import fan_out
from trackflow_web.web import errors, out_of_band, repeats
from trackflow_web.web.extensions import handlers, jobs
from trackflow_web.web.fragments import FRAGMENTS
from trackflow_web.web.unit_of_work import DATABASE_BUSY

if TYPE_CHECKING:
    from flask import Response

    from trackflow_web.web.out_of_band import Addition

log = structlog.get_logger()


def end_unit_of_work(response: Response) -> Response:
    """Commit action, counters and awards together; an error response rolls all of it back."""
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        transactions.rollback()
        return out_of_band.add(response, ())
    acted = has_recorded()
    try:
        additions = _commit(response)
    except DATABASE_BUSY as busy:
        log.exception("commit_failed", path=request.path)
        transactions.rollback()
        return out_of_band.add(errors.respond(busy), ())
    if not acted and out_of_band.is_pending_wanted() and out_of_band.can_show(response):
        additions = out_of_band.collect_pending(FRAGMENTS)
    return out_of_band.add(response, additions)


def _commit(response: Response) -> list[Addition]:
    acted = has_recorded()
    events = dispatch(handlers())
    additions: list[Addition] = []
    if acted and out_of_band.can_show(response):
        # In the action's own transaction: no second commit is needed.
        additions = out_of_band.collect(FRAGMENTS, events)
    repeats.keep_response(response)
    if fan_out.is_left():
        jobs().start_notifications()
    transactions.commit()
    return additions
