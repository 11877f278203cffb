"""The end of every request's unit of work: dispatch, commit, and show what has changed.

A completed action is never turned into an error here, streams and files are not changed, and a
request that recorded no event pays nothing.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog
from flask import request

from trackflow_web.domain.webhooks import queueing
from trackflow_web.integrations.share_images import handler as share_images
from trackflow_web.kernel import transactions
from trackflow_web.kernel.events import dispatch, has_recorded
from trackflow_web.notifications import fan_out, versions
from trackflow_web.web import errors, out_of_band, repeats
from trackflow_web.web.caller import is_write, known_user_id
from trackflow_web.web.extensions import handlers, jobs
from trackflow_web.web.fragments import FRAGMENTS
from trackflow_web.web.unit_of_work import DATABASE_BUSY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Response

    from trackflow_web.web.out_of_band import Addition, Fragment

log = structlog.get_logger()

# What a page with a form and its messages is answered with.
FORM_REFUSED = frozenset({HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.TOO_MANY_REQUESTS})


def end_unit_of_work(response: Response) -> Response:
    """Commit action, counters and awards together; an error response rolls all of it back."""
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        transactions.rollback()
        is_form = response.status_code in FORM_REFUSED
        additions = out_of_band.collect_for_error(FRAGMENTS) if is_form else []
        return out_of_band.add(response, additions)
    acted = has_recorded()
    try:
        additions = _commit(response)
    except DATABASE_BUSY as busy:
        log.exception("commit_failed", path=request.path)
        transactions.rollback()
        return out_of_band.add(errors.respond(busy), ())
    if not acted and (fragments := _wanted()) and out_of_band.can_show(response):
        additions = out_of_band.collect_pending(fragments)
    return out_of_band.add(response, additions)


def _wanted() -> Sequence[Fragment]:
    """Return the fragments that a response without an event may show."""
    if out_of_band.is_pending_wanted():
        return FRAGMENTS
    return [each for each in FRAGMENTS if each.is_due is not None and each.is_due()]


def _commit(response: Response) -> list[Addition]:
    acted = has_recorded()
    if is_write() and (user_id := known_user_id()) is not None:
        versions.note_change_by(user_id)
    events = dispatch(handlers())
    additions: list[Addition] = []
    if acted and out_of_band.can_show(response):
        # In the action's own transaction: no second commit is needed.
        additions = out_of_band.collect(FRAGMENTS, events)
    repeats.keep_response(response)
    if fan_out.is_left():
        jobs().start_notifications()
    for kind, subject_id in share_images.take_wanted():
        jobs().start_share_image(kind, subject_id)
    if queueing.has_queued():
        jobs().start_webhooks()
    transactions.commit()
    return additions
