"""The handler of leaderboards and levels: which scores events change, which levels they reach."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from trackflow_web.achievements.events import (
    AchievementRestored,
    AchievementRevoked,
    AchievementsBackfilled,
    AchievementsWithdrawn,
    AchievementUnlocked,
    CategoriesBackfilled,
    CategoryCompleted,
)
from trackflow_web.achievements.standings import reached_levels, scores
from trackflow_web.achievements.standings.windows import (
    EPOCH,
    Score,
    Span,
    window_of,
    windows_at,
)
from trackflow_web.domain import events
from trackflow_web.domain.songs.models import Milestone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trackflow_web.kernel.event_types import EventType
    from trackflow_web.kernel.events import Event

_AWARDS = frozenset({Score.POINTS, Score.ACHIEVEMENTS})
# What these change is counted anew.
RECOUNTED: dict[EventType, frozenset[Score]] = {
    AchievementsBackfilled: _AWARDS,
    AchievementsWithdrawn: _AWARDS,
    AchievementRevoked: _AWARDS,
    AchievementRestored: _AWARDS,
    CategoriesBackfilled: frozenset({Score.POINTS}),
    events.SongsImported: frozenset({Score.RELEASES}),
    events.SongsUnimported: frozenset({Score.RELEASES, Score.PARTS}),
    events.CollaborationLeft: frozenset({Score.PARTS}),
}
# After these the user may have reached a level; what an action earns says so by its points, in the
# handler that adds them.
AWARDED = (AchievementsBackfilled, CategoriesBackfilled)


def handle(recorded: Sequence[Event]) -> None:
    """Raise the scores that the events raise, and count anew what others changed."""
    recounted: dict[frozenset[Score], set[int]] = defaultdict(set)
    changes: list[tuple[int, Score, int]] = []
    of_all_time: list[tuple[int, Score, int]] = []
    for event in recorded:
        (changes if _is_contested(event) else of_all_time).extend(_added(event))
        for user_id, kinds in _recounted(event):
            recounted[kinds].add(user_id)
        if isinstance(event.payload, events.PersonListed):
            scores.list_or_unlist(event.user_id)
    if changes or of_all_time:
        at = recorded[-1].created_at
        amounts = scores.amounts_of(changes, windows_at(at))
        amounts.update(scores.amounts_of(of_all_time, [window_of(Span.ALL, EPOCH)]))
        scores.add(amounts, at)
    for kinds in sorted(recounted, key=sorted):
        scores.correct(sorted(recounted[kinds]), kinds)
    reached_levels.note_reached(
        sorted({event.user_id for event in recorded if isinstance(event.payload, AWARDED)})
    )


def reconcile(recorded: Sequence[Event]) -> None:
    """Count the users of redelivered events anew; it may be repeated."""
    users = sorted({event.user_id for event in recorded})
    scores.correct(users)
    for user_id in users:
        scores.list_or_unlist(user_id)
    reached_levels.note_reached(users)


def _is_contested(event: Event) -> bool:
    """Return whether what an event adds counts in open periods.

    Neither what administrators decide does, nor what imported songs brought about.
    """
    payload = event.payload
    if not isinstance(payload, AchievementUnlocked):
        return True
    return not payload.custom and payload.import_id is None


def _added(event: Event) -> Iterator[tuple[int, Score, int]]:
    payload = event.payload
    if isinstance(payload, AchievementUnlocked):
        yield event.user_id, Score.POINTS, payload.points
        yield event.user_id, Score.ACHIEVEMENTS, 1
    elif isinstance(payload, CategoryCompleted) and not payload.late:
        yield event.user_id, Score.POINTS, payload.points
    elif isinstance(payload, events.SongReleased):
        yield event.user_id, Score.RELEASES, 1
    elif isinstance(payload, events.PartDone):
        yield event.user_id, Score.PARTS, 1


def _recounted(event: Event) -> Iterator[tuple[int, frozenset[Score]]]:
    payload = event.payload
    if kinds := RECOUNTED.get(type(payload)):
        yield event.user_id, kinds
    # The recount after the restored award may have included it already.
    if isinstance(payload, CategoryCompleted) and payload.late:
        yield event.user_id, frozenset({Score.POINTS})
    if isinstance(payload, events.SongDeleted | events.SongRestored):
        if Milestone.RELEASED in payload.was:
            yield event.user_id, frozenset({Score.RELEASES})
        for user_id in payload.done_by:
            yield user_id, frozenset({Score.PARTS})
