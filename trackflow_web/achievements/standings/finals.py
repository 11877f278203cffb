"""Closed periods: 48 hours after the end the places are stored and never change again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.models import UserStats
from trackflow_web.achievements.standings.models import (
    LeaderboardClosing,
    LeaderboardFinal,
    LeaderboardScore,
)
from trackflow_web.achievements.standings.places import Found, Order, Place, user_columns
from trackflow_web.achievements.standings.windows import Score, Span, window_of
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, upsert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.achievements.standings.windows import Window

# Places that are kept; how many took part is kept, too.
MOST_KEPT = 1_000
# Scores of a closed period that one unit of work deletes.
SCORES_A_STEP = 1_000


def of_closed(kind: Score, window: Window, viewer_id: int | None) -> Order | None:
    """Return the order of a closed period; None for one that is not closed."""
    if not window.is_final(clock.now()):
        return None
    closing = db.session.get(LeaderboardClosing, (kind.value, window.span.value, window.start))
    if closing is not None:
        return _Finals(kind, window, viewer_id, closing.users)
    # One in which nobody scored is never stored.
    return None if _has_scores(kind, window) else _Finals(kind, window, viewer_id, 0)


def last_places(kind: Score, window: Window, rows: Sequence[Found]) -> dict[int, int]:
    """Return the places that these users had in the last closed period before this one."""
    if window.span is Span.ALL or not rows:
        return {}
    last = (
        sa.select(sa.func.max(LeaderboardClosing.start))
        .where(
            LeaderboardClosing.kind == kind,
            LeaderboardClosing.span == window.span,
            LeaderboardClosing.start < window.start,
        )
        .scalar_subquery()
    )
    found = db.session.execute(
        sa.select(LeaderboardFinal.user_id, LeaderboardFinal.place).where(
            LeaderboardFinal.kind == kind,
            LeaderboardFinal.span == window.span,
            LeaderboardFinal.start == last,
            LeaderboardFinal.user_id.in_([row.user_id for row in rows]),
        )
    )
    return {row.user_id: row.place for row in found}


class _Finals(Order):
    """The stored places of a closed period."""

    is_final = True
    most = (MOST_KEPT,)

    def __init__(self, kind: Score, window: Window, viewer_id: int | None, users: int) -> None:
        self._users, self._viewer_id = users, viewer_id
        self._of_period = sa.and_(
            LeaderboardFinal.kind == kind,
            LeaderboardFinal.span == window.span,
            LeaderboardFinal.start == window.start,
        )

    def count(self) -> int:
        """Return how many took part."""
        return self._users

    def own(self, user_id: int) -> Place | None:
        """Look the place up."""
        row = self._own(user_id)
        return Place(row.place, row.score) if row else None

    def around(self, user_id: int, rows: int) -> Sequence[Found]:
        """Read the positions around the user's own."""
        own = self._own(user_id)
        if own is None:
            return []
        near = LeaderboardFinal.position.between(own.position - rows, own.position + rows)
        return self._read(near, 2 * rows + 1)

    def after(
        self, cursor: tuple[int, ...] | None, limit: int, *, among: sa.Select[Any] | None = None
    ) -> Sequence[Found]:
        """Read behind a position."""
        last = cursor[0] if cursor else 0
        behind = LeaderboardFinal.position > last
        if among is not None:
            behind = sa.and_(behind, LeaderboardFinal.user_id.in_(among))
        return self._read(behind, limit)

    def _own(self, user_id: int) -> Any:  # noqa: ANN401 -- a row or None
        return db.session.execute(
            sa.select(
                LeaderboardFinal.position, LeaderboardFinal.place, LeaderboardFinal.score
            ).where(self._of_period, LeaderboardFinal.user_id == user_id)
        ).one_or_none()

    def _read(self, condition: sa.ColumnElement[bool], limit: int) -> list[Found]:
        """Read rows in their order; those of deleted accounts leave a gap."""
        final = LeaderboardFinal
        rows = db.session.execute(
            sa.select(
                final.user_id,
                final.position,
                final.place,
                final.score,
                *user_columns(self._viewer_id),
            )
            .join(User, User.id == final.user_id)
            .outerjoin(UserStats, UserStats.user_id == final.user_id)
            .where(self._of_period, condition)
            .order_by(final.position)
            .limit(limit)
        )
        return [
            Found(
                user_id=row.user_id,
                username=row.username,
                is_visible=bool(row.is_visible),
                points=row.points,
                level_best=row.level_best,
                score=row.score,
                place=row.place,
                cursor=str(row.position),
            )
            for row in rows
        ]


# --- closing -------------------------------------------------------------------------------------


def close_ended() -> int:
    """Close all periods that ended 48 hours ago, in the running transaction; return how many."""
    closed = 0
    while (ended := next_ended()) is not None:
        close(*ended)
        while delete_scores(*ended):
            pass
        closed += 1
    return closed


def next_ended() -> tuple[Score, Window] | None:
    """Return a period that ended 48 hours ago and still has scores."""
    now = clock.now()
    for kind in Score:
        for span in Span:
            ended = _earliest(kind, span)
            if ended is not None and ended.is_final(now):
                return kind, ended
    return None


def _earliest(kind: Score, span: Span) -> Window | None:
    """Return the earliest period that has scores."""
    table = LeaderboardScore
    start = db.session.scalar(
        sa.select(sa.func.min(table.start)).where(table.kind == kind, table.span == span)
    )
    return None if start is None else window_of(span, start)


def close(kind: Score, window: Window) -> None:
    """Store the places of a period, once; from then on pages show these."""
    table = LeaderboardScore
    users = db.session.scalar(
        sa.select(sa.func.count()).select_from(table).where(_of(kind, window), table.listed)
    )
    created = db.session.execute(
        upsert(LeaderboardClosing)
        .values(
            kind=kind,
            span=window.span,
            start=window.start,
            users=users or 0,
            closed_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(LeaderboardClosing.users)
    ).one_or_none()
    if created is not None:
        _store_places(kind, window)


def _store_places(kind: Score, window: Window) -> None:
    """Store the first places: a range of the index, however many took part."""
    table = LeaderboardScore
    first = (
        sa.select(table.kind, table.span, table.start, table.user_id, table.score, table.reached_at)
        .where(_of(kind, window), table.listed)
        .order_by(table.score.desc(), table.reached_at, table.user_id)
        .limit(MOST_KEPT)
        .subquery()
    )
    order = (first.c.score.desc(), first.c.reached_at, first.c.user_id)
    placed = sa.select(
        first.c.kind,
        first.c.span,
        first.c.start,
        sa.func.row_number().over(order_by=order).label("position"),
        sa.func.rank().over(order_by=first.c.score.desc()).label("place"),
        first.c.user_id,
        first.c.score,
    ).order_by(*order)
    columns = ["kind", "span", "start", "position", "place", "user_id", "score"]
    db.session.execute(upsert(LeaderboardFinal).from_select(columns, placed))


def delete_scores(kind: Score, window: Window) -> bool:
    """Delete some scores of a closed period, which nothing reads; return whether there are more."""
    table = LeaderboardScore
    some = sa.select(table.user_id).where(_of(kind, window)).limit(SCORES_A_STEP)
    gone = db.session.scalars(
        sa.delete(table)
        .where(_of(kind, window), table.user_id.in_(some))
        .returning(table.user_id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(gone) >= SCORES_A_STEP


def _of(kind: Score, window: Window) -> sa.ColumnElement[bool]:
    table = LeaderboardScore
    return sa.and_(table.kind == kind, table.span == window.span, table.start == window.start)


def _has_scores(kind: Score, window: Window) -> bool:
    table = LeaderboardScore
    found = sa.select(table.user_id).where(_of(kind, window))
    return db.session.scalar(found.limit(1)) is not None
