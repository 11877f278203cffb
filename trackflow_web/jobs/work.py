"""What the jobs do, by the names under which the queue has them.

Each takes the id of a row, and whether to take over what another worker seems to have.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from enum import StrEnum
from functools import partial
from typing import Any, Protocol

from trackflow_web.domain.share_images.models import Kind
from trackflow_web.jobs import (
    avatars,
    chart_scans,
    covers,
    events,
    imports,
    mails,
    notifications,
    pruning,
    rechecks,
    share_images,
    webhooks,
)
from trackflow_web.jobs.tools import Tools


class Mode(StrEnum):
    """Where jobs run: in a thread of the web process, a separate process, or the caller."""

    THREAD = "thread"
    WORKER = "worker"
    AT_ONCE = "at-once"


_REST = {
    Mode.THREAD: webhooks.REST_IN_WEB_PROCESS,
    Mode.WORKER: webhooks.REST,
    Mode.AT_ONCE: 0.0,
}


class Enqueue(Protocol):
    """Puts a job into the queue, in so many seconds."""

    def __call__(self, name: str, row_id: int, *, delay: float | None = None) -> None:
        """Enqueue the job of this name for a row."""


class Work:
    """The jobs; `enqueue` is for what is to follow."""

    def __init__(
        self,
        *,
        mode: Mode,
        tools: Tools,
        context: Callable[[], AbstractContextManager[Any]],
        enqueue: Enqueue,
    ) -> None:
        self._mode = mode
        self._is_at_once = mode is Mode.AT_ONCE
        self._tools = tools
        self._context = context
        self._enqueue = enqueue
        # When this process wakes up for deliveries, so that it does not so several times.
        self._next_webhooks = -math.inf
        self.named: dict[str, Callable[..., None]] = {
            "import": self._import,
            "recheck": self._recheck,
            "mails": self._mails,
            "notifications": self._notifications,
            "avatar": self._avatar,
            "charts": self._charts,
            "cover": self._cover,
            **{f"share_{kind}": partial(self._share_image, kind) for kind in Kind},
            "webhooks": self._webhooks,
            "prune_notifications": partial(
                self._prune, "prune_notifications", pruning.prune_notifications
            ),
            "prune_feed": partial(self._prune, "prune_feed", pruning.prune_feed),
            "archive": self._archive,
        }

    def _prune(
        self,
        name: str,
        prune: Callable[..., int | None],
        after: int,
        *,
        take_over: bool = False,
    ) -> None:
        """Prune behind a user for one turn; the next one comes after other jobs."""
        del take_over
        turn = math.inf if self._is_at_once else pruning.TURN
        with self._context():
            following = prune(self._tools, after=after, turn=turn)
        if following is not None:
            self._enqueue(name, following)

    def _avatar(self, user_id: int, *, take_over: bool = False) -> None:
        del take_over  # encoding it twice does no harm
        with self._context():
            avatars.run(user_id, self._tools)

    def _cover(self, cover_id: int, *, take_over: bool = False) -> None:
        del take_over  # encoding it twice does no harm
        with self._context():
            covers.run(cover_id, self._tools.handlers)

    def _share_image(self, kind: Kind, subject_id: int, *, take_over: bool = False) -> None:
        del take_over  # rendering it twice does no harm
        with self._context():
            share_images.run(kind, subject_id, self._tools)

    def _charts(self, scan_id: int, *, take_over: bool = False) -> None:
        del take_over  # reading a song twice does no harm
        with self._context():
            chart_scans.run(scan_id, self._tools)

    def _import(self, import_id: int, *, take_over: bool = False) -> None:
        with self._context():
            pause = imports.run(import_id, self._tools, take_over=take_over)
        if pause is not None and not self._is_at_once:
            # A second more: a job that comes too early leaves it to the sweep.
            self._enqueue("import", import_id, delay=pause + 1)

    def _mails(self, _row_id: int, *, take_over: bool = False) -> None:
        """Send due mails; each one is leased separately."""
        del take_over
        with self._context():
            mails.run(self._tools)

    def _notifications(self, _row_id: int, *, take_over: bool = False) -> None:
        """Write what waits for more recipients than a request writes."""
        del take_over
        with self._context():
            notifications.run(self._tools)

    def _webhooks(self, _row_id: int, *, take_over: bool = False) -> None:
        """Send due deliveries; each one is acquired separately."""
        del take_over
        turn = math.inf if self._is_at_once else webhooks.TURN
        with self._context():
            pause = webhooks.run(self._tools, turn=turn, rest=_REST[self._mode])
        if pause is None or self._is_at_once:
            return
        now = time.monotonic()
        if self._next_webhooks <= now or now + pause < self._next_webhooks - 1:
            self._next_webhooks = now + pause
            self._enqueue("webhooks", 0, delay=pause)

    def _archive(self, _row_id: int, *, take_over: bool = False) -> None:
        """Archive old events; of several processes one does."""
        del take_over
        with self._context():
            events.run(self._tools.archiving)

    def _recheck(self, run_id: int, *, take_over: bool = False) -> None:
        turn = math.inf if self._is_at_once else rechecks.TURN
        with self._context():
            unfinished = rechecks.run(run_id, self._tools.handlers, take_over=take_over, turn=turn)
        if unfinished:  # after jobs that were enqueued meanwhile
            self._enqueue("recheck", run_id)
