"""Leaderboards, levels, seasons and streaks: places, pages, actions and rechecks, as ratios.

The own place is that of a user in the top tenth and of one in the middle. Actions are the same on
two sites in turns: with ten running seasons that count what they change and every handler, and with
fewer handlers. A plain action is due nothing; an unlocking one is due one achievement.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING
from unittest.mock import patch

import sqlalchemy as sa

from bench import recheck
from bench.site import DATABASES, Site, Visitor, site
from tests.support.catalogues import custom_entry
from tests.support.charter import statements_of
from trackflow_web import composition
from trackflow_web.achievements.catalogue import rows
from trackflow_web.achievements.recheck import reconcile
from trackflow_web.achievements.standings import places, season_editing
from trackflow_web.achievements.standings.models import LeaderboardScore
from trackflow_web.achievements.standings.windows import Score, Span, window_of
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FEW, MANY = 1_000, 100_000
SONGS, SEASONS, ACTIONS, TURNS = 300, 10, 150, 200
# A recheck works in chunks of 500 users, so that more of them take proportionally longer.
RECHECKED = 5_000
ENGINE = {"packs", "series", "achievements", "audit"}
GOALS = {
    f"{name}: {label}": goal
    for name in DATABASES.values()
    for label, goal in {
        f"own place in the top tenth, {MANY:,} users / {FEW:,}": "<= 2",
        f"own place in the middle of {MANY:,} users, ms": "<= 20",
        "page of a leaderboard / page of songs": "<= 1.0",
        "plain action with ten seasons / engine disabled": "<= 1.20",
        "unlocking action with everything / engine alone": "<= 1.3",
        "plain action: statements with ten seasons, more than without": "<= 1",
        "recheck with scores and ten seasons / without": "<= 1.5",
    }.items()
}


def measure(*, quick: bool) -> dict[str, object]:
    """Return the figures of both databases."""
    figures: dict[str, object] = {}
    for kind, name in DATABASES.items():
        found = {
            **_places(kind, few=100 if quick else FEW, many=300 if quick else MANY),
            **_actions(kind, count=6 if quick else ACTIONS),
            **_recheck(kind, users=20 if quick else RECHECKED),
        }
        figures |= {f"{name}: {label}": figure for label, figure in found.items()}
    return figures


# --- places and pages ----------------------------------------------------------------------------


def _places(kind: str, *, few: int, many: int) -> dict[str, object]:
    with site(kind=kind) as made:
        reader = Visitor(made, "reader")
        reader.add_songs(range(SONGS), by_way_of=("released",))
        with made.working():
            _fill(many)
            _score(Span.MONTH, few)
            _score(Span.YEAR, many)
        if kind == "postgresql":
            with made.app.app_context(), db.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").execute(
                    sa.text("ANALYZE")
                )
        with made.app.app_context():
            top = [_own(Span.MONTH, few, 0.05), _own(Span.YEAR, many, 0.05)]
            middle = _own(Span.YEAR, many, 0.5)
        board = "/community/leaderboard?kind=parts&period=year&view=top"
        ratio = _in_turns(
            lambda: reader.look(board), lambda: reader.look("/songs/?status=released")
        )
    return {
        f"own place in the top tenth, {MANY:,} users / {FEW:,}": round(top[1] / top[0], 2),
        f"own place in the middle of {MANY:,} users, ms": round(1000 * middle, 2),
        "page of a leaderboard / page of songs": round(ratio, 2),
    }


def _fill(count: int) -> None:
    now = clock.now()
    row = {"password_hash": "-", "session_stamp": "-", "timezone": "UTC", "is_admin": False}
    values = [
        {
            **row,
            "username": f"user{number}",
            "username_key": f"user{number}",
            "email": f"user{number}@example.org",
            "created_at": now,
        }
        for number in range(count)
    ]
    for start in range(0, count, 5_000):
        db.session.execute(sa.insert(User.__table__), values[start : start + 5_000])


def _score(span: Span, count: int) -> None:
    window, now = window_of(span, clock.now().date()), clock.now()
    ids = db.session.scalars(
        sa.select(User.id).where(User.username != "reader").order_by(User.id).limit(count)
    ).all()
    values = [
        {
            "kind": Score.PARTS,
            "span": span,
            "start": window.start,
            "user_id": user_id,
            # A few users have much, many have little and share a score.
            "score": 1 + 100_000 // (1 + number),
            "reached_at": now,
            "listed": True,
        }
        for number, user_id in enumerate(ids)
    ]
    for start in range(0, count, 5_000):
        db.session.execute(sa.insert(LeaderboardScore.__table__), values[start : start + 5_000])


def _own(span: Span, count: int, share: float) -> float:
    """Return the median of the seconds that the place of a user takes who is behind this share."""
    window = window_of(span, clock.now().date())
    first = db.session.scalar(sa.select(sa.func.min(User.id)).where(User.username == "user0"))
    order = places.of_open(Score.PARTS, window, 0)
    user_id = (first or 0) + int(count * share)
    return _median(lambda: order.own(user_id))


# --- actions -------------------------------------------------------------------------------------


@contextmanager
def _site_with(kind: str, handlers: set[str] | None) -> Iterator[Site]:
    chosen = [each for each in composition.HANDLERS if handlers is None or each.name in handlers]
    with patch.object(composition, "HANDLERS", chosen), site(kind=kind) as made:
        yield Site(made.app, chosen)


def _actions(kind: str, *, count: int) -> dict[str, object]:
    with ExitStack() as stack:
        full = stack.enter_context(_site_with(kind, None))
        engine = stack.enter_context(_site_with(kind, ENGINE))
        nothing = stack.enter_context(_site_with(kind, {"packs", "series", "audit"}))
        visitors = [Visitor(each, "bench") for each in (full, engine, nothing)]
        for visitor in visitors:
            visitor.add_songs(range(SONGS), by_way_of=("wip", "released"))
        before = _statements(visitors[0])
        _add_seasons(full)
        _statements(visitors[0])
        after = _statements(visitors[0])
        plain = _moved(visitors[0], visitors[2], count)
        for each in (full, engine):
            _add_thresholds(each, count)
        unlocking = _moved(visitors[0], visitors[1], count)
    return {
        "plain action with ten seasons / engine disabled": round(plain, 3),
        "unlocking action with everything / engine alone": round(unlocking, 3),
        "plain action: statements with ten seasons, more than without": after - before,
    }


def _add_seasons(made: Site) -> None:
    """Add ten running seasons that count started and released songs, far from their goals."""
    now = clock.now()
    for number in range(SEASONS):
        with made.working():
            season_editing.add(
                {
                    "slug": f"season-{number}",
                    "name": f"Season {number}",
                    "starts_at": (now - timedelta(hours=1)).isoformat(),
                    "ends_at": (now + timedelta(days=9)).isoformat(),
                }
            )
            for metric in ("total_started", "total_released"):
                season_editing.save_achievement(
                    f"season-{number}",
                    {
                        "code": f"season_{number}_{metric}",
                        "name": f"Season {number} {metric}",
                        "description": "Far away",
                        "icon": "*",
                        "metric": metric,
                        "threshold": "9999",
                        "rarity": "common",
                    },
                )


def _add_thresholds(made: Site, count: int) -> None:
    """Let each of the next songs that are started unlock an achievement."""
    with made.app.app_context():
        started = db.session.scalar(sa.text("SELECT max(total_started) FROM user_stats")) or 0
    with made.working():
        for number in range(1, 2 * count):
            rows.save(
                custom_entry(f"rung_{number}", metric="total_started", threshold=started + number)
            )


def _statements(visitor: Visitor) -> int:
    """Return the statements of a plain action."""
    (song,) = visitor.add_songs(_numbers(visitor, 1), by_way_of=("future",))
    visitor.look("/songs/")
    with statements_of(visitor.site.app) as seen:
        visitor.submit(song, "wip")
    return len(seen)


def _moved(one: Visitor, other: Visitor, count: int) -> float:
    """Return the ratio of the time to start songs; each is moved on both sites, in turns."""
    ids = [each.add_songs(_numbers(each, count), by_way_of=("future",)) for each in (one, other)]
    seconds: tuple[list[float], list[float]] = ([], [])
    for turn, pair in enumerate(zip(*ids, strict=True)):
        for which in (0, 1) if turn % 2 else (1, 0):
            start = time.perf_counter()
            (one, other)[which].move(pair[which], "wip")
            seconds[which].append(time.perf_counter() - start)
    return median(seconds[0]) / median(seconds[1])


_used: dict[int, int] = {}


def _numbers(visitor: Visitor, count: int) -> range:
    """Return numbers of songs that the visitor does not have yet."""
    start = _used.get(id(visitor), SONGS)
    _used[id(visitor)] = start + count
    return range(start, start + count)


# --- rechecks ------------------------------------------------------------------------------------


def _recheck(kind: str, *, users: int) -> dict[str, object]:
    with site(kind=kind) as made:
        few = min(users, recheck.FEW)
        recheck._fill(made, few)  # noqa: SLF001 -- the same community
        for number in range(1, users // few):
            recheck._copy(made, few, number)  # noqa: SLF001
        recheck._recheck(made)  # noqa: SLF001 -- everything is granted
        with patch.object(reconcile.scores, "correct", lambda _chunk: []):
            without = recheck._recheck(made)[0]  # noqa: SLF001
        _add_seasons(made)
        recheck._recheck(made)  # noqa: SLF001
        with_these = recheck._recheck(made)[0]  # noqa: SLF001
    return {"recheck with scores and ten seasons / without": round(with_these / without, 2)}


# --- time ----------------------------------------------------------------------------------------


def _median(action: Callable[[], object]) -> float:
    seconds = []
    for _ in range(TURNS):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return median(seconds)


def _in_turns(one: Callable[[], object], other: Callable[[], object]) -> float:
    """Return the ratio of the medians of two actions that are done in turns."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for turn in range(TURNS // 4):
        for which in (0, 1) if turn % 2 else (1, 0):
            start = time.perf_counter()
            (one, other)[which]()
            seconds[which].append(time.perf_counter() - start)
    return median(seconds[0]) / median(seconds[1])
