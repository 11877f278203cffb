"""Figures of the whole community, counted by a job: statistics, trends, the most active.

No page counts over a whole table: it reads what was counted last, with the time of the count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.catalogue.entries import BUILT_IN
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.achievements.standings.windows import Span, midnight, window_of
from trackflow_web.community import activity, trends
from trackflow_web.community.models import Report
from trackflow_web.domain.authoring.models import SongPart
from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.models import User, Visit
from trackflow_web.domain.series.models import Series
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, upsert

if TYPE_CHECKING:
    from collections.abc import Iterator

WINDOW = timedelta(days=30)
# Where counting takes no time, it is done more often.
FEW_SONGS = 20_000
OFTEN = timedelta(minutes=5)

_NOT_IMPORTED = sa.or_(Song.import_id.is_(None), Song.created_at != Song.released_at)


class ReportKind(StrEnum):
    """What is counted."""

    STATS = "stats"
    TRENDING = "trending"
    ACTIVE = "active"


EVERY = {
    ReportKind.STATS: timedelta(hours=6),
    ReportKind.TRENDING: timedelta(hours=6),
    ReportKind.ACTIVE: timedelta(minutes=30),
}


@dataclass(frozen=True)
class Figure:
    """A number of the community and what it is a part of; `of` is None for a plain count."""

    key: str
    value: int
    of: int | None = None


def due() -> list[ReportKind]:
    """Return what is to be counted again."""
    now = clock.now()
    rows = db.session.execute(
        sa.select(Report.kind, sa.func.max(Report.made_at)).group_by(Report.kind)
    )
    made: dict[str, datetime] = dict(rows.all())
    few = _is_small()
    return [
        kind
        for kind, every in EVERY.items()
        if kind not in made or now - made[kind] >= (OFTEN if few else every)
    ]


def make(kind: ReportKind) -> None:
    """Count a report and store it as that of today."""
    now = clock.now()
    statement = upsert(Report).values(
        kind=kind, day=now.date(), data=_COUNT[kind](now), made_at=now
    )
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=[Report.kind, Report.day],
            set_={"data": statement.excluded.data, "made_at": statement.excluded.made_at},
        )
    )
    if kind is not ReportKind.STATS:  # only the latest is read
        db.session.execute(sa.delete(Report).where(Report.kind == kind, Report.day < now.date()))


def latest_of_all() -> dict[str, Report]:
    """Return what was counted last, of every kind, in one statement."""
    return {row.kind: row for row in db.session.scalars(_LATEST)}


_NEWEST = (
    sa.select(Report.kind, sa.func.max(Report.day).label("day")).group_by(Report.kind).subquery()
)
_LATEST = sa.select(Report).join(
    _NEWEST, sa.and_(_NEWEST.c.kind == Report.kind, _NEWEST.c.day == Report.day)
)


def _is_small() -> bool:
    return (db.session.scalar(sa.select(sa.func.max(Song.id))) or 0) < FEW_SONGS


def _count(*which: sa.ColumnElement[bool], table: Any) -> int:  # noqa: ANN401 -- any table
    return db.session.scalar(sa.select(sa.func.count()).select_from(table).where(*which)) or 0


# --- statistics ----------------------------------------------------------------------------------


def _stats(now: datetime) -> dict[str, Any]:
    return {"figures": [[each.key, each.value, each.of] for each in _figures(now)]}


def _figures(now: datetime) -> Iterator[Figure]:
    members = _count(User.banned_at.is_(None), table=User)
    month = (now - WINDOW).date()
    active = db.session.scalar(
        sa.select(sa.func.count(sa.distinct(Visit.user_id))).where(Visit.day >= month)
    )
    yield Figure("active_members", active or 0, members)
    released = Song.status == Status.RELEASED
    songs, releases = _count(table=Song), _count(released, table=Song)
    yield Figure("released_songs", releases, songs)
    yield Figure("authored_songs", _count(Song.authored_at.is_not(None), table=Song), songs)
    joint = sa.exists().where(Collaboration.song_id == Song.id)
    yield Figure("joint_releases", _count(released, joint, table=Song), releases)
    week = midnight(window_of(Span.WEEK, now.date()).start)
    yield Figure("releases_this_week", _count(Song.released_at >= week, _NOT_IMPORTED, table=Song))
    # Those of imported chart files were done some time before, by nobody that is known.
    done = SongPart.done_by.is_not(None), SongPart.first_done_at >= week
    yield Figure("parts_this_week", _count(*done, table=SongPart))
    yield Figure(
        "complete_packs", _count(Pack.completed_at.is_not(None), table=Pack), _count(table=Pack)
    )
    complete = _count(Series.completed_at.is_not(None), table=Series)
    yield Figure("complete_albums", complete, _count(table=Series))
    yield Figure("awards", _count(UserAchievement.revoked_at.is_(None), table=UserAchievement))
    earned = db.session.scalar(
        sa.select(sa.func.count(sa.distinct(UserAchievement.achievement_id))).where(
            UserAchievement.revoked_at.is_(None)
        )
    )
    yield Figure("achievements_ever_earned", min(earned or 0, len(BUILT_IN)), len(BUILT_IN))


_COUNT = {
    ReportKind.STATS: _stats,
    ReportKind.TRENDING: trends.count,
    ReportKind.ACTIVE: activity.count,
}
