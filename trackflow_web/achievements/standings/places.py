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
from trackflow_web.kernel.database import UTCDateTime, db

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

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


@dataclass(frozen=True)
class _Position:
    """Where a row is in the order."""

    score: int
    reached_at: datetime
    user_id: int

    @classmethod
    def of(cls, score: int, microseconds: int, user_id: int) -> _Position:
        """Return the position that a cursor names."""
        return cls(score, _EPOCH + timedelta(microseconds=microseconds), user_id)

    def ranges(self, backwards: bool, itself: bool) -> list[sa.ColumnElement[bool]]:  # noqa: FBT001 -- one caller
        """Return the conditions of equal scores and of others before or behind this row."""
        table = LeaderboardScore
        row = sa.tuple_(table.reached_at, table.user_id)
        here = sa.tuple_(
            sa.literal(self.reached_at, UTCDateTime()), sa.literal(self.user_id, sa.BigInteger())
        )
        equal = table.score == self.score
        if backwards:
            return [sa.and_(equal, row < here), table.score > self.score]
        behind = row >= here if itself else row > here
        return [sa.and_(equal, behind), table.score < self.score]


def of_open(kind: Score, window: Window, viewer_id: int | None) -> Order:
    """Return the order of a period that is not closed."""
    return _Scores(kind, window, viewer_id)


class _Scores(Order):
    """The order by score, then by who reached it first, then by user id."""

    is_final = False
    most = (LARGEST_INTEGER, LATEST, LARGEST_ID)

    def __init__(self, kind: Score, window: Window, viewer_id: int | None) -> None:
        self._kind, self._window, self._viewer_id = kind, window, viewer_id
        self._users: int | None = None

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
        if self._users is None:
            self._users = totals.of(self._kind, self._window, self._count)
        return self._users

    def own(self, user_id: int) -> Place | None:
        """Count the better scores."""
        own = self._own(user_id)
        return None if own is None else Place(1 + self._better([own.score])[own.score], own.score)

    def around(self, user_id: int, rows: int) -> Sequence[Found]:
        """Read the rows on both sides of the user's own."""
        own = self._own(user_id)
        if own is None:
            return []
        position = _Position(own.score, own.reached_at, user_id)
        above = self._read(position, rows, backwards=True)
        return self._placed([*above, *self._read(position, rows + 1)])

    def after(
        self, cursor: tuple[int, ...] | None, limit: int, *, among: sa.Select[Any] | None = None
    ) -> Sequence[Found]:
        """Read behind the cursor."""
        position = None if cursor is None else _Position.of(*cursor)
        rows = self._read(position, limit, among=among, itself=False)
        if among is None:
            return self._placed(rows)
        better = self._better({row.score for row in rows})
        return [_found(row, 1 + better[row.score]) for row in rows]

    def _placed(self, rows: Sequence[Any]) -> list[Found]:
        """Return neighbouring rows with their places."""
        if not rows:
            return []
        # Of the first row and of the first one with another score; from there one counts the rows.
        start = next((at for at, row in enumerate(rows) if row.score != rows[0].score), None)
        better = self._better({rows[0].score} | ({rows[start].score} if start else set()))
        place = 1 + better[rows[0].score]
        # What was counted a minute ago may be fewer than the rows above.
        second = max(1 + better[rows[start].score], place + start) if start else 0
        found: list[Found] = []
        for at, row in enumerate(rows):
            if start and at >= start and row.score != rows[at - 1].score:
                place = second + at - start
            found.append(_found(row, place))
        return found

    def _own(self, user_id: int) -> Any:  # noqa: ANN401 -- a row or None
        return db.session.execute(
            sa.select(LeaderboardScore.score, LeaderboardScore.reached_at).where(
                self._listed(LeaderboardScore), LeaderboardScore.user_id == user_id
            )
        ).one_or_none()

    def _better(self, scores: Collection[int]) -> dict[int, int]:
        """Return how many listed scores are better than each of these."""
        ranks = totals.ranks(self._kind, self._window, self.count(), self._by_score)
        if ranks is not None:
            return {score: ranks.better_than(score) for score in scores}
        if not scores:
            return {}
        ordered = sorted(scores)
        table = LeaderboardScore
        counts = db.session.execute(
            sa.select(
                *(sa.func.count(sa.case((table.score > score, 1))) for score in ordered)
            ).where(self._listed(table), table.score > ordered[0])
        ).one()
        return dict(zip(ordered, counts, strict=True))

    def _by_score(self) -> Sequence[Any]:
        table = LeaderboardScore
        found = sa.select(table.score, sa.func.count()).where(self._listed(table))
        return db.session.execute(found.group_by(table.score)).all()

    def _count(self) -> int:
        found = sa.select(sa.func.count()).select_from(LeaderboardScore)
        return db.session.scalar(found.where(self._listed(LeaderboardScore))) or 0

    def _read(
        self,
        position: _Position | None,
        limit: int,
        *,
        backwards: bool = False,
        itself: bool = True,
        among: sa.Select[Any] | None = None,
    ) -> Sequence[Any]:
        """Read the scores next to a position from the index alone, then their users."""
        table = LeaderboardScore
        order: tuple[Any, ...] = (table.score.desc(), table.reached_at, table.user_id)
        if backwards:
            order = (table.score, table.reached_at.desc(), table.user_id.desc())
        scores = sa.select(table.user_id, table.score, table.reached_at).where(self._listed(table))
        if among is not None:
            scores = scores.where(table.user_id.in_(among))
        # Equal scores and others are two ranges of the index, each in its order: as one condition
        # the databases would read all equal scores.
        conditions = [sa.true()] if position is None else position.ranges(backwards, itself)
        ranges = [
            scores.where(each).order_by(*order).limit(limit).subquery() for each in conditions
        ]
        near = sa.union_all(*(sa.select(each) for each in ranges)).subquery()
        order = (near.c.score.desc(), near.c.reached_at, near.c.user_id)
        if backwards:
            order = (near.c.score, near.c.reached_at.desc(), near.c.user_id.desc())
        first = sa.select(near).order_by(*order).limit(limit).subquery()
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


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
