"""The jobs of notifications: notices for many, and notices whose time has come."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from trackflow_web.domain.relations import actions as relations
from trackflow_web.jobs import pruning
from trackflow_web.kernel import clock, failpoints
from trackflow_web.kernel.leases import LeaseLost
from trackflow_web.kernel.transactions import reading, unit_of_work
from trackflow_web.notifications import digest, fan_out, retention, write
from trackflow_web.notifications.notices import follower_notice

if TYPE_CHECKING:
    from trackflow_web.jobs.tools import Tools

FAN_OUTS_A_RUN = 100
NOTICES_A_RUN = 500
DIGESTS_A_RUN = 500


def run(tools: Tools) -> None:
    """Write all notices that were left to a job; each is acquired by itself."""
    with reading():
        ids = fan_out.waiting(FAN_OUTS_A_RUN)
    for fan_out_id in ids:
        _fan_out(fan_out_id, tools)


def _fan_out(fan_out_id: int, tools: Tools) -> None:
    worker = secrets.token_hex(16)
    with unit_of_work(tools.handlers):
        if not fan_out.acquire(fan_out_id, worker):
            return
    more = True
    while more:
        try:
            with unit_of_work(tools.handlers):
                more = fan_out.step(fan_out_id, worker)
        except LeaseLost:
            return
        failpoints.point(failpoints.Point.AFTER_SLICE)


def send_due_notices(tools: Tools) -> None:
    """Tell users of followers whose accounts have become old enough."""
    with unit_of_work(tools.handlers):
        for due in relations.send_due_notices(NOTICES_A_RUN):
            key = f"follow {due.follower_id}"[:16]
            write.send(follower_notice(due.user_id, due.follower_id, clock.now(), key))


def queue_digests(tools: Tools) -> None:
    """Queue the digests that are due, each in its own unit of work."""
    if tools.mailer is None:
        return
    with reading():
        user_ids = digest.due(DIGESTS_A_RUN)
    for user_id in user_ids:
        with unit_of_work(tools.handlers):
            digest.queue_digest(user_id)


def prune(tools: Tools) -> int:
    """Delete or fold what is too old of everyone; return how many rows are gone."""
    last, gone = 0, 0
    while True:
        with reading():
            ids = retention.next_users(last)
        if not ids:
            return gone
        gone += pruning.prune_notifications_of(tools, ids[0], ids[-1])
        last = ids[-1]
