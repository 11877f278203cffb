"""The metrics of achievements, each declared once.

A metric is a column of `user_stats`. `changed_by` has the events that change it and their deltas;
`rows` selects its source rows: whose (`user_id`), since when (`at`) and what (`label`,
`subject_type`, `subject_id`). That one SELECT yields the recount (COUNT), the true date of a
backfilled award (the Nth row's) and the receipt (the first N rows).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trackflow_web.achievements.events import CategoryCompleted
from trackflow_web.achievements.metrics import distinct_values, sources
from trackflow_web.achievements.metrics.amounts import (
    Amount,
    down,
    down_if,
    down_if_was,
    from_payload,
    of_awards,
    up,
    up_if,
    up_if_was,
)
from trackflow_web.domain import events
from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.feedback.rules import Kind
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.series.models import Series
from trackflow_web.domain.songs.models import Milestone, Song
from trackflow_web.kernel.event_types import EventType
from trackflow_web.kernel.events import Event


@dataclass(frozen=True)
class Metric:
    """One counter of every user.

    `singular` and `plural` are its unit, `counts` the rule in words.
    """

    name: str
    singular: str
    plural: str
    counts: str
    changed_by: Mapping[EventType, Amount]
    rows: sources.Rows
    # The kind of value whose distinct ones are counted; see distinct_values.value_changes.
    distinct: str = ""

    def unit(self, number: int) -> str:
        """Return the unit to write after a number."""
        return self.singular if number == 1 else self.plural


# --- the metrics -------------------------------------------------------------------------------

METRICS: tuple[Metric, ...] = (
    Metric(
        "total_songs",
        "song",
        "songs",
        "All your songs, whatever their status.",
        {events.SongAdded: up, events.SongDeleted: down, events.SongRestored: up},
        sources.songs(Song.created_at),
    ),
    Metric(
        "total_planned",
        "song",
        "songs",
        "Each of your songs counts once, when first added to Future Plans.",
        {
            events.SongPlanned: up,
            events.SongDeleted: down_if_was(Milestone.PLANNED),
            events.SongRestored: up_if_was(Milestone.PLANNED),
        },
        sources.reached(Milestone.PLANNED),
    ),
    Metric(
        "total_started",
        "song",
        "songs",
        "Each of your songs counts once, when first moved to WIP.",
        {
            events.SongStarted: up,
            events.SongDeleted: down_if_was(Milestone.STARTED),
            events.SongRestored: up_if_was(Milestone.STARTED),
        },
        sources.reached(Milestone.STARTED),
    ),
    Metric(
        "total_finished",
        "song",
        "songs",
        "Each of your songs counts once, when first moved from WIP to Released.",
        {
            events.SongFinished: up,
            events.SongDeleted: down_if_was(Milestone.FINISHED),
            events.SongRestored: up_if_was(Milestone.FINISHED),
        },
        sources.reached(Milestone.FINISHED),
    ),
    Metric(
        "total_released",
        "song",
        "songs",
        "Each of your songs counts once, when first released.",
        {
            events.SongReleased: up,
            events.SongDeleted: down_if_was(Milestone.RELEASED),
            events.SongRestored: up_if_was(Milestone.RELEASED),
        },
        sources.reached(Milestone.RELEASED),
    ),
    Metric(
        "total_authored",
        "song",
        "songs",
        "Your songs with all 15 parts done or not needed, at least 5 of them done.",
        {
            events.SongAuthored: up,
            events.SongNoLongerAuthored: down,
            events.SongDeleted: down_if_was(Milestone.AUTHORED),
            events.SongRestored: up_if_was(Milestone.AUTHORED),
        },
        sources.reached(Milestone.AUTHORED),
    ),
    Metric(
        "total_packs",
        "pack",
        "packs",
        "Packs you've created.",
        {events.PackCreated: up, events.PackDeleted: down, events.PackRestored: up},
        sources.packs(Pack.created_at),
    ),
    Metric(
        "completed_packs",
        "pack",
        "packs",
        "Your packs in which every required song is fully authored.",
        {
            events.PackCompleted: up,
            events.PackReopened: down,
            events.PackDeleted: down_if("was_complete"),
            events.PackRestored: up_if("was_complete"),
        },
        sources.packs(Pack.completed_at),
    ),
    Metric(
        "total_series",
        "album",
        "albums",
        "Albums you've created.",
        {events.SeriesCreated: up, events.SeriesDeleted: down, events.SeriesRestored: up},
        sources.series(Series.created_at),
    ),
    Metric(
        "completed_series",
        "album",
        "albums",
        "Your albums with a released song for every track you haven't skipped.",
        {
            events.SeriesCompleted: up,
            events.SeriesReopened: down,
            events.SeriesDeleted: down_if("was_complete"),
            events.SeriesRestored: up_if("was_complete"),
        },
        sources.series(Series.completed_at),
    ),
    Metric(
        "total_collaborations",
        "collaboration",
        "collaborations",
        "People who collaborate on your songs. Each person counts once per song.",
        {events.CollaboratorAdded: up, events.CollaboratorRemoved: down},
        sources.collaborations(Collaboration.owner_id, Collaboration.user_id),
    ),
    Metric(
        "collaborations_joined",
        "song",
        "songs",
        "Other people's songs you collaborate on.",
        {events.CollaborationJoined: up, events.CollaborationLeft: down},
        sources.collaborations(Collaboration.user_id, Collaboration.owner_id),
    ),
    Metric(
        "total_spotify_imports",
        "playlist",
        "playlists",
        "Different Spotify playlists you imported that added at least one song. A file counts if it"
        " identifies Spotify tracks.",
        {events.PlaylistImported: up, events.PlaylistUnimported: down},
        sources.playlists(),
    ),
    Metric(
        "total_feature_requests",
        "request",
        "requests",
        "Your feature requests, except withdrawn, rejected and duplicate ones.",
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
        "Your bug reports, except withdrawn, rejected and duplicate ones.",
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
        "Your longest daily visit streak, in your time zone.",
        {events.Visited: from_payload("longest")},
        sources.record_days(),
    ),
    Metric(
        "distinct_artists",
        "artist",
        "artists",
        "Different artists among your released songs. Case, accents and “The” are ignored.",
        changed_by={},
        rows=sources.distinct("artist", Song.artist.expression),
        distinct="artist",
    ),
    Metric(
        "distinct_years",
        "year",
        "years",
        "Different years among your released songs.",
        changed_by={},
        rows=sources.distinct("year", sa.cast(Song.year, sa.Text)),
        distinct="year",
    ),
    Metric(
        "distinct_decades",
        "decade",
        "decades",
        "Different decades among your released songs.",
        changed_by={},
        rows=sources.distinct("decade", sa.cast(distinct_values.DECADE, sa.Text) + "s"),
        distinct="decade",
    ),
    Metric(
        "total_achievements",
        "achievement",
        "achievements",
        "The other achievements in this list that you've earned.",
        of_awards("counts"),
        sources.unlocked(),
    ),
)
BY_NAME = {metric.name: metric for metric in METRICS}
DISTINCT = {metric.distinct: metric.name for metric in METRICS if metric.distinct}

# For a metric that is the longest of something: the column with the current one.
CURRENT = {"login_streak": "current_streak"}

# A sum without thresholds: updated like a metric, recounted apart.
TOTAL_POINTS = "total_points"
DELTAS: dict[EventType, list[tuple[str, Amount]]] = {}
for _metric in METRICS:
    for _event_type, _amount in _metric.changed_by.items():
        DELTAS.setdefault(_event_type, []).append((_metric.name, _amount))
for _event_type, _amount in of_awards("points").items():
    DELTAS[_event_type].append((TOTAL_POINTS, _amount))
DELTAS[CategoryCompleted] = [(TOTAL_POINTS, from_payload("points"))]

# Events about many rows, for which recounting is cheaper than applying deltas.
RECOUNTED = frozenset({events.SongsImported, events.SongsUnimported, events.ImportUndone})


def assigned_columns(event: Event) -> dict[str, Any]:
    """Return the columns that an event assigns: they hold the latest value, they do not count."""
    visit = event.payload
    if not isinstance(visit, events.Visited):
        return {}
    return {"last_login_date": visit.day, "current_streak": visit.run}
