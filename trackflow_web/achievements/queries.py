"""Reading numbers and awards for the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements.awards.public_badges import Badge
from trackflow_web.achievements.catalogue import registry as catalogue
from trackflow_web.achievements.metrics import registry as metrics
from trackflow_web.achievements.models import (
    UNFINISHED_RUNS,
    Achievement,
    RecheckRun,
    UserAchievement,
    UserStats,
)
from trackflow_web.achievements.progress import next_up
from trackflow_web.achievements.progress.next_up import Opening
from trackflow_web.domain.authoring import statistics as authoring
from trackflow_web.domain.packs import queries as packs
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

RUNS_SHOWN = 20
# What a receipt's line is about when its id is a song's.
SONGS = frozenset({"song", "artist", "year", "decade"})
NUMBERS = (*metrics.BY_NAME, metrics.TOTAL_POINTS, "current_streak")

# What every achievements page asks, put together once: that takes longer than the answer.
_USER_ID: sa.BindParameter[int] = sa.bindparam("user_id")
_NUMBERS = sa.select(
    UserStats.__table__.c.last_login_date, *(UserStats.__table__.c[name] for name in NUMBERS)
).where(UserStats.__table__.c.user_id == _USER_ID)
# Days between two dates in any zones after which no streak goes on without a visit between.
LONGEST_BETWEEN_VISITS = 2
_CATALOGUE, _AWARDS = Achievement.__table__, UserAchievement.__table__
_EARNED = (
    sa.select(_CATALOGUE.c.code, _AWARDS.c.earned_at)
    .join_from(_AWARDS, _CATALOGUE, _CATALOGUE.c.id == _AWARDS.c.achievement_id)
    .where(_AWARDS.c.user_id == _USER_ID, _AWARDS.c.revoked_at.is_(None))
)
_NEAREST = {next_up.SONGS: authoring.fewest_parts, next_up.PACKS: packs.fewest_parts}
_OPENINGS = sa.union_all(
    *(
        sa.select(
            sa.literal(metric).label("metric"),
            fewest_parts(_USER_ID, sa.bindparam(metric)).subquery(),
        )
        for metric, fewest_parts in _NEAREST.items()
    )
)


@dataclass(frozen=True)
class Receipt:
    """One thing that counted: what, which and since when; `imported` when an import made it so."""

    label: str
    subject_type: str
    subject_id: int
    at: datetime
    imported: bool


def numbers_of(user_id: int) -> dict[str, int]:
    """The user's numbers by metric, points and streaks included; 0 for who has none yet."""
    row = db.session.execute(_NUMBERS, {"user_id": user_id}).one_or_none()
    if row is None:
        return dict.fromkeys(NUMBERS, 0)
    last_day, *found = row
    numbers = dict(zip(NUMBERS, found, strict=True))
    # Stored is what the last visit made of it; whoever stays away has none, visit or not.
    if last_day is None or (clock.now().date() - last_day).days > LONGEST_BETWEEN_VISITS:
        numbers["current_streak"] = 0
    return numbers


def earned_by(user_id: int) -> dict[str, datetime]:
    """When the user earned what, by code; without what was revoked."""
    return dict(db.session.execute(_EARNED, {"user_id": user_id}).all())


def badges_of(user_id: int, *, hidden_too: bool) -> list[Badge]:
    """What the user earned, newest first; to everybody else only what they show.

    One that was retired is kept by who earned it, and its points with it; one that was revoked is
    not.
    """
    found = (
        sa.select(
            Achievement.code,
            UserAchievement.earned_at,
            UserAchievement.points,
            UserAchievement.pin,
        )
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(UserAchievement.user_id == user_id, UserAchievement.revoked_at.is_(None))
        .order_by(UserAchievement.earned_at.desc(), Achievement.position)
    )
    if not hidden_too:
        found = found.where(UserAchievement.is_public)
    rows = db.session.execute(found).all()
    entries = catalogue.entries_of([row.code for row in rows])
    return [Badge(entries[row.code], row.earned_at, row.points, row.pin) for row in rows]


def openings(user_id: int, needed: Mapping[str, int]) -> list[Opening]:
    """The songs and packs with the fewest open parts, as many of each metric as are needed."""
    if not needed:
        return []
    wanted = {metric: needed.get(metric, 0) for metric in _NEAREST}
    return [Opening(*row) for row in db.session.execute(_OPENINGS, {"user_id": user_id, **wanted})]


def receipt(user_id: int, metric: str, limit: int) -> Sequence[Receipt]:
    """The first `limit` things of the user that count for a metric, oldest first."""
    rows = metrics.BY_NAME[metric].rows
    counted = rows.where(rows.selected_columns.user_id == user_id).subquery()
    found = (
        sa.select(counted.c.label, counted.c.subject_type, counted.c.subject_id, counted.c.at)
        .order_by(counted.c.at, counted.c.subject_id)
        .limit(limit)
    )
    rows_found = db.session.execute(found).all()
    imported = _imported_songs([row.subject_id for row in rows_found if row.subject_type in SONGS])
    return [
        Receipt(
            *row,
            imported=row.subject_type == "import"
            or (row.subject_type in SONGS and imported.get(row.subject_id) == row.at),
        )
        for row in rows_found
    ]


def _imported_songs(song_ids: Sequence[int]) -> dict[int, datetime]:
    """Return when these songs were imported, by id; without those that were not."""
    found = sa.select(Song.id, Song.created_at).where(
        Song.id.in_(song_ids), Song.import_id.is_not(None)
    )
    return dict(db.session.execute(found).all())


def latest_award_id() -> int:
    """The id of the award that was given last; 0 before the first.

    How many there are takes counting them; this is one look into an index, and never goes back
    while the site runs.
    """
    return db.session.scalar(sa.select(sa.func.max(UserAchievement.id))) or 0


def ids() -> dict[str, int]:
    """The id of every achievement by code."""
    return catalogue.ids()


def recheck_runs() -> Sequence[RecheckRun]:
    """The latest rechecks that have ended, newest first."""
    ended = RecheckRun.state.not_in(UNFINISHED_RUNS)
    return db.session.scalars(
        sa.select(RecheckRun).where(ended).order_by(RecheckRun.id.desc()).limit(RUNS_SHOWN)
    ).all()
