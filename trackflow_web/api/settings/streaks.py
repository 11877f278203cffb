"""Settings: streaks and planned breaks."""

from __future__ import annotations

from trackflow_web.achievements.progress.queries import numbers_of
from trackflow_web.api.core import bodies
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.settings import schemas
from trackflow_web.domain.streaks import actions, queries
from trackflow_web.web.caller import get_current_user

WEEKS_SHOWN = 26


@api.get("/settings/streaks")
@described(schemas.Streaks)
def show_streaks() -> schemas.Streaks:
    """Show your streaks, and why each of the latest days and weeks counted."""
    return _streaks()


@api.post("/settings/streaks/break")
@described(schemas.Streaks, body=schemas.BreakWanted)
def plan_break() -> schemas.Streaks:
    """Plan a break of the weekly streak: every week that the days are in, up to four a year."""
    wanted = bodies.parse_body(schemas.BreakWanted)
    actions.plan_break(get_current_user(), first=wanted.first, last=wanted.to)
    return _streaks()


@api.post("/settings/streaks/break/cancel")
@described(schemas.Streaks, body=schemas.BreakCancelled)
def cancel_break() -> schemas.Streaks:
    """Cancel the break of a week that has not begun; without one, nothing changes."""
    wanted = bodies.parse_body(schemas.BreakCancelled)
    actions.cancel_break(get_current_user(), week=wanted.week)
    return _streaks()


def _streaks() -> schemas.Streaks:
    user = get_current_user()
    ledger, numbers = queries.ledger_of(user), numbers_of(user.id)
    return schemas.Streaks(
        weeks=schemas.WeeklyStreak(
            current=ledger.current,
            longest=ledger.longest,
            freezes=ledger.freezes,
            items=[
                schemas.StreakWeek(
                    week=line.week, verdict=line.verdict, streak=line.run, freezes=line.freezes
                )
                for line in ledger.lines[:WEEKS_SHOWN]
            ],
            breaks=list(queries.breaks_of(user.id)),
        ),
        days=schemas.DailyStreak(
            current=numbers["current_streak"],
            longest=numbers["login_streak"],
            items=[
                schemas.StreakDay(
                    day=visit.day, at=visit.at, timezone=visit.timezone, streak=visit.run
                )
                for visit in queries.latest_days(user.id)
            ],
        ),
    )
