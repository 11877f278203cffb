"""The calendar of a profile, drawn without a database."""

from __future__ import annotations

from datetime import date, timedelta

from trackflow_web.pages.profiles.calendar import DAYS, SHADES, drawn

MONDAY = date(2026, 3, 2)


def squares(path):
    return path.count("M")


def test_every_day_up_to_today_is_a_square():
    calendar = drawn(MONDAY, MONDAY + timedelta(days=9), {})
    assert [squares(path) for path in calendar.shades] == [10, 0, 0, 0, 0]
    assert (calendar.active, calendar.parts) == (0, 0)


def test_more_parts_make_a_darker_day():
    parts = (0, *SHADES)
    days = {MONDAY + timedelta(days=number): n for number, n in enumerate(parts)}
    calendar = drawn(MONDAY, MONDAY + timedelta(days=DAYS - 1), days)
    assert [squares(path) for path in calendar.shades] == [3, 1, 1, 1, 1]
    assert (calendar.active, calendar.parts) == (4, sum(parts))


def test_months_are_named_above_their_first_day():
    first = date(2026, 2, 23)
    calendar = drawn(first, first + timedelta(weeks=8), {})
    assert [name for _x, name in calendar.months] == ["Mar", "Apr"]
