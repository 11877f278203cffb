"""Places in a period that is open: counted from the scores by one index."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.models import UserStats
from trackflow_web.achievements.standings import totals
from trackflow_web.achievements.standings.models import LeaderboardScore
from trackflow_web.domain.people.models import User
from trackflow_web.domain.visibility import visible_to
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.achievements.standings.windows import Score, Window

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = (datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
LARGEST_INTEGER, LARGEST_ID = 2**31 - 1, 2**63 - 1


def user_columns(viewer_id: int | None) -> tuple[sa.ColumnElement[Any], ...]:
    """Return what is read of the user of a row, and whether the viewer may see them."""
    return (
        User.username.label("username"),
        visible_to(viewer_id).label("is_visible"),
        sa.func.coalesce(UserStats.total_points, 0).label("points"),
        sa.func.coalesce(UserStats.level_best, 1).label("level_best"),
    )


@dataclass(frozen=True)
class Found:
    """A user's row with the place in the full leaderboard; the next row is behind `cursor`."""

    user_id: int
    username: str
    is_visible: bool
    points: int
    level_best: int
    score: int
    place: int
    cursor: str


@dataclass(frozen=True)
class Place:
    """A user's own place and score."""

    place: int
    score: int


class Order(ABC):
    """The order of the users in one period of a leaderboard."""

    is_final: bool
    # The numbers of a cursor, each with the largest that the databases can compare with its column.
    most: tuple[int, ...]

    @abstractmethod
    def count(self) -> int:
        """Return how many users have a place."""

    @abstractmethod
    def own(self, user_id: int) -> Place | None:
        """Return the place of a user, if there is one."""

    @abstractmethod
    def around(self, user_id: int, rows: int) -> Sequence[Found]:
        """Return a user's row with so many before and behind it; none without a place."""

    @abstractmethod
    def after(
        self, cursor: tuple[int, ...] | None, limit: int, *, among: sa.Select[Any] | None = None
    ) -> Sequence[Found]:
        """Return the rows behind a cursor, only those of some users if these are given."""


def of_open(kind: Score, window: Window, viewer_id: int | None) -> Order:
    """Return the order of a period that is not closed."""
    return _Scores(kind, window, viewer_id)


class _Scores(Order):
    """The order by score, then by who reached it first, then by user id."""

    is_final = False
    most = (LARGEST_INTEGER, LATEST, LARGEST_ID)

    def __init__(self, kind: Score, window: Window, viewer_id: int | None) -> None:
        self._kind, self._window, self._viewer_id = kind, window, viewer_id

    def _listed(self, table: type[LeaderboardScore]) -> sa.ColumnElement[bool]:
        # As the index has it: SQLite does not take `listed = 1` for its condition.
        selectable: Any = sa.inspect(table).selectable
        name = selectable.name
        return sa.and_(
            table.kind == self._kind,
            table.span == self._window.span,
            table.start == self._window.start,
            sa.literal_column(f"{name}.listed"),
        )

    def count(self) -> int:
        """Count the listed scores; a large number may be a minute old."""
        return totals.of(self._kind, self._window, lambda: self._count(sa.true()))

    def own(self, user_id: int) -> Place | None:
        """Count the better scores."""
        other = sa.orm.aliased(LeaderboardScore, name="better_scores")
        better = (
            sa.select(sa.func.count())
            .where(self._listed(other), other.score > LeaderboardScore.score)
            .scalar_subquery()
        )
        row = db.session.execute(
            sa.select(LeaderboardScore.score, better.label("better")).where(
                self._listed(LeaderboardScore), LeaderboardScore.user_id == user_id
            )
        ).one_or_none()
        return None if row is None else Place(1 + row.better, row.score)

    def around(self, user_id: int, rows: int) -> Sequence[Found]:
        """Read the rows on both sides of the user's own."""
        own = db.session.execute(
            sa.select(LeaderboardScore.score, LeaderboardScore.reached_at).where(
                self._listed(LeaderboardScore), LeaderboardScore.user_id == user_id
            )
        ).one_or_none()
        if own is None:
            return []
        above = _is_before(own.score, own.reached_at, user_id)
        behind = _is_from(own.score, own.reached_at, user_id)
        before = self._read(above, rows, backwards=True)
        return self._placed([*before, *self._read(behind, rows + 1)])

    def after(
        self, cursor: tuple[int, ...] | None, limit: int, *, among: sa.Select[Any] | None = None
    ) -> Sequence[Found]:
        """Read behind the cursor."""
        behind = sa.true() if cursor is None else _is_behind(*cursor)
        if among is None:
            return self._placed(self._read(behind, limit))
        rows = self._read(sa.and_(behind, LeaderboardScore.user_id.in_(among)), limit)
        return [_found(row, self._place(row.score)) for row in rows]

    def _placed(self, rows: Sequence[Any]) -> list[Found]:
        """Return neighbouring rows with their places, counted once."""
        if not rows:
            return []
        found: list[Found] = []
        first = rows[0]
        is_better = sa.case((LeaderboardScore.score > first.score, 1))
        ahead, better = db.session.execute(
            sa.select(sa.func.count(), sa.func.count(is_better)).where(
                self._listed(LeaderboardScore),
                _is_before(first.score, first.reached_at, first.user_id),
            )
        ).one()
        place = 1 + better
        for at, row in enumerate(rows):
            if at and row.score != rows[at - 1].score:
                place = ahead + at + 1
            found.append(_found(row, place))
        return found

    def _place(self, score: int) -> int:
        return 1 + self._count(LeaderboardScore.score > score)

    def _count(self, condition: sa.ColumnElement[bool]) -> int:
        found = sa.select(sa.func.count()).select_from(LeaderboardScore)
        return db.session.scalar(found.where(self._listed(LeaderboardScore), condition)) or 0

    def _read(
        self, condition: sa.ColumnElement[bool], limit: int, *, backwards: bool = False
    ) -> Sequence[Any]:
        """Read the first scores from the index alone, then their users."""
        table = LeaderboardScore
        order: tuple[Any, ...] = (
            table.score.desc(),
            table.reached_at,
            table.user_id,
        )
        if backwards:
            order = (table.score, table.reached_at.desc(), table.user_id.desc())
        first = (
            sa.select(table.user_id, table.score, table.reached_at)
            .where(self._listed(table), condition)
            .order_by(*order)
            .limit(limit)
            .subquery()
        )
        rows = db.session.execute(
            sa.select(first, *user_columns(self._viewer_id))
            .join(User, User.id == first.c.user_id)
            .outerjoin(UserStats, UserStats.user_id == first.c.user_id)
            .order_by(first.c.score.desc(), first.c.reached_at, first.c.user_id)
        )
        return rows.all()


def _found(row: Any, place: int) -> Found:  # noqa: ANN401 -- a row of several columns
    return Found(
        user_id=row.user_id,
        username=row.username,
        is_visible=bool(row.is_visible),
        points=row.points,
        level_best=row.level_best,
        score=row.score,
        place=place,
        cursor=f"{row.score}-{_microseconds(row.reached_at)}-{row.user_id}",
    )


# The score comes first in these conditions, so that the databases read a range of the index.


def _is_before(score: int, reached_at: datetime, user_id: int) -> sa.ColumnElement[bool]:
    """Return the condition of rows that come before this one."""
    table = LeaderboardScore
    earlier = sa.or_(
        table.reached_at < reached_at,
        sa.and_(table.reached_at == reached_at, table.user_id < user_id),
    )
    return sa.and_(table.score >= score, sa.or_(table.score > score, earlier))


def _is_from(score: int, reached_at: datetime, user_id: int) -> sa.ColumnElement[bool]:
    """Return the condition of this row and those that come after it."""
    table = LeaderboardScore
    later = sa.or_(
        table.reached_at > reached_at,
        sa.and_(table.reached_at == reached_at, table.user_id >= user_id),
    )
    return sa.and_(table.score <= score, sa.or_(table.score < score, later))


def _is_behind(score: int, microseconds: int, user_id: int) -> sa.ColumnElement[bool]:
    table = LeaderboardScore
    reached_at = _EPOCH + timedelta(microseconds=microseconds)
    itself = sa.and_(table.score == score, table.user_id == user_id)
    return sa.and_(_is_from(score, reached_at, user_id), sa.not_(itself))


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
