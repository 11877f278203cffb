"""Scores by user and period: raised by events, recounted where something was taken away.

What an event adds needs no count: the upsert adds it to the present week, month and year and to
all time, in one statement for everything that an action changed. An event that takes something away
does not say when that had been done, so that the open periods of its user are counted anew.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.standings.models import LeaderboardClosing, LeaderboardScore
from trackflow_web.achievements.standings.sources import SOURCES
from trackflow_web.achievements.standings.windows import (
    Score,
    Span,
    Window,
    midnight,
    open_windows,
    window_of,
)
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, literal_ids, upsert

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date, datetime

# A row by kind, span, start and user: sorted, because two requests that change the same rows in the
# same order never wait for each other in a circle.
Key = tuple[str, str, "date", int]
_TABLE: Any = LeaderboardScore.__table__
_PRIMARY_KEY = [_TABLE.c.kind, _TABLE.c.span, _TABLE.c.start, _TABLE.c.user_id]
_A_YEAR = timedelta(days=366)
_USER_IDS = literal_ids("user_ids")


@dataclass(frozen=True)
class ScoreDrift:
    """A stored score that differs from its source rows."""

    key: Key
    stored: int
    counted: int

    @property
    def user_id(self) -> int:
        """Return whose score it is."""
        return self.key[3]


@dataclass(frozen=True)
class _Counted:
    score: int
    reached_at: datetime


def add(amounts: Mapping[Key, int], reached_at: datetime) -> None:
    """Add to scores, in one statement."""
    keys = sorted(key for key, amount in amounts.items() if amount)
    if not keys:
        return
    parameters: dict[str, object] = {"reached_at": reached_at}
    for at, key in enumerate(keys):
        kind, span, start, user_id = key
        parameters |= {f"kind_{at}": kind, f"span_{at}": span, f"start_{at}": start}
        parameters |= {f"user_{at}": user_id, f"amount_{at}": amounts[key]}
    db.session.execute(_addition(len(keys)), parameters)


@lru_cache(maxsize=64)
def _addition(rows: int) -> sa.TextClause:
    """Return the upsert that adds to so many scores.

    As text, because SQLAlchemy compiles an INSERT of several rows every time.
    """
    lines = ", ".join(
        f"(:kind_{at}, :span_{at}, :start_{at}, :user_{at}, :amount_{at}, :reached_at, ("  # noqa: S608 -- numbered names
        f"SELECT on_boards AND banned_at IS NULL FROM users WHERE id = :user_{at}))"
        for at in range(rows)
    )
    dates = [sa.bindparam(f"start_{at}", type_=_TABLE.c.start.type) for at in range(rows)]
    reached_at = sa.bindparam("reached_at", type_=_TABLE.c.reached_at.type)
    return sa.text(
        "INSERT INTO leaderboard_scores"  # noqa: S608 -- numbered names
        f" (kind, span, start, user_id, score, reached_at, listed) VALUES {lines}"
        " ON CONFLICT (kind, span, start, user_id) DO UPDATE"
        " SET score = leaderboard_scores.score + excluded.score, reached_at = excluded.reached_at"
    ).bindparams(reached_at, *dates)


def _is_listed(user_id: sa.ColumnElement[int]) -> sa.ScalarSelect[bool]:
    return (
        sa.select(sa.and_(User.on_boards, User.banned_at.is_(None)))
        .where(User.id == user_id)
        .scalar_subquery()
    )


def list_or_unlist(user_id: int) -> None:
    """Let the user's scores follow their choice to appear on leaderboards, or a ban."""
    db.session.execute(
        sa.update(LeaderboardScore)
        .where(LeaderboardScore.user_id == user_id)
        .values(listed=_is_listed(sa.literal(user_id)))
    )


# --- counting anew -------------------------------------------------------------------------------


def drift(chunk: Sequence[int], kinds: Collection[Score] = tuple(Score)) -> list[ScoreDrift]:
    """Return the stored scores of these users in open periods that differ from their sources."""
    windows = _windows(chunk)
    return _differences(_stored(chunk, kinds, windows), _counted(chunk, kinds, windows))


def correct(chunk: Sequence[int], kinds: Collection[Score] = tuple(Score)) -> list[ScoreDrift]:
    """Count the scores of these users in open periods anew; return what was corrected."""
    windows = _windows(chunk)
    # Locked before they are counted: who is adding to one of them is waited for and then counted.
    stored = _stored(chunk, kinds, windows, lock=True)
    counted = _counted(chunk, kinds, windows)
    wrong = _differences(stored, counted)
    _store({each.key: counted[each.key] for each in wrong if each.counted})
    _delete([each.key for each in wrong if not each.counted])
    return wrong


def count_windows(chunk: Sequence[int], windows: Sequence[Window]) -> None:
    """Store the scores of these users in periods that had none: of work that is told at once."""
    _store(_counted(chunk, tuple(Score), windows))


def _differences(stored: Mapping[Key, int], counted: Mapping[Key, _Counted]) -> list[ScoreDrift]:
    keys = {*stored, *counted}
    # A closed period stays as it is, wherever the clock is.
    closed = _closed() if keys else set()
    return [
        ScoreDrift(key, was, is_now)
        for key in sorted(key for key in keys if key[:3] not in closed)
        if (was := stored.get(key, 0)) != (is_now := counted[key].score if key in counted else 0)
    ]


def _windows(chunk: Sequence[int]) -> list[Window]:
    """Return the open periods, and others that still have scores of these users."""
    found = sa.select(_TABLE.c.span, _TABLE.c.start).where(_TABLE.c.user_id.in_(_USER_IDS))
    rows = db.session.execute(found.distinct(), {"user_ids": chunk})
    stored = {window_of(Span(span), start) for span, start in rows}
    return sorted(stored | set(open_windows(clock.now())), key=lambda each: (each.span, each.start))


def _closed() -> set[tuple[str, str, date]]:
    """Return the latest closed periods."""
    latest = sa.select(
        LeaderboardClosing.kind, LeaderboardClosing.span, LeaderboardClosing.start
    ).where(LeaderboardClosing.start >= clock.now().date().replace(month=1, day=1) - _A_YEAR)
    return {(kind, span, start) for kind, span, start in db.session.execute(latest)}


def _stored(
    chunk: Sequence[int],
    kinds: Collection[Score],
    windows: Sequence[Window],
    *,
    lock: bool = False,
) -> dict[Key, int]:
    found = sa.select(*_PRIMARY_KEY, _TABLE.c.score).where(
        _TABLE.c.user_id.in_(_USER_IDS),
        _TABLE.c.kind.in_(sorted(kinds)),
        sa.or_(
            *(
                sa.and_(_TABLE.c.span == window.span, _TABLE.c.start == window.start)
                for window in windows
            )
        ),
    )
    if lock:
        found = found.order_by(*_PRIMARY_KEY).with_for_update()
    rows = db.session.execute(found, {"user_ids": chunk})
    return {(row.kind, row.span, row.start, row.user_id): row.score for row in rows}


def _counted(
    chunk: Sequence[int], kinds: Collection[Score], windows: Sequence[Window]
) -> dict[Key, _Counted]:
    """Return the scores that the source rows yield; those of 0 are left out."""
    counted: dict[Key, _Counted] = {}
    for kind in kinds:
        rows = db.session.execute(_count(kind, tuple(windows)), {"user_ids": chunk})
        for user_id, *figures in rows:
            for at, window in enumerate(windows):
                score, reached_at = figures[2 * at], figures[2 * at + 1]
                if score:
                    key = kind.value, window.span.value, window.start, user_id
                    counted[key] = _Counted(int(score), reached_at)
    return counted


@lru_cache(maxsize=64)
def _count(kind: Score, windows: tuple[Window, ...]) -> sa.Select[Any]:
    """Return the SELECT of a user's score, and when it was reached, in each of the periods.

    Kept, because building it takes longer than the database does.
    """
    source = SOURCES[kind]
    rows = source.where(source.selected_columns.user_id.element.in_(_USER_IDS)).subquery()
    columns: list[sa.ColumnElement[Any]] = []
    for window in windows:
        if window.span is Span.ALL:
            columns += [sa.func.sum(rows.c.worth), sa.func.max(rows.c.at)]
            continue
        inside = sa.and_(
            rows.c.at >= midnight(window.start),
            rows.c.at < window.ends_at,
            sa.not_(rows.c.imported),
        )
        columns += [
            sa.func.sum(sa.case((inside, rows.c.worth), else_=0)),
            sa.func.max(sa.case((inside, rows.c.at))),
        ]
    return sa.select(rows.c.user_id, *columns).group_by(rows.c.user_id)


def _store(rows: Mapping[Key, _Counted]) -> None:
    if not rows:
        return
    statement = upsert(LeaderboardScore).values(listed=_is_listed(sa.bindparam("owner")))
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=_PRIMARY_KEY,
            set_={
                "score": statement.excluded.score,
                "reached_at": statement.excluded.reached_at,
            },
        ),
        [
            {
                "kind": kind,
                "span": span,
                "start": start,
                "user_id": user_id,
                "owner": user_id,
                "score": counted.score,
                "reached_at": counted.reached_at,
            }
            for (kind, span, start, user_id), counted in sorted(rows.items())
        ],
    )


def _delete(keys: Iterable[Key]) -> None:
    by_window: dict[tuple[str, str, date], list[int]] = defaultdict(list)
    for kind, span, start, user_id in keys:
        by_window[kind, span, start].append(user_id)
    for (kind, span, start), user_ids in sorted(by_window.items()):
        db.session.execute(
            sa.delete(LeaderboardScore).where(
                LeaderboardScore.kind == kind,
                LeaderboardScore.span == span,
                LeaderboardScore.start == start,
                LeaderboardScore.user_id.in_(_USER_IDS),
            ),
            {"user_ids": user_ids},
            execution_options={"synchronize_session": False},
        )


def amounts_of(
    changes: Iterable[tuple[int, Score, int]], windows: Sequence[Window]
) -> Counter[Key]:
    """Return what changes (user id, score, amount) add to the rows of these periods."""
    amounts: Counter[Key] = Counter()
    for user_id, kind, amount in changes:
        for window in windows:
            amounts[kind.value, window.span.value, window.start, user_id] += amount
    return amounts
