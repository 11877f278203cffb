"""The numbers that achievements are given for, each declared once.

A metric is a column of `user_stats`. `moved_by` says which facts move it and by how much; `rows`
selects what counts: one row each, with whose it is (`user_id`), since when (`at`) and what
(`label`, `subject_type`, `subject_id`). From that one SELECT come the recount (how many rows), the
true date of an award noticed later (the Nth row's) and the receipt (the first N rows).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trackflow_web.achievements.events import (
    AchievementRestored,
    AchievementRevoked,
    AchievementUnlocked,
)
from trackflow_web.achievements.metrics import distinct_values, sources
from trackflow_web.domain import events
from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.feedback.rules import Kind
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.series.models import Series
from trackflow_web.domain.songs.models import Milestone, Song
from trackflow_web.kernel.event_types import EventType
from trackflow_web.kernel.events import Event

Amount = Callable[[Event], int]


@dataclass(frozen=True)
class Metric:
    """One number of every user.

    `singular` and `plural` are its unit, `counts` the rule in words.
    """

    name: str
    singular: str
    plural: str
    counts: str
    moved_by: Mapping[EventType, Amount]
    rows: sources.Rows
    # The kind of value of which the different ones are counted; those are moved by `value_moves`.
    distinct: str = ""

    def unit(self, number: int) -> str:
        """The unit as it stands behind a number."""
        return self.singular if number == 1 else self.plural


# --- by how much a fact moves a number ---------------------------------------------------------


def up(event: Event) -> int:
    """One more each time it happened."""
    return event.n


def down(event: Event) -> int:
    """One less each time it happened."""
    return -event.n


def _down_if_was(milestone: Milestone) -> Amount:
    def amount(event: Event) -> int:
        payload = event.payload
        return -1 if isinstance(payload, events.SongDeleted) and milestone in payload.was else 0

    return amount


def _down_if(key: str) -> Amount:
    def amount(event: Event) -> int:
        return -1 if getattr(event.payload, key) else 0

    return amount


def _from_payload(key: str, sign: int = 1) -> Amount:
    def amount(event: Event) -> int:
        return sign * int(getattr(event.payload, key))

    return amount


def _of_awards(key: str) -> dict[EventType, Amount]:
    """What an award adds when it is given or given back, and takes when it is revoked."""
    return {
        AchievementUnlocked: _from_payload(key),
        AchievementRevoked: _from_payload(key, -1),
        AchievementRestored: _from_payload(key),
    }


# --- the metrics -------------------------------------------------------------------------------

METRICS: tuple[Metric, ...] = (
    Metric(
        "total_songs",
        "song",
        "songs",
        "Your own songs, in whatever state.",
        {events.SongAdded: up, events.SongDeleted: down},
        sources.songs(Song.created_at),
    ),
    Metric(
        "total_planned",
        "song",
        "songs",
        "Your own songs that have ever been in Future Plans, each once.",
        {events.SongPlanned: up, events.SongDeleted: _down_if_was(Milestone.PLANNED)},
        sources.reached(Milestone.PLANNED),
    ),
    Metric(
        "total_started",
        "song",
        "songs",
        "Your own songs that have ever been in WIP, each once.",
        {events.SongStarted: up, events.SongDeleted: _down_if_was(Milestone.STARTED)},
        sources.reached(Milestone.STARTED),
    ),
    Metric(
        "total_finished",
        "song",
        "songs",
        "Your own songs that went from WIP to Released, each once.",
        {events.SongFinished: up, events.SongDeleted: _down_if_was(Milestone.FINISHED)},
        sources.reached(Milestone.FINISHED),
    ),
    Metric(
        "total_released",
        "song",
        "songs",
        "Your own songs that have ever been Released, each once.",
        {events.SongReleased: up, events.SongDeleted: _down_if_was(Milestone.RELEASED)},
        sources.reached(Milestone.RELEASED),
    ),
    Metric(
        "total_authored",
        "song",
        "songs",
        "Your own songs whose 15 parts are all done or not needed, at least 5 of them done.",
        {
            events.SongAuthored: up,
            events.SongNoLongerAuthored: down,
            events.SongDeleted: _down_if_was(Milestone.AUTHORED),
        },
        sources.reached(Milestone.AUTHORED),
    ),
    Metric(
        "total_packs",
        "pack",
        "packs",
        "Your own packs.",
        {events.PackCreated: up, events.PackDeleted: down},
        sources.packs(Pack.created_at),
    ),
    Metric(
        "completed_packs",
        "pack",
        "packs",
        "Your own packs in which every song that is not optional is fully authored.",
        {
            events.PackCompleted: up,
            events.PackReopened: down,
            events.PackDeleted: _down_if("was_complete"),
        },
        sources.packs(Pack.completed_at),
    ),
    Metric(
        "total_series",
        "series",
        "series",
        "Your own album series.",
        {events.SeriesCreated: up, events.SeriesDeleted: down},
        sources.series(Series.created_at),
    ),
    Metric(
        "completed_series",
        "series",
        "series",
        "Your own album series whose every relevant track is one of your released songs.",
        {
            events.SeriesCompleted: up,
            events.SeriesReopened: down,
            events.SeriesDeleted: _down_if("was_complete"),
        },
        sources.series(Series.completed_at),
    ),
    Metric(
        "total_collaborations",
        "collaboration",
        "collaborations",
        "Other people on your own songs: each person once a song.",
        {events.CollaboratorAdded: up, events.CollaboratorRemoved: down},
        sources.collaborations(Collaboration.owner_id, Collaboration.user_id),
    ),
    Metric(
        "collaborations_joined",
        "song",
        "songs",
        "Songs of others on which you are a collaborator.",
        {events.CollaborationJoined: up, events.CollaborationLeft: down},
        sources.collaborations(Collaboration.user_id, Collaboration.owner_id),
    ),
    Metric(
        "total_spotify_imports",
        "playlist",
        "playlists",
        "Different playlists that you imported and that brought you a new song.",
        {events.PlaylistImported: up, events.PlaylistUnimported: down},
        sources.playlists(),
    ),
    Metric(
        "total_feature_requests",
        "request",
        "requests",
        "Your own feature requests that are not withdrawn, rejected or duplicates.",
        {
            events.FeatureRequested: up,
            events.FeatureRequestDropped: down,
            events.FeatureRequestTakenUp: up,
        },
        sources.feedback(Kind.FEATURE),
    ),
    Metric(
        "total_bug_reports",
        "report",
        "reports",
        "Your own bug reports that are not withdrawn, rejected or duplicates.",
        {
            events.BugReported: up,
            events.BugReportDropped: down,
            events.BugReportTakenUp: up,
        },
        sources.feedback(Kind.BUG),
    ),
    Metric(
        "login_streak",
        "day",
        "days",
        "Your longest row of days with a visit, in your own time zone.",
        {events.Visited: _from_payload("longest")},
        sources.record_days(),
    ),
    Metric(
        "distinct_artists",
        "artist",
        "artists",
        "Different artists of your released songs; case, accents and a leading The do not count.",
        moved_by={},
        rows=sources.different("artist", Song.artist.expression),
        distinct="artist",
    ),
    Metric(
        "distinct_years",
        "year",
        "years",
        "Different years of your released songs.",
        moved_by={},
        rows=sources.different("year", sa.cast(Song.year, sa.Text)),
        distinct="year",
    ),
    Metric(
        "distinct_decades",
        "decade",
        "decades",
        "Different decades of your released songs.",
        moved_by={},
        rows=sources.different("decade", sa.cast(distinct_values.DECADE, sa.Text) + "s"),
        distinct="decade",
    ),
    Metric(
        "total_achievements",
        "achievement",
        "achievements",
        "The other achievements of this list that you unlocked.",
        _of_awards("counts"),
        sources.unlocked(),
    ),
)
BY_NAME = {metric.name: metric for metric in METRICS}
DISTINCT = {metric.distinct: metric.name for metric in METRICS if metric.distinct}

# Of a number that is the longest of something, the column with how long it is now.
CURRENT = {"login_streak": "current_streak"}

# Points are a sum and no threshold hangs on them: moved like a metric, recounted apart.
TOTAL_POINTS = "total_points"
MOVES: dict[EventType, list[tuple[str, Amount]]] = {}
for _metric in METRICS:
    for _fact, _amount in _metric.moved_by.items():
        MOVES.setdefault(_fact, []).append((_metric.name, _amount))
for _fact, _amount in _of_awards("points").items():
    MOVES[_fact].append((TOTAL_POINTS, _amount))

# Facts about so many rows at once that counting these again is cheaper than moving by each.
RECOUNTED = frozenset({events.SongsImported, events.SongsUnimported, events.ImportUndone})


def gauges(event: Event) -> dict[str, Any]:
    """The columns that a fact sets outright: they show the latest, they do not count."""
    visit = event.payload
    if not isinstance(visit, events.Visited):
        return {}
    return {"last_login_date": visit.day, "current_streak": visit.run}
