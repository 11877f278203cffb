"""Source rows: one SELECT per metric.

Each has `user_id` (whose), `at` (since when), `label`, `subject_type` and `subject_id` (what), and
`imported`: it counts, but not as work of the time at which it was imported or backfilled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.catalogue import entries
from trackflow_web.achievements.metrics import distinct_values
from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.feedback.models import Feedback
from trackflow_web.domain.feedback.rules import Kind
from trackflow_web.domain.imports.models import ImportedPlaylist
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.models import User, Visit
from trackflow_web.domain.series.models import Series
from trackflow_web.domain.songs.models import Milestone, Song

if TYPE_CHECKING:
    from sqlalchemy.orm import InstrumentedAttribute

Rows = sa.Select[*tuple[Any, ...]]

_SONG_LABEL = (Song.title + " \N{EM DASH} " + Song.artist).label("label")
_BY_HAND = sa.false().label("imported")


def by_import(at: Any) -> sa.ColumnElement[bool]:  # noqa: ANN401 -- a column of a song's times
    """Return whether a song reached something by the import that added it."""
    return sa.and_(Song.import_id.is_not(None), Song.created_at == at)


def songs(at: InstrumentedAttribute[Any]) -> Rows:
    """Select songs by the time in a column; those without one are left out."""
    return sa.select(
        Song.user_id.label("user_id"),
        at.label("at"),
        _SONG_LABEL,
        sa.literal("song").label("subject_type"),
        Song.id.label("subject_id"),
        by_import(at).label("imported"),
    ).where(at.is_not(None))


def reached(milestone: Milestone) -> Rows:
    """Select songs that reached a milestone."""
    return songs(getattr(Song, f"{milestone}_at"))


def packs(at: InstrumentedAttribute[Any]) -> Rows:
    """Select packs by the time in a column; those without one are left out."""
    return sa.select(
        Pack.user_id.label("user_id"),
        at.label("at"),
        Pack.name.label("label"),
        sa.literal("pack").label("subject_type"),
        Pack.id.label("subject_id"),
        _BY_HAND,
    ).where(at.is_not(None))


def series(at: InstrumentedAttribute[Any]) -> Rows:
    """Select album series by the time in a column; those without one are left out."""
    return sa.select(
        Series.user_id.label("user_id"),
        at.label("at"),
        (Series.album + " \N{EM DASH} " + Series.artist).label("label"),
        sa.literal("series").label("subject_type"),
        Series.id.label("subject_id"),
        _BY_HAND,
    ).where(at.is_not(None))


def collaborations(whose: InstrumentedAttribute[int], other: InstrumentedAttribute[int]) -> Rows:
    """Select collaborations as those of `whose`, labelled with the `other` user."""
    return (
        sa.select(
            whose.label("user_id"),
            Collaboration.created_at.label("at"),
            (Song.title + " \N{EM DASH} with " + User.username).label("label"),
            sa.literal("song").label("subject_type"),
            Collaboration.song_id.label("subject_id"),
            _BY_HAND,
        )
        .join(Song, Song.id == Collaboration.song_id)
        .join(User, User.id == other)
    )


def distinct(kind: str, label: sa.ColumnElement[Any]) -> Rows:
    """Select distinct values of released songs, each by the first song with it."""
    value = distinct_values.VALUE_OF_KIND[kind]
    nth = sa.func.row_number().over(
        partition_by=(Song.user_id, value), order_by=(Song.released_at, Song.id)
    )
    released = (
        sa.select(
            Song.user_id,
            Song.released_at,
            Song.id,
            label.label("label"),
            by_import(Song.released_at).label("imported"),
            nth.label("nth"),
        )
        .where(Song.released_at.is_not(None), value.is_not(None))
        .subquery()
    )
    return sa.select(
        released.c.user_id.label("user_id"),
        released.c.released_at.label("at"),
        released.c.label.label("label"),
        sa.literal(kind).label("subject_type"),
        released.c.id.label("subject_id"),
        released.c.imported.label("imported"),
    ).where(released.c.nth == 1)


def record_days() -> Rows:
    """Select the days that made a user's longest streak longer: their number is its length."""
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
        _BY_HAND,
    ).where(days.c.run > sa.func.coalesce(days.c.best_before, 0))


def feedback(kind: Kind) -> Rows:
    """Select requests or reports that count."""
    return sa.select(
        Feedback.user_id.label("user_id"),
        Feedback.counted_at.label("at"),
        Feedback.title.label("label"),
        sa.literal(kind.value).label("subject_type"),
        Feedback.id.label("subject_id"),
        _BY_HAND,
    ).where(Feedback.kind == kind, Feedback.counted_at.is_not(None))


def playlists() -> Rows:
    """Select distinct playlists that were imported."""
    return sa.select(
        ImportedPlaylist.user_id.label("user_id"),
        ImportedPlaylist.at.label("at"),
        ImportedPlaylist.name.label("label"),
        sa.literal("import").label("subject_type"),
        ImportedPlaylist.import_id.label("subject_id"),
        _BY_HAND,
    )


def unlocked() -> Rows:
    """Select the awards that count for the completionist: none retired or revoked."""
    return (
        sa.select(
            UserAchievement.user_id.label("user_id"),
            UserAchievement.earned_at.label("at"),
            Achievement.name.label("label"),
            sa.literal("achievement").label("subject_type"),
            Achievement.id.label("subject_id"),
            UserAchievement.backfilled.label("imported"),
        )
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(
            Achievement.kind == entries.Kind.BUILTIN,
            Achievement.retired_at.is_(None),
            Achievement.code != entries.COMPLETIONIST,
            UserAchievement.revoked_at.is_(None),
        )
    )
