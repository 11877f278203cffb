"""Reading the feed: which entries a viewer sees, in which order."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.community import feed_statements
from trackflow_web.community.feed_statements import Among, Shape
from trackflow_web.community.models import FeedEntry, Kind
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, dialect
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

ENTRIES = 20
# A reader who skips more of them is after something that a filter finds faster.
MOST_SKIPPED = 1000
# New entries are counted up to here: "20+ new".
MOST_COUNTED_NEW = 20
# Candidates that the viewer may not see are replaced: by spare ones, which are read with the
# others, then by further ones, so many times.
SPARE = 10
MOST_ROUNDS = 20
NO_SUCH_CURSOR = "This cursor isn't from this list."
_CURSOR = re.compile(r"(\d{1,17})-(\d{1,18})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Type(StrEnum):
    """The filters of the feed by what happened."""

    ALL = "all"
    RELEASES = "releases"
    ACHIEVEMENTS = "achievements"
    PACKS = "packs"
    SERIES = "series"

    @property
    def kind(self) -> Kind | None:
        """Return the type of entries that it shows; None for all."""
        return _KINDS.get(self)


_KINDS = {
    Type.RELEASES: Kind.RELEASE,
    Type.ACHIEVEMENTS: Kind.ACHIEVEMENT,
    Type.PACKS: Kind.PACK,
    Type.SERIES: Kind.SERIES,
}


class Who(StrEnum):
    """The filters of the feed by who did it."""

    EVERYONE = "everyone"
    FOLLOWED = "followed"


@dataclass(frozen=True)
class Place:
    """The place of an entry in the feed."""

    at: datetime
    id: int

    def __str__(self) -> str:
        """Return it as a cursor."""
        return f"{(self.at - _EPOCH) // _MICROSECOND}-{self.id}"

    @classmethod
    def parse(cls, value: str | None) -> Place | None:
        """Return the place that a cursor names; None without one. Raises Invalid."""
        if not value:
            return None
        found = _CURSOR.fullmatch(value)
        if found is None:
            raise Invalid(cursor=NO_SUCH_CURSOR)
        return cls(_EPOCH + int(found[1]) * _MICROSECOND, int(found[2]))


@dataclass(frozen=True)
class Wanted:
    """Which part of the feed a viewer wants; `user_id` is that of the only user shown.

    Without a `viewer_id` it is a visitor.
    """

    viewer_id: int | None
    type: Type = Type.ALL
    who: Who = Who.EVERYONE
    user_id: int | None = None
    after: Place | None = None
    limit: int = ENTRIES
    offset: int = 0
    newcomer_days: int = 0

    @property
    def among(self) -> Among:
        """Return whose entries are wanted."""
        if self.user_id is not None:
            return Among.ONE
        return Among.FOLLOWED if self.who is Who.FOLLOWED else Among.EVERYONE


@dataclass(frozen=True)
class Found:
    """Rows of the feed, and the place after which it continues, if it does.

    An entry has a row for each of its people.
    """

    rows: Sequence[Sequence[sa.Row[Any]]]
    next: Place | None


def load(wanted: Wanted) -> Found:
    """Return the entries that a viewer wants and may see, newest first."""
    enough = wanted.offset + wanted.limit + 1
    rows = _rows(wanted, enough)
    shown = rows[wanted.offset : wanted.offset + wanted.limit]
    has_more = len(rows) > wanted.offset + wanted.limit
    return Found(shown, _place_of(shown[-1][0]) if has_more else None)


def count_newer(wanted: Wanted, than: Place | None) -> int:
    """Return how many entries of others have come since a place, at most one more than counted."""
    found = load(replace(wanted, after=None, limit=MOST_COUNTED_NEW + 1, offset=0))
    return sum(
        than is None or (row.last_at, row.id) > (than.at, than.id)
        for row, *_ in found.rows
        if row.user_id != wanted.viewer_id
    )


def latest_entry_id() -> int:
    """Return the id of the latest entry of anybody; 0 before the first."""
    return db.session.scalar(sa.select(sa.func.max(FeedEntry.id))) or 0


def _place_of(row: sa.Row[Any]) -> Place:
    return Place(row.last_at, row.id)


# --- rows ----------------------------------------------------------------------------------------


def _rows(wanted: Wanted, enough: int) -> list[list[sa.Row[Any]]]:
    """Return the first entries that the viewer may see, of some people from among candidates."""
    rows: list[list[sa.Row[Any]]] = []
    place = wanted.after
    candidates = enough if wanted.among is Among.EVERYONE else enough + SPARE
    for _ in range(MOST_ROUNDS):
        found = _read(wanted, place, candidates)
        rows += [people for people in found if people[0].is_shown]
        if len(rows) >= enough or len(found) < candidates:
            break
        place = _place_of(found[-1][0])
    return rows[:enough]


def _read(wanted: Wanted, place: Place | None, enough: int) -> list[list[sa.Row[Any]]]:
    shape = Shape(
        dialect=dialect(),
        among=wanted.among,
        is_member=wanted.viewer_id is not None,
        is_of_kind=wanted.type.kind is not None,
        is_continued=place is not None,
    )
    values = {
        "viewer_id": wanted.viewer_id,
        "user_id": wanted.user_id,
        "kind": wanted.type.kind,
        "grown_up": clock.now() - timedelta(days=wanted.newcomer_days),
        "at": place and place.at,
        "id": place and place.id,
        "enough": enough,
        "last": enough - 1,
    }
    rows = db.session.execute(feed_statements.statement(shape), values)
    return [list(people) for _, people in groupby(rows, key=attrgetter("id"))]
