"""The job that sends deliveries of webhooks."""

from __future__ import annotations

import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from trackflow_web.domain.webhooks import outbox
from trackflow_web.kernel import clock, failpoints
from trackflow_web.kernel.transactions import reading, unit_of_work
from trackflow_web.webhooks import delivery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.domain.webhooks.outbox import Attempt
    from trackflow_web.jobs.tools import Tools
    from trackflow_web.webhooks.delivery import OutgoingDelivery

# Requests at the same time, each to another webhook.
AT_ONCE = 8
# Seconds, after which other jobs have their turn.
TURN = 3.0
# How much longer than it works the job rests, so that pages are not slower while a thousand
# deliveries are due: in a web process, whose threads share one interpreter, and elsewhere.
REST_IN_WEB_PROCESS = 5.0
REST = 1.0
# Maintenance finds what is due later than that.
SOON = 60.0


def run(tools: Tools, *, turn: float = TURN, rest: float = 0.0) -> float | None:
    """Send what is due; return in how many seconds more is, None when maintenance finds it.

    Each delivery is acquired first and ended afterwards, in separate transactions: a worker that
    dies in between sends it once more, with the same id. Between requests it rests `rest` times as
    long as it has computed.
    """
    ends_at, begun = time.monotonic() + turn, time.thread_time()
    while prepared := _next(tools):
        attempts = _send(prepared, tools)
        failpoints.point(failpoints.Point.WEBHOOK_SENT)
        with unit_of_work(tools.handlers):
            for each, attempt in zip(prepared, attempts, strict=True):
                delivery.finish(each, attempt)
        if time.monotonic() >= ends_at:
            break
        time.sleep(rest * (time.thread_time() - begun))
        begun = time.thread_time()
    return _seconds_to_next()


def _next(tools: Tools) -> Sequence[OutgoingDelivery]:
    """Acquire the next deliveries; return them with their messages."""
    with unit_of_work(tools.handlers):
        acquired: dict[int, list[int]] = defaultdict(list)
        for row in outbox.acquire_due(AT_ONCE):
            acquired[row.webhook_id].append(row.id)
    if not acquired:
        return ()
    with reading():
        found = [
            delivery.prepare(ids, webhook_id, tools.vault, tools.site_url)
            for webhook_id, ids in acquired.items()
        ]
        return [each for each in found if each is not None]


def _send(prepared: Sequence[OutgoingDelivery], tools: Tools) -> Sequence[Attempt]:
    """Send messages at the same time, in threads that do not use the database."""
    if len(prepared) == 1:
        return [delivery.send(prepared[0], tools.sender)]
    with ThreadPoolExecutor(len(prepared), thread_name_prefix="webhooks") as threads:
        return list(threads.map(lambda each: delivery.send(each, tools.sender), prepared))


def _seconds_to_next() -> float | None:
    with reading():
        due_at = outbox.next_due_at()
    if due_at is None:
        return None
    seconds = (due_at - clock.now()).total_seconds()
    return max(seconds, 0.0) if seconds <= SOON else None
