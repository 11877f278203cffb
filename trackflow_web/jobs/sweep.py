"""Maintenance: a job that runs every minute and continues unfinished work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from trackflow_web.achievements.recheck import runs
from trackflow_web.domain.chart_scans import actions as charts
from trackflow_web.domain.chart_scans import queries as chart_scans
from trackflow_web.domain.comments import actions, threads
from trackflow_web.domain.covers import actions as covers
from trackflow_web.domain.imports import pruning, queries
from trackflow_web.domain.mail import actions as mail
from trackflow_web.domain.moderation import gone
from trackflow_web.domain.people import actions as people
from trackflow_web.domain.people import avatars, reservations
from trackflow_web.domain.reactions import actions as reactions
from trackflow_web.domain.relations import actions as relations
from trackflow_web.domain.relations import blocking
from trackflow_web.domain.share_images import actions as share_images
from trackflow_web.domain.undo import actions as undo
from trackflow_web.domain.webhooks import outbox
from trackflow_web.jobs import (
    community,
    events,
    holders,
    leaderboards,
    mails,
    notifications,
    seasons,
)
from trackflow_web.kernel import rate_limits, repeats
from trackflow_web.kernel.redelivery import redeliver
from trackflow_web.kernel.transactions import reading, unit_of_work

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trackflow_web.jobs.tools import Tools

log = structlog.get_logger()

IMPORTS_A_SWEEP = 100
AVATARS_A_SWEEP = 20
SCANS_A_SWEEP = 20
COMMENTS_A_SWEEP = 100
COVERS_A_SWEEP = 20
IMAGES_A_SWEEP = 50


def run(tools: Tools, start: Callable[[str, int], None], *, at_start: bool = False) -> None:
    """Restart abandoned jobs, redeliver pending events, delete expired limits and old imports.

    With `at_start` no other worker can exist, so all unfinished jobs are abandoned. A failing step
    does not prevent the others.
    """
    for part in (
        lambda: _start(
            start, "import", lambda: queries.abandoned(IMPORTS_A_SWEEP, all_unfinished=at_start)
        ),
        lambda: _start(start, "recheck", lambda: runs.abandoned(all_unfinished=at_start)),
        lambda: _start(
            start, "avatar", lambda: avatars.abandoned(AVATARS_A_SWEEP, all_waiting=at_start)
        ),
        lambda: _start(
            start, "cover", lambda: covers.abandoned(COVERS_A_SWEEP, all_waiting=at_start)
        ),
        lambda: _start(
            start, "charts", lambda: chart_scans.abandoned(SCANS_A_SWEEP, all_unread=at_start)
        ),
        lambda: _start_images(start, all_waiting=at_start),
        lambda: redeliver(tools.handlers),
        lambda: _start(start, "webhooks", lambda: [0] if outbox.is_due() else []),
        rate_limits.forget_ended,
        repeats.forget_old,
        lambda: notifications.run(tools),
        lambda: notifications.send_due_notices(tools),
        lambda: notifications.queue_digests(tools),
        lambda: mails.run(tools),
        lambda: seasons.run(tools),
        lambda: leaderboards.close_ended(tools),
        lambda: holders.run(tools),
        lambda: community.write_past_entries(tools),
        lambda: _release_held_comments(tools),
        lambda: community.choose_highlights(tools),
        lambda: community.count_figures(tools),
        events.create_partitions,
        lambda: _start(start, "archive", lambda: [0] if events.is_due(tools.archiving) else []),
        lambda: _prune(tools),
    ):
        try:
            part()
        # The next run is a minute later; a failure here must not prevent it.
        except Exception:
            log.exception("sweep_failed")


def _release_held_comments(tools: Tools) -> None:
    with unit_of_work(tools.handlers):
        actions.release_due(COMMENTS_A_SWEEP)


def _prune(tools: Tools) -> None:
    with unit_of_work(tools.handlers):
        pruning.sweep()
        charts.prune()
        covers.prune()
        mail.prune()
        undo.prune()
        reservations.prune()
        relations.prune_notices()
        blocking.prune_removed()
        reactions.prune()
        threads.prune()
        gone.prune()
        people.prune_tokens()
        outbox.prune()


def _start_images(start: Callable[[str, int], None], *, all_waiting: bool) -> None:
    with reading():
        found = share_images.abandoned(IMAGES_A_SWEEP, all_waiting=all_waiting)
        pages = [(f"share_{image.kind}", image.subject_id) for image in found]
    for name, subject_id in pages:
        start(name, subject_id)


def _start(start: Callable[[str, int], None], name: str, find: Callable[[], Sequence[int]]) -> None:
    with reading():
        ids = find()
    for row_id in ids:
        start(name, row_id)
