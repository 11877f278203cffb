"""The listener that moves the numbers and gives the awards.

What reaches a threshold is decided from the value that the atomic UPDATE gives back: parallel
requests do not see each other's rows, so that counting would miss what they cross together. The
price of an action is the same for 100 songs and for 100,000: one statement for its counters, one
more for different values.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.awards import withdraw
from trackflow_web.achievements.awards.grant import Award, give
from trackflow_web.achievements.catalogue import registry as catalogue
from trackflow_web.achievements.metrics import distinct_values
from trackflow_web.achievements.metrics import registry as metrics
from trackflow_web.achievements.models import UserStats
from trackflow_web.achievements.recheck import reconcile as recheck
from trackflow_web.domain.events import ImportUndone
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, dialect, insert_into

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Executable

    from trackflow_web.kernel.events import Event


@dataclass
class Moves:
    """What some facts move for one user."""

    numbers: Counter[str] = field(default_factory=Counter)
    values: Counter[tuple[str, str]] = field(default_factory=Counter)
    gauges: dict[str, Any] = field(default_factory=dict)
    recount: bool = False


def handle(events: Sequence[Event]) -> None:
    """Move what the facts move and award what that reaches."""
    # Everybody's ledger before anybody's numbers, each in the order of the users' ids: two requests
    # that move the same people, or one and a recheck, cannot wait for each other.
    moved = sorted(_moves_by_user(events).items())
    for user_id, moves in moved:
        if not moves.recount:
            moves.numbers.update(_move_values(user_id, moves.values))
    for user_id, moves in moved:
        if moves.recount:
            _recount(user_id, [event for event in events if event.user_id == user_id])
            continue
        deltas = {name: delta for name, delta in moves.numbers.items() if delta}
        # A ledger that moved without a number writes the row all the same: a recheck holds it.
        if not deltas and not moves.gauges and not any(moves.values.values()):
            continue
        numbers = _move_numbers(user_id, deltas, moves.gauges)
        due = [
            entry
            for name, delta in deltas.items()
            for entry in catalogue.crossed(name, numbers[name] - delta, numbers[name])
        ]
        if due:
            now = clock.now()
            give([Award(user_id, entry, earned_at=now) for entry in due])


def reconcile(events: Sequence[Event]) -> None:
    """Recount for the users of facts that were not heard: that can be repeated at will."""
    by_user: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        by_user[event.user_id].append(event)
    for user_id in sorted(by_user):
        _recount(user_id, by_user[user_id])


def _recount(user_id: int, events: Sequence[Event]) -> None:
    """Count a user's rows anew, and note or withdraw what imports earned by themselves."""
    awards = recheck.recheck([user_id]).awards
    import_id = withdraw.import_of(events)
    if import_id is not None:
        withdraw.attribute(awards, import_id)
    for event in events:
        if isinstance(event.payload, ImportUndone):
            withdraw.withdraw(user_id, event.subject_id)


def _moves_by_user(events: Sequence[Event]) -> dict[int, Moves]:
    by_user: dict[int, Moves] = {}
    for event in events:
        moves = by_user.setdefault(event.user_id, Moves())
        for name, amount in metrics.MOVES.get(type(event.payload), ()):
            moves.numbers[name] += amount(event)
        for kind, value, sign in distinct_values.value_moves(event):
            moves.values[kind, value] += sign
        moves.gauges |= metrics.gauges(event)
        moves.recount |= type(event.payload) in metrics.RECOUNTED
    return by_user


def _move_values(user_id: int, values: Counter[tuple[str, str]]) -> Counter[str]:
    """Move the ledger; gives by how much the numbers of different values go up or down."""
    # Sorted for the same reason as the users.
    rows = [(kind, value, delta) for (kind, value), delta in sorted(values.items()) if delta]
    if not rows:
        return Counter()
    given: dict[str, object] = {"user_id": user_id}
    for at, (kind, value, delta) in enumerate(rows):
        given |= {f"kind_{at}": kind, f"value_{at}": value, f"n_{at}": delta}
    deltas: Counter[str] = Counter()
    for kind, value, n in db.session.execute(_values_statement(len(rows)), given):
        before = n - values[kind, value]
        deltas[metrics.DISTINCT[kind]] += (n > 0) - (before > 0)
    return deltas


def _move_numbers(user_id: int, deltas: dict[str, int], gauges: dict[str, Any]) -> dict[str, int]:
    """Move the counters in one statement; gives their new values."""
    statement = _numbers_statement(dialect(), tuple(deltas), tuple(gauges))
    given = {"user_id": user_id, "updated_at": clock.now(), **deltas, **gauges}
    row = db.session.execute(statement, given).one()
    return dict(zip(deltas, row, strict=False))


# --- the two statements ------------------------------------------------------------------------
# Making one costs ten times as much as running it, and few combinations of numbers ever move.


@lru_cache(maxsize=64)
def _values_statement(rows: int) -> sa.TextClause:
    """Move so many lines of one user's ledger; gives them as they are then.

    As text, because SQLAlchemy compiles an INSERT of several rows anew each time.
    """
    lines = ", ".join(f"(:user_id, :kind_{at}, :value_{at}, :n_{at})" for at in range(rows))
    return sa.text(
        f"INSERT INTO user_values (user_id, kind, value, n) VALUES {lines}"  # noqa: S608 -- numbered names
        " ON CONFLICT (user_id, kind, value) DO UPDATE SET n = user_values.n + excluded.n"
        " RETURNING kind, value, n"
    )


@lru_cache(maxsize=256)
def _numbers_statement(
    dialect_name: str, moved: tuple[str, ...], shown: tuple[str, ...]
) -> Executable:
    """Add to some numbers of one user and set others; gives those added to, as they are then."""
    table = UserStats.__table__
    columns = ("user_id", "updated_at", *moved, *shown)
    statement = insert_into(UserStats, dialect_name).values(
        {column: sa.bindparam(column) for column in columns}
    )
    changed = {name: table.c[name] + statement.excluded[name] for name in moved}
    changed |= {name: statement.excluded[name] for name in (*shown, "updated_at")}
    return statement.on_conflict_do_update(
        index_elements=[UserStats.user_id], set_=changed
    ).returning(*(table.c[name] for name in moved), sa.literal(1))
