"""Months in UTC, as the first moment of each."""

from __future__ import annotations

from datetime import UTC, datetime

MONTHS_OF_A_YEAR = 12


def month_of(at: datetime) -> datetime:
    """Return the month in which this is."""
    return at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def months_after(month: datetime, months: int) -> datetime:
    """Return the month so many later, or earlier. Raises ValueError beyond the year 9999."""
    year, index = divmod(month.year * MONTHS_OF_A_YEAR + month.month - 1 + months, MONTHS_OF_A_YEAR)
    return month.replace(year=year, month=index + 1)
