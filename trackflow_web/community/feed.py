"""Reading the feed: which entries a viewer sees, in which order.

The feed of everyone is one scan of an index. That of followed users takes the newest entries of
each; PostgreSQL does so by a lateral join. SQLite has none: there few followed users are read like
that by a subquery, of many the newest entries of all are looked through until enough are found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from trackflow_web.community.models import FeedEntry, FeedPerson, HiddenEntry, Kind
from trackflow_web.community.muted import is_entry_muted
from trackflow_web.domain.people.models import User
from trackflow_web.domain.relations.models import Follow
from trackflow_web.domain.visibility import not_held, visible_to
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, dialect
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

ENTRIES = 20
# A reader who skips more of them is after something that a filter finds faster.
MOST_SKIPPED = 1000
# Up to so many followed users are read one by one on SQLite.
FEW_FOLLOWED = 50
# New entries are counted up to here: "20+ new".
MOST_COUNTED_NEW = 20
# Candidates that the viewer may not see are replaced by further ones, so many times.
MOST_ROUNDS = 20
NO_SUCH_CURSOR = "This cursor isn't from this list."
_CURSOR = re.compile(r"(\d{1,17})-(\d{1,18})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_FEED: Any = FeedEntry.__table__
_PEOPLE: Any = FeedPerson.__table__


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


@dataclass(frozen=True)
class Found:
    """Rows of the feed, and the place after which it continues, if it does."""

    rows: Sequence[sa.Row[Any]]
    next: Place | None


def load(wanted: Wanted) -> Found:
    """Return the entries that a viewer wants and may see, newest first."""
    enough = wanted.offset + wanted.limit + 1
    if wanted.user_id is None and wanted.who is Who.EVERYONE:
        rows = list(db.session.execute(_global(wanted).limit(enough)))
    else:
        rows = _of_candidates(wanted, enough)
    shown = rows[wanted.offset : wanted.offset + wanted.limit]
    has_more = len(rows) > wanted.offset + wanted.limit
    return Found(shown, Place(shown[-1].last_at, shown[-1].id) if has_more else None)


def count_newer(wanted: Wanted, than: Place | None) -> int:
    """Return how many entries of others have come since a place, at most one more than counted."""
    found = load(replace(wanted, after=None, limit=MOST_COUNTED_NEW + 1, offset=0))
    return sum(
        than is None or (row.last_at, row.id) > (than.at, than.id)
        for row in found.rows
        if row.user_id != wanted.viewer_id
    )


def newest(wanted: Wanted) -> Place | None:
    """Return the place of the newest entry, from which new ones are counted."""
    rows = load(replace(wanted, after=None, limit=1, offset=0)).rows
    return Place(rows[0].last_at, rows[0].id) if rows else None


# --- statements ----------------------------------------------------------------------------------


def _global(wanted: Wanted) -> sa.Select[Any]:
    """Return the feed of everyone: of newcomers only releases, of nobody too much."""
    grown_up = clock.now() - timedelta(days=wanted.newcomer_days)
    is_old_enough = sa.or_(User.created_at <= grown_up, _FEED.c.kind == Kind.RELEASE)
    found = _visible(wanted).where(_FEED.c.in_global, is_old_enough)
    if wanted.type.kind is not None:
        found = found.where(_FEED.c.kind == wanted.type.kind)
    return _after(found, wanted.after, _FEED.c.last_at, _FEED.c.id)


def _visible(wanted: Wanted) -> sa.Select[Any]:
    """Return the entries that the viewer may see and has not hidden."""
    viewer_id = wanted.viewer_id
    hidden = sa.exists().where(HiddenEntry.user_id == viewer_id, HiddenEntry.feed_id == _FEED.c.id)
    return (
        sa.select(_FEED)
        .join(User, User.id == _FEED.c.user_id)
        .where(
            _FEED.c.withdrawn_at.is_(None),
            visible_to(viewer_id),
            User.in_feed,
            not_held(_FEED.c.kind, _FEED.c.subject_id),
            ~hidden,
            ~is_entry_muted(viewer_id),
        )
    )


def _after(
    found: sa.Select[Any],
    place: Place | None,
    last_at: sa.ColumnElement[Any],
    id_: sa.ColumnElement[Any],
) -> sa.Select[Any]:
    """Return the rows after a place, in the order of the feed."""
    if place is not None:
        found = found.where(last_at <= place.at, sa.or_(last_at < place.at, id_ < place.id))
    return found.order_by(last_at.desc(), id_.desc())


def _of_candidates(wanted: Wanted, enough: int) -> list[sa.Row[Any]]:
    """Return the first entries among those of some people that the viewer may see."""
    rows: list[sa.Row[Any]] = []
    place = wanted.after
    for _ in range(MOST_ROUNDS):
        candidates = db.session.execute(_candidates(wanted, place, enough)).all()
        if candidates:
            ids = [row.feed_id for row in candidates]
            rows += db.session.execute(_among(wanted, ids)).all()
        if len(rows) >= enough or len(candidates) < enough:
            break
        place = Place(candidates[-1].last_at, candidates[-1].feed_id)
    return rows[:enough]


def _among(wanted: Wanted, ids: Sequence[int]) -> sa.Select[Any]:
    found = _visible(wanted).where(_FEED.c.id.in_(ids), _is_by_visible(wanted))
    if wanted.user_id is None:
        found = found.where(_FEED.c.user_id != wanted.viewer_id)
    return _after(found, None, _FEED.c.last_at, _FEED.c.id)


def _is_by_visible(wanted: Wanted) -> sa.ColumnElement[bool]:
    """Return the condition that one of the people wanted is seen: else others' entries tell."""
    person = aliased(User)
    takes_part = sa.exists().where(
        _PEOPLE.c.feed_id == _FEED.c.id,
        _PEOPLE.c.user_id == person.id,
        visible_to(wanted.viewer_id, person),
        person.in_feed,
    )
    if wanted.user_id is not None:
        return takes_part.where(person.id == wanted.user_id).correlate(_FEED)
    return takes_part.where(
        Follow.user_id == wanted.viewer_id, Follow.followed_id == person.id
    ).correlate(_FEED)


def _candidates(wanted: Wanted, place: Place | None, limit: int) -> sa.Select[Any]:
    """Return ids and times of the newest entries of the people that are wanted, each once."""
    if wanted.user_id is not None:
        return _latest_of(wanted, place, sa.literal(wanted.user_id), limit)
    if dialect() == "postgresql":
        return _of_each_followed(wanted, place, limit)
    followed = sa.select(sa.func.count()).where(Follow.user_id == wanted.viewer_id)
    if (db.session.scalar(followed) or 0) <= FEW_FOLLOWED:
        return _of_few_followed(wanted, place, limit)
    return _of_many_followed(wanted, place, limit)


def _latest_of(
    wanted: Wanted, place: Place | None, user_id: sa.ColumnElement[int], limit: int
) -> sa.Select[Any]:
    found = sa.select(_PEOPLE.c.feed_id, _PEOPLE.c.last_at).where(_PEOPLE.c.user_id == user_id)
    if wanted.type.kind is not None:
        found = found.where(_PEOPLE.c.kind == wanted.type.kind)
    return _after(found, place, _PEOPLE.c.last_at, _PEOPLE.c.feed_id).limit(limit)


def _of_each_followed(wanted: Wanted, place: Place | None, limit: int) -> sa.Select[Any]:
    follows: Any = Follow.__table__
    latest = _latest_of(wanted, place, follows.c.followed_id, limit).correlate(follows).lateral()
    return (
        sa.select(latest.c.feed_id, latest.c.last_at)
        .select_from(follows.join(latest, sa.true()))
        .where(follows.c.user_id == wanted.viewer_id)
        .distinct()
        .order_by(latest.c.last_at.desc(), latest.c.feed_id.desc())
        .limit(limit)
    )


def _of_few_followed(wanted: Wanted, place: Place | None, limit: int) -> sa.Select[Any]:
    follows: Any = Follow.__table__
    latest = _latest_of(wanted, place, follows.c.followed_id, limit).correlate(follows)
    ids = latest.with_only_columns(_PEOPLE.c.feed_id).scalar_subquery()
    person = _PEOPLE.alias("person")
    return (
        sa.select(person.c.feed_id, person.c.last_at)
        .select_from(follows.join(person, person.c.user_id == follows.c.followed_id))
        .where(follows.c.user_id == wanted.viewer_id, person.c.feed_id.in_(ids))
        .distinct()
        .order_by(person.c.last_at.desc(), person.c.feed_id.desc())
        .limit(limit)
    )


def _of_many_followed(wanted: Wanted, place: Place | None, limit: int) -> sa.Select[Any]:
    takes_part = (
        sa.exists()
        .where(_PEOPLE.c.feed_id == _FEED.c.id)
        .where(Follow.user_id == wanted.viewer_id, Follow.followed_id == _PEOPLE.c.user_id)
    )
    found = sa.select(_FEED.c.id.label("feed_id"), _FEED.c.last_at).where(
        _FEED.c.withdrawn_at.is_(None), takes_part
    )
    if wanted.type.kind is not None:
        found = found.where(_FEED.c.kind == wanted.type.kind)
    return _after(found, place, _FEED.c.last_at, _FEED.c.id).limit(limit)
