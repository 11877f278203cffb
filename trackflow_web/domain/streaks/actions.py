"""The weekly streak follows from events, and users plan breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain import events
from trackflow_web.domain.people.models import User
from trackflow_web.domain.people.rules import local_day
from trackflow_web.domain.streaks import rules
from trackflow_web.domain.streaks.models import BreakWeek, ChartingWeek
from trackflow_web.domain.streaks.queries import breaks_of
from trackflow_web.domain.streaks.rules import LatestWeek
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, get_for_update, upsert
from trackflow_web.kernel.event_types import EventType
from trackflow_web.kernel.events import Event

if TYPE_CHECKING:
    from collections.abc import Sequence

# A part belongs to whoever did it; a move to whoever moved the song.
CHARTING: frozenset[EventType] = frozenset(
    {events.PartDone, events.SongStarted, events.SongFinished, events.SongReleased}
)
ROWS_AT_ONCE = 1_000


def charter_of(event: Event) -> int | None:
    """Return the id of the user to whose week an event belongs; None for other events."""
    if type(event.payload) not in CHARTING:
        return None
    return event.user_id if isinstance(event.payload, events.PartDone) else event.actor_id


def handle(recorded: Sequence[Event]) -> None:
    """Add the weeks in which events happened; further events of the same week write nothing."""
    first: dict[int, Event] = {}
    for event in recorded:
        user_id = charter_of(event)
        if user_id is not None:
            first.setdefault(user_id, event)
    for user_id in sorted(first):
        # The caller's row is loaded already: an action in a week that counts takes no statement.
        user = db.session.get(User, user_id)
        if user is not None:
            _add_week(user, first[user_id])


def reconcile(redelivered: Sequence[Event]) -> None:
    """Add the weeks of redelivered events; it may be repeated."""
    for event in sorted(redelivered, key=lambda each: each.created_at):
        handle([event])


def _add_week(user: User, event: Event) -> None:
    at = event.created_at
    if user.charted_week is not None and rules.week_of(at, user.timezone) <= user.charted_week:
        return
    added = rules.week_to_add(_latest(user), at=at, zone_name=user.timezone)
    if added is None:
        return
    week, counts = added
    row = upsert(ChartingWeek).values(
        user_id=user.id,
        week=week,
        at=at,
        timezone=user.timezone,
        event=event.name,
        subject_id=event.subject_id,
        counts=counts,
    )
    db.session.execute(
        row.on_conflict_do_update(
            index_elements=[ChartingWeek.user_id, ChartingWeek.week],
            set_={"counts": sa.true()},
            where=sa.and_(~ChartingWeek.counts, row.excluded.counts),
        )
    )
    if counts:
        user.charted_week = week


def _latest(user: User) -> LatestWeek | None:
    if user.charted_week is None:
        return None
    zone = db.session.scalar(
        sa.select(ChartingWeek.timezone).where(
            ChartingWeek.user_id == user.id, ChartingWeek.week == user.charted_week
        )
    )
    return LatestWeek(user.charted_week, zone or user.timezone)


def plan_break(user: User, *, first: object, last: object) -> int:
    """Plan a break of whole weeks; return how many it adds. Raises Invalid naming the fields."""
    get_for_update(User, user.id)  # two forms at once would each plan four weeks
    planned = breaks_of(user.id)
    today = local_day(clock.now(), user.timezone)
    weeks = rules.planned_weeks(first, last, today=today, planned=planned)
    if weeks:
        db.session.execute(
            upsert(BreakWeek)
            .values(
                [{"user_id": user.id, "week": week, "planned_at": clock.now()} for week in weeks]
            )
            .on_conflict_do_nothing()
        )
    return len(weeks)


def cancel_break(user: User, *, week: object) -> bool:
    """Cancel the break of a week that has not begun; return whether one was planned.

    The week can be planned again, or another one of the year. Raises Invalid naming `week`.
    """
    get_for_update(User, user.id)
    today = local_day(clock.now(), user.timezone)
    monday = rules.week_to_cancel(week, today=today, planned=breaks_of(user.id))
    if monday is None:
        return False
    db.session.execute(
        sa.delete(BreakWeek).where(BreakWeek.user_id == user.id, BreakWeek.week == monday),
        execution_options={"synchronize_session": False},
    )
    return True


def replay(after: int = 0) -> None:
    """Add the weeks of all events that are stored, in their order: for a community made at once."""
    names = sorted(each.event_name for each in CHARTING)
    while True:
        found = db.session.scalars(
            sa.select(Event)
            .where(Event.name.in_(names), Event.id > after)
            .order_by(Event.id)
            .limit(ROWS_AT_ONCE)
        ).all()
        if not found:
            return
        reconcile(found)
        after = found[-1].id
