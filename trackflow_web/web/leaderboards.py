"""Which leaderboard a request asks for: pages and API take the same parameters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from trackflow_web.achievements.standings.board import View
from trackflow_web.achievements.standings.windows import EPOCH, Score, Span, Window, window_of
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.errors import Checks, Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_DATE = 10
NO_DATE = "Enter a date like 2026-11-30."
NOT_YET = "This period hasn't started."


@dataclass(frozen=True)
class Wanted:
    """What is ranked, in which period, and which rows."""

    kind: Score
    window: Window
    view: View


def wanted(arguments: Mapping[str, str]) -> Wanted:
    """Return the leaderboard that query parameters name. Raises Invalid naming each bad one."""
    check = Checks()
    kind = check(text.choice, arguments.get("kind") or Score.POINTS, "kind", Score)
    span = check(text.choice, arguments.get("period") or Span.WEEK, "period", Span)
    view = check(text.choice, arguments.get("view") or View.AROUND, "view", View)
    day = check(_day, arguments.get("start"))
    check.finish()
    return Wanted(kind, window_of(span, day), view)


def _day(value: str | None) -> date:
    """Return the day that a period contains: today, unless another one is named."""
    today = clock.now().date()
    if not value:
        return today
    try:
        day = date.fromisoformat(value) if len(value) == LONGEST_DATE else None
    except ValueError:
        day = None
    if day is None or day < EPOCH:
        raise Invalid(start=NO_DATE)
    if day > today:
        raise Invalid(start=NOT_YET)
    return day
