"""The numbers that achievements are given for, each declared once.

A metric is a column of `user_stats`. `moved_by` says which facts move it and by how much; `rows`
selects what counts: one row each, with whose it is (`user_id`), since when (`at`) and what
(`label`, `subject_type`, `subject_id`). From that one SELECT come the recount (how many rows), the
true date of an award noticed later (the Nth row's) and the receipt (the first N rows).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.catalogue import COMPLETIONIST
from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.feedback.models import Feedback
from trackflow_web.domain.feedback.rules import Kind
from trackflow_web.domain.imports.models import ImportedPlaylist
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.models import User, Visit
from trackflow_web.domain.series.models import Series
from trackflow_web.domain.songs.models import Milestone, Song
from trackflow_web.kernel.activity import Activity, Fact

if TYPE_CHECKING:
    from sqlalchemy.orm import InstrumentedAttribute

Amount = Callable[[Activity], int]
Rows = sa.Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class Metric:
    """One number of every user.

    `singular` and `plural` are its unit, `counts` the rule in words. A metric without `rows` has no
    domain here yet, and nothing moves it.
    """

    name: str
    singular: str
    plural: str
    counts: str
    moved_by: Mapping[Fact, Amount] = field(default_factory=dict)
    rows: Rows | None = None
    # The kind of value of which the different ones are counted; those are moved by `value_moves`.
    distinct: str = ""

    def unit(self, number: int) -> str:
        """The unit as it stands behind a number."""
        return self.singular if number == 1 else self.plural


# --- by how much a fact moves a number ---------------------------------------------------------


def up(activity: Activity) -> int:
    """One more each time it happened."""
    return activity.n


def down(activity: Activity) -> int:
    """One less each time it happened."""
    return -activity.n


def _down_if_was(milestone: Milestone) -> Amount:
    def amount(activity: Activity) -> int:
        return -1 if milestone in activity.data["was"] else 0

    return amount


def _down_if(key: str) -> Amount:
    def amount(activity: Activity) -> int:
        return -1 if activity.data[key] else 0

    return amount


def _from_data(key: str) -> Amount:
    def amount(activity: Activity) -> int:
        return int(activity.data[key])

    return amount


# --- which rows count --------------------------------------------------------------------------

_SONG_LABEL = (Song.title + " \N{EM DASH} " + Song.artist).label("label")


def _songs(at: InstrumentedAttribute[Any]) -> Rows:
    return sa.select(
        Song.user_id.label("user_id"),
        at.label("at"),
        _SONG_LABEL,
        sa.literal("song").label("subject_type"),
        Song.id.label("subject_id"),
    ).where(at.is_not(None))


def _reached(milestone: Milestone) -> Rows:
    return _songs(getattr(Song, f"{milestone}_at"))


def _packs(at: InstrumentedAttribute[Any]) -> Rows:
    return sa.select(
        Pack.user_id.label("user_id"),
        at.label("at"),
        Pack.name.label("label"),
        sa.literal("pack").label("subject_type"),
        Pack.id.label("subject_id"),
    ).where(at.is_not(None))


def _series(at: InstrumentedAttribute[Any]) -> Rows:
    return sa.select(
        Series.user_id.label("user_id"),
        at.label("at"),
        (Series.album + " \N{EM DASH} " + Series.artist).label("label"),
        sa.literal("series").label("subject_type"),
        Series.id.label("subject_id"),
    ).where(at.is_not(None))


def _collaborations(whose: InstrumentedAttribute[int], other: InstrumentedAttribute[int]) -> Rows:
    """The pairs of a song and a person, as one side of it sees them."""
    return (
        sa.select(
            whose.label("user_id"),
            Collaboration.created_at.label("at"),
            (Song.title + " \N{EM DASH} with " + User.username).label("label"),
            sa.literal("song").label("subject_type"),
            Collaboration.song_id.label("subject_id"),
        )
        .join(Song, Song.id == Collaboration.song_id)
        .join(User, User.id == other)
    )


DECADE = (Song.year - Song.year % 10).label("decade")
# What a released song adds to each kind of different values, as the ledger keeps it.
VALUE_OF_KIND: dict[str, sa.ColumnElement[Any]] = {
    "artist": Song.artist_key.expression,
    "year": sa.cast(Song.year, sa.Text),
    "decade": sa.cast(DECADE, sa.Text),
}


def _different(kind: str, label: sa.ColumnElement[Any]) -> Rows:
    value = VALUE_OF_KIND[kind]
    return (
        sa.select(
            Song.user_id.label("user_id"),
            sa.func.min(Song.released_at).label("at"),
            label.label("label"),
            sa.literal(kind).label("subject_type"),
            sa.func.min(Song.id).label("subject_id"),
        )
        .where(Song.released_at.is_not(None), value.is_not(None))
        .group_by(Song.user_id, value)
    )


def _record_days() -> Rows:
    """The days that made a user's longest row longer, so that their number is its length."""
    best_before = (
        sa.func.max(Visit.run)
        .over(partition_by=Visit.user_id, order_by=Visit.day, rows=(None, -1))
        .label("best_before")
    )
    days = sa.select(Visit.user_id, Visit.at, Visit.day, Visit.run, best_before).subquery()
    return sa.select(
        days.c.user_id.label("user_id"),
        days.c.at.label("at"),
        sa.cast(days.c.day, sa.Text).label("label"),
        sa.literal("day").label("subject_type"),
        days.c.run.label("subject_id"),
    ).where(days.c.run > sa.func.coalesce(days.c.best_before, 0))


def _feedback(kind: Kind) -> Rows:
    return sa.select(
        Feedback.user_id.label("user_id"),
        Feedback.counted_at.label("at"),
        Feedback.title.label("label"),
        sa.literal(kind.value).label("subject_type"),
        Feedback.id.label("subject_id"),
    ).where(Feedback.kind == kind, Feedback.counted_at.is_not(None))


def _playlists() -> Rows:
    return sa.select(
        ImportedPlaylist.user_id.label("user_id"),
        ImportedPlaylist.at.label("at"),
        ImportedPlaylist.name.label("label"),
        sa.literal("import").label("subject_type"),
        ImportedPlaylist.import_id.label("subject_id"),
    )


def _unlocked() -> Rows:
    return (
        sa.select(
            UserAchievement.user_id.label("user_id"),
            UserAchievement.earned_at.label("at"),
            Achievement.name.label("label"),
            sa.literal("achievement").label("subject_type"),
            Achievement.id.label("subject_id"),
        )
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(Achievement.built_in, Achievement.code != COMPLETIONIST)
    )


# --- the metrics -------------------------------------------------------------------------------

METRICS: tuple[Metric, ...] = (
    Metric(
        "total_songs",
        "song",
        "songs",
        "Your own songs, in whatever state.",
        {Fact.SONG_ADDED: up, Fact.SONG_DELETED: down},
        _songs(Song.created_at),
    ),
    Metric(
        "total_planned",
        "song",
        "songs",
        "Your own songs that have ever been in Future Plans, each once.",
        {Fact.SONG_PLANNED: up, Fact.SONG_DELETED: _down_if_was(Milestone.PLANNED)},
        _reached(Milestone.PLANNED),
    ),
    Metric(
        "total_started",
        "song",
        "songs",
        "Your own songs that have ever been in WIP, each once.",
        {Fact.SONG_STARTED: up, Fact.SONG_DELETED: _down_if_was(Milestone.STARTED)},
        _reached(Milestone.STARTED),
    ),
    Metric(
        "total_finished",
        "song",
        "songs",
        "Your own songs that went from WIP to Released, each once.",
        {Fact.SONG_FINISHED: up, Fact.SONG_DELETED: _down_if_was(Milestone.FINISHED)},
        _reached(Milestone.FINISHED),
    ),
    Metric(
        "total_released",
        "song",
        "songs",
        "Your own songs that have ever been Released, each once.",
        {Fact.SONG_RELEASED: up, Fact.SONG_DELETED: _down_if_was(Milestone.RELEASED)},
        _reached(Milestone.RELEASED),
    ),
    Metric(
        "total_authored",
        "song",
        "songs",
        "Your own songs whose 15 parts are all done or not needed, at least 5 of them done.",
        {
            Fact.SONG_AUTHORED: up,
            Fact.SONG_NO_LONGER_AUTHORED: down,
            Fact.SONG_DELETED: _down_if_was(Milestone.AUTHORED),
        },
        _reached(Milestone.AUTHORED),
    ),
    Metric(
        "total_packs",
        "pack",
        "packs",
        "Your own packs.",
        {Fact.PACK_CREATED: up, Fact.PACK_DELETED: down},
        _packs(Pack.created_at),
    ),
    Metric(
        "completed_packs",
        "pack",
        "packs",
        "Your own packs in which every song that is not optional is fully authored.",
        {
            Fact.PACK_COMPLETED: up,
            Fact.PACK_REOPENED: down,
            Fact.PACK_DELETED: _down_if("was_complete"),
        },
        _packs(Pack.completed_at),
    ),
    Metric(
        "total_series",
        "series",
        "series",
        "Your own album series.",
        {Fact.SERIES_CREATED: up, Fact.SERIES_DELETED: down},
        _series(Series.created_at),
    ),
    Metric(
        "completed_series",
        "series",
        "series",
        "Your own album series whose every relevant track is one of your released songs.",
        {
            Fact.SERIES_COMPLETED: up,
            Fact.SERIES_REOPENED: down,
            Fact.SERIES_DELETED: _down_if("was_complete"),
        },
        _series(Series.completed_at),
    ),
    Metric(
        "total_collaborations",
        "collaboration",
        "collaborations",
        "Other people on your own songs: each person once a song.",
        {Fact.COLLABORATOR_ADDED: up, Fact.COLLABORATOR_REMOVED: down},
        _collaborations(Collaboration.owner_id, Collaboration.user_id),
    ),
    Metric(
        "collaborations_joined",
        "song",
        "songs",
        "Songs of others on which you are a collaborator.",
        {Fact.COLLABORATION_JOINED: up, Fact.COLLABORATION_LEFT: down},
        _collaborations(Collaboration.user_id, Collaboration.owner_id),
    ),
    Metric(
        "total_spotify_imports",
        "playlist",
        "playlists",
        "Different playlists that you imported and that brought you a new song.",
        {Fact.PLAYLIST_IMPORTED: up, Fact.PLAYLIST_UNIMPORTED: down},
        _playlists(),
    ),
    Metric(
        "total_feature_requests",
        "request",
        "requests",
        "Your own feature requests that are not withdrawn, rejected or duplicates.",
        {
            Fact.FEATURE_REQUESTED: up,
            Fact.FEATURE_REQUEST_DROPPED: down,
            Fact.FEATURE_REQUEST_TAKEN_UP: up,
        },
        _feedback(Kind.FEATURE),
    ),
    Metric(
        "total_bug_reports",
        "report",
        "reports",
        "Your own bug reports that are not withdrawn, rejected or duplicates.",
        {Fact.BUG_REPORTED: up, Fact.BUG_REPORT_DROPPED: down, Fact.BUG_REPORT_TAKEN_UP: up},
        _feedback(Kind.BUG),
    ),
    Metric(
        "login_streak",
        "day",
        "days",
        "Your longest row of days with a visit, in your own time zone.",
        {Fact.VISITED: _from_data("longest")},
        _record_days(),
    ),
    Metric(
        "distinct_artists",
        "artist",
        "artists",
        "Different artists of your released songs; case, accents and a leading The do not count.",
        rows=_different("artist", sa.func.min(Song.artist)),
        distinct="artist",
    ),
    Metric(
        "distinct_years",
        "year",
        "years",
        "Different years of your released songs.",
        rows=_different("year", sa.cast(Song.year, sa.Text)),
        distinct="year",
    ),
    Metric(
        "distinct_decades",
        "decade",
        "decades",
        "Different decades of your released songs.",
        rows=_different("decade", sa.cast(DECADE, sa.Text) + "s"),
        distinct="decade",
    ),
    Metric(
        "total_achievements",
        "achievement",
        "achievements",
        "The other achievements of this list that you unlocked.",
        {Fact.ACHIEVEMENT_UNLOCKED: _from_data("counts")},
        _unlocked(),
    ),
)
BY_NAME = {metric.name: metric for metric in METRICS}
DISTINCT = {metric.distinct: metric.name for metric in METRICS if metric.distinct}

# Points are a sum and no threshold hangs on them: moved like a metric, recounted apart.
TOTAL_POINTS = "total_points"
MOVES: dict[Fact, list[tuple[str, Amount]]] = {}
for _metric in METRICS:
    for _fact, _amount in _metric.moved_by.items():
        MOVES.setdefault(_fact, []).append((_metric.name, _amount))
MOVES[Fact.ACHIEVEMENT_UNLOCKED].append((TOTAL_POINTS, _from_data("points")))

# Facts about so many rows at once that counting these again is cheaper than moving by each.
RECOUNTED = frozenset({Fact.SONGS_IMPORTED, Fact.SONGS_UNIMPORTED})


def gauges(activity: Activity) -> dict[str, Any]:
    """The columns that a fact sets outright: they show the latest, they do not count."""
    if activity.fact != Fact.VISITED:
        return {}
    day = date.fromisoformat(activity.data["day"])
    return {"last_login_date": day, "current_streak": activity.data["run"]}


# --- the ledger of different values ------------------------------------------------------------


def value_moves(activity: Activity) -> Iterable[tuple[str, str, int]]:
    """What a fact adds to and takes from the ledger: (kind, value, 1 or -1)."""
    data = activity.data
    if activity.fact == Fact.SONG_RELEASED:
        yield from _values(data, 1)
    elif activity.fact == Fact.SONG_DELETED and Milestone.RELEASED in data["was"]:
        yield from _values(data, -1)
    elif activity.fact == Fact.SONG_EDITED and Milestone.RELEASED in data["was"]:
        yield from _values(data["before"], -1)
        yield from _values(data, 1)


def _values(song: Mapping[str, Any], sign: int) -> Iterable[tuple[str, str, int]]:
    yield "artist", song["artist_key"], sign
    if song["year"] is not None:
        yield "year", str(song["year"]), sign
        yield "decade", str(song["year"] - song["year"] % 10), sign
