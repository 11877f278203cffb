"""One action, its numbers and its awards: committed together or not at all.

A request ends its unit of work in an after-request hook, a job or a command in `unit_of_work`; both
by `announce` and `commit`.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from trackflow_web.kernel import clock, faults
from trackflow_web.kernel.activity import Activity, keep, take_recorded
from trackflow_web.kernel.database import db, set_writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

log = structlog.get_logger()

ACTIVITIES_A_SWEEP = 500
# A bound for one sweep; the next one is a minute later.
PIECES_A_SWEEP = 200
_AFTER_COMMIT = "called after the commit"


@dataclass(frozen=True)
class Listener:
    """Something that follows from facts.

    `hear` moves what the facts move, once. `hear_again` is given facts whose first announcement
    failed or was cut off; it may be called any number of times and must end in the same state.
    """

    name: str
    hear: Callable[[Sequence[Activity]], None]
    hear_again: Callable[[Sequence[Activity]], None]


def announce(listeners: Sequence[Listener]) -> list[Activity]:
    """Tell the listeners what was recorded and keep it; gives all of it, oldest first.

    What a listener records (an unlocked achievement is a fact too) is announced in the next round,
    until nothing new comes. A round that fails is undone for every listener, and its facts stay
    unheard for `sweep`.
    """
    announced: list[Activity] = []
    while recorded := take_recorded():
        _tell(listeners, recorded)
        keep(recorded)
        announced.extend(recorded)
    return announced


def _tell(listeners: Sequence[Listener], recorded: list[Activity]) -> None:
    name = ""
    try:
        # Flushed before the savepoint, so that an error of the action itself is not taken for a
        # listener's.
        db.session.flush()
        with db.session.begin_nested():
            for listener in listeners:
                name = listener.name
                listener.hear(recorded)
            faults.point(faults.Point.IN_LISTENER)
    except Exception as error:
        if not name or _lost_the_database(error):
            raise
        take_recorded()  # what the undone round recorded did not happen
        log.exception("listener_failed", listener=name, facts=[fact.fact for fact in recorded])
        return
    heard_at = clock.now()
    for activity in recorded:
        activity.heard_at = heard_at


def _lost_the_database(error: Exception) -> bool:
    """Whether the action is gone with its connection: there is nothing left to commit."""
    return isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated


def after_commit(call: Callable[[], None]) -> None:
    """Do something once the running unit of work is committed, and not at all when it is not.

    For what others are told of it: they look at once, and must find it.
    """
    db.session().info.setdefault(_AFTER_COMMIT, []).append(call)


def commit() -> None:
    """Make the unit of work last; raises what the database raises."""
    calls = db.session().info.pop(_AFTER_COMMIT, [])
    faults.point(faults.Point.BEFORE_COMMIT)
    db.session.commit()
    faults.point(faults.Point.AFTER_COMMIT)
    for call in calls:
        try:
            call()
        except Exception:
            # What is committed is done; a sweep finds what nobody was told of.
            log.exception("after_commit_failed")


@contextmanager
def unit_of_work(listeners: Sequence[Listener]) -> Iterator[None]:
    """The unit of work of a job or a command: rolled back when the block raises."""
    set_writing(writing=True)
    try:
        yield
        announce(listeners)
        commit()
    except BaseException:
        take_recorded()
        db.session().info.pop(_AFTER_COMMIT, None)
        db.session.rollback()
        raise
    finally:
        set_writing(writing=False)


def sweep(listeners: Sequence[Listener]) -> int:
    """Announce again what was never heard; gives how many facts were. Own units of work.

    All that there is, oldest first, in pieces. Where a piece fails each user's facts are announced
    apart, so that one whose facts cannot be heard keeps nobody else waiting; what they fail with is
    raised once everything else was heard.
    """
    announced, last_id = 0, 0
    failures: list[Exception] = []
    for _ in range(PIECES_A_SWEEP):
        piece = _unheard_after(last_id)
        if not piece:
            break
        last_id = piece[-1].id
        announced += _announce_again(listeners, piece, failures)
    if failures:
        raise failures[0]
    return announced


def _unheard_after(last_id: int) -> Sequence[sa.Row[int, int]]:
    """The ids of the next facts that wait, and of their users."""
    found = db.session.execute(
        sa.select(Activity.id, Activity.user_id)
        .where(Activity.heard_at.is_(None), Activity.id > last_id)
        .order_by(Activity.id)
        .limit(ACTIVITIES_A_SWEEP)
    ).all()
    db.session.rollback()  # what follows writes
    return found


def _announce_again(
    listeners: Sequence[Listener],
    piece: Sequence[sa.Row[int, int]],
    failures: list[Exception],
) -> int:
    """How many of these facts were heard; those of a user who fails are left, and why is noted."""
    try:
        return _hear_again(listeners, [row.id for row in piece])
    except (OperationalError, NoConnection):
        raise  # the database is away or busy: nobody's fact is the reason
    except Exception as failure:
        users = sorted({row.user_id for row in piece})
        if len(users) == 1:
            log.exception("facts_not_heard", user_id=users[0], facts=len(piece))
            failures.append(failure)
            return 0
    return sum(
        _announce_again(listeners, [row for row in piece if row.user_id == user_id], failures)
        for user_id in users
    )


def _hear_again(listeners: Sequence[Listener], ids: Sequence[int]) -> int:
    with unit_of_work(listeners):
        unheard = db.session.scalars(
            sa.select(Activity)
            .where(Activity.heard_at.is_(None), Activity.id.in_(ids))
            .order_by(Activity.id)
            # Two sweepers share the work instead of waiting for each other.
            .with_for_update(skip_locked=True)
        ).all()
        if unheard:
            for listener in listeners:
                listener.hear_again(unheard)
                # What this one recorded is counted before a later one counts everything anew.
                announce(listeners)
            heard_at = clock.now()
            for activity in unheard:
                activity.heard_at = heard_at
        return len(unheard)
