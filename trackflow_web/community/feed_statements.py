"""The statements that read the feed. Building one takes longer than running it, so each is kept.

The feed of everyone is one scan of an index. Of some people the newest entries of each are
candidates, in the order of the feed, with the answer whether the viewer may see them. PostgreSQL
takes those of followed users by a lateral join. SQLite has none: there the entries are read that
are not older than as many as are wanted surely are.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from trackflow_web.community.grouping import JOINT
from trackflow_web.community.models import FeedEntry, FeedPerson, HiddenEntry, Kind
from trackflow_web.community.muted import is_entry_muted, is_true
from trackflow_web.domain.authoring.models import SongPart
from trackflow_web.domain.authoring.rules import State
from trackflow_web.domain.people.models import User
from trackflow_web.domain.relations.models import Follow
from trackflow_web.domain.visibility import VIEWER, not_held, visible_to
from trackflow_web.kernel.database import UTCDateTime

if TYPE_CHECKING:
    from trackflow_web.domain.visibility.conditions import Viewer

_FEED: Any = FeedEntry.__table__
_PEOPLE: Any = FeedPerson.__table__
_FOLLOWS: Any = Follow.__table__


class Among(StrEnum):
    """Whose entries are read."""

    EVERYONE = "everyone"
    FOLLOWED = "followed"
    ONE = "one"


@dataclass(frozen=True)
class Shape:
    """What makes a statement differ from another one, beside its parameters."""

    dialect: str
    among: Among
    is_member: bool
    is_of_kind: bool
    is_continued: bool

    @property
    def viewer(self) -> Viewer | None:
        """Return the parameter of the viewer; None of a visitor."""
        return VIEWER if self.is_member else None


_USER: sa.BindParameter[int] = sa.bindparam("user_id", type_=sa.BigInteger)
_KIND: sa.BindParameter[str] = sa.bindparam("kind", type_=sa.String)
_GROWN_UP: Any = sa.bindparam("grown_up", type_=UTCDateTime())
_AT: Any = sa.bindparam("at", type_=UTCDateTime())
_ID: Any = sa.bindparam("id", type_=sa.BigInteger)
# A part of the statement: of a parameter PostgreSQL would not know that it is small.
_ENOUGH: Any = sa.bindparam("enough", type_=sa.Integer, literal_execute=True)
# The last of enough rows, counted from 0.
_LAST: Any = sa.bindparam("last", type_=sa.Integer)


@lru_cache(maxsize=64)
def statement(shape: Shape) -> sa.Select[Any]:
    """Return the SELECT of entries, newest first, with `is_shown`: a row for each of their people.

    People have `is_person_shown`, and those of a joint release their `parts`, between commas. The
    parameters are `viewer_id`, `user_id`, `kind`, `grown_up`, `at` and `id` of the place after
    which it continues, `enough` entries, and `last`, which is one less.
    """
    found = _global(shape) if shape.among is Among.EVERYONE else _of_candidates(shape)
    entries, person = found.subquery("entries"), aliased(User, name="person")
    done = (
        sa.select(sa.func.aggregate_strings(SongPart.part, ","))
        .where(
            SongPart.song_id == entries.c.subject_id,
            SongPart.done_by == person.id,
            SongPart.state == State.DONE,
        )
        .correlate(entries, person)
        .scalar_subquery()
    )
    return (
        sa.select(
            *entries.c,
            person.id.label("person_id"),
            person.username,
            person.display_name,
            person.avatar,
            sa.and_(visible_to(shape.viewer, person), person.in_feed).label("is_person_shown"),
            sa.case((entries.c.group_key.startswith(JOINT), done)).label("parts"),
        )
        .select_from(entries)
        .join(_PEOPLE, _PEOPLE.c.feed_id == entries.c.id)
        .join(person, person.id == _PEOPLE.c.user_id)
        .order_by(entries.c.last_at.desc(), entries.c.id.desc())
    )


def _of_candidates(shape: Shape) -> sa.Select[Any]:
    candidates = _candidates(shape).subquery("candidates")
    return (
        sa.select(_FEED, _is_shown(shape).label("is_shown"))
        .select_from(candidates)
        .join(_FEED, _FEED.c.id == candidates.c.feed_id)
    )


def _global(shape: Shape) -> sa.Select[Any]:
    """Return the feed of everyone: of newcomers only releases, of nobody too much."""
    is_old_enough = sa.or_(User.created_at <= _GROWN_UP, _FEED.c.kind == Kind.RELEASE)
    found = sa.select(_FEED, sa.true().label("is_shown")).where(
        _FEED.c.withdrawn_at.is_(None), _FEED.c.in_global, _is_visible(shape, is_old_enough)
    )
    if shape.is_of_kind:
        found = found.where(_FEED.c.kind == _KIND)
    return _in_order(found, shape, _FEED.c.last_at, _FEED.c.id).limit(_ENOUGH)


def _in_order(
    found: sa.Select[Any],
    shape: Shape,
    last_at: sa.ColumnElement[Any],
    id_: sa.ColumnElement[Any],
) -> sa.Select[Any]:
    """Return the rows after the place, in the order of the feed."""
    if shape.is_continued:
        found = found.where(last_at <= _AT, sa.or_(last_at < _AT, id_ < _ID))
    return found.order_by(last_at.desc(), id_.desc())


def _is_visible(shape: Shape, *of_user: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return the condition for entries that the viewer may see and has not hidden.

    The user is looked up for each entry. With a join, PostgreSQL would read and sort all entries of
    all users as soon as it takes few users for visible, which it cannot know.
    """
    user = sa.select(sa.and_(visible_to(shape.viewer), User.in_feed, *of_user)).where(
        User.id == _FEED.c.user_id
    )
    shown = [is_true(user), not_held(_FEED.c.kind, _FEED.c.subject_id)]
    if shape.is_member:
        hidden = sa.exists().where(HiddenEntry.user_id == VIEWER, HiddenEntry.feed_id == _FEED.c.id)
        shown += [~hidden.correlate(_FEED), ~is_entry_muted(VIEWER)]
    return sa.and_(*shown)


# --- entries of some people ----------------------------------------------------------------------


def _is_shown(shape: Shape) -> sa.ColumnElement[bool]:
    """Return the condition for candidates that the viewer may see."""
    shown = [_FEED.c.withdrawn_at.is_(None), _is_visible(shape), _is_by_visible(shape)]
    if shape.among is Among.FOLLOWED:
        shown.append(_FEED.c.user_id != VIEWER)
    return sa.and_(*shown)


def _is_by_visible(shape: Shape) -> sa.ColumnElement[bool]:
    """Return the condition that one of the people wanted is seen: else others' entries tell."""
    person = aliased(User)
    takes_part = sa.exists().where(
        _PEOPLE.c.feed_id == _FEED.c.id,
        _PEOPLE.c.user_id == person.id,
        visible_to(shape.viewer, person),
        person.in_feed,
    )
    if shape.among is Among.ONE:
        return takes_part.where(person.id == _USER).correlate(_FEED)
    follows = _FOLLOWS.alias("followed")
    return takes_part.where(
        follows.c.user_id == VIEWER, follows.c.followed_id == person.id
    ).correlate(_FEED)


def _candidates(shape: Shape) -> sa.Select[Any]:
    """Return ids and times of the newest entries of the people that are wanted, each once."""
    if shape.among is Among.ONE:
        return _latest_of(shape, _PEOPLE, _USER).limit(_ENOUGH)
    if shape.dialect == "postgresql":
        return _of_each_followed(shape)
    return _of_followed(shape)


def _latest_of(shape: Shape, people: Any, user_id: Any) -> sa.Select[Any]:  # noqa: ANN401 -- columns or parameters
    """Return the entries of a user, newest first."""
    found = sa.select(people.c.feed_id, people.c.last_at).where(people.c.user_id == user_id)
    if shape.is_of_kind:
        found = found.where(people.c.kind == _KIND)
    return _in_order(found, shape, people.c.last_at, people.c.feed_id)


def _of_each_followed(shape: Shape) -> sa.Select[Any]:
    latest = _latest_of(shape, _PEOPLE, _FOLLOWS.c.followed_id).limit(_ENOUGH)
    each = latest.correlate(_FOLLOWS).lateral()
    return (
        sa.select(each.c.feed_id, each.c.last_at)
        .select_from(_FOLLOWS.join(each, sa.true()))
        .where(_FOLLOWS.c.user_id == VIEWER)
        .distinct()
        .order_by(each.c.last_at.desc(), each.c.feed_id.desc())
        .limit(_ENOUGH)
    )


def _of_followed(shape: Shape) -> sa.Select[Any]:
    """Return the entries since the time after which there are surely enough.

    That is when the last of so many followed users did something, or when the one user had as many
    entries alone; without either all are read, which are few.
    """
    person = _PEOPLE.alias("person")
    mine = _PEOPLE.alias("mine")
    own = (
        _latest_of(shape, mine, _FOLLOWS.c.followed_id)
        .with_only_columns(mine.c.last_at)
        .limit(1)
        .offset(_LAST)
        .correlate(_FOLLOWS)
        .scalar_subquery()
    )
    since = sa.func.max(
        sa.func.coalesce(_since_all(shape), sa.literal("")), sa.func.coalesce(own, sa.literal(""))
    )
    found = (
        sa.select(person.c.feed_id, person.c.last_at)
        .select_from(_FOLLOWS.join(person, person.c.user_id == _FOLLOWS.c.followed_id))
        .where(_FOLLOWS.c.user_id == VIEWER, sa.type_coerce(person.c.last_at, sa.Text) >= since)
    )
    if shape.is_of_kind:
        found = found.where(person.c.kind == _KIND)
    return _in_order(found, shape, person.c.last_at, person.c.feed_id).distinct().limit(_ENOUGH)


def _since_all(shape: Shape) -> sa.ScalarSelect[Any]:
    """Return when the last of so many followed users did something; NULL of fewer."""
    follows, mine, newest = _FOLLOWS.alias(), _PEOPLE.alias(), _FEED.alias()
    latest = (
        _latest_of(shape, mine, follows.c.followed_id)
        .with_only_columns(mine.c.feed_id)
        .limit(1)
        .correlate(follows)
        .scalar_subquery()
    )
    # Of a joint entry of several of them only one counts.
    each = sa.select(latest.label("feed_id")).where(follows.c.user_id == VIEWER).distinct()
    entries = each.subquery()
    return (
        sa.select(newest.c.last_at)
        .join(entries, entries.c.feed_id == newest.c.id)
        .order_by(newest.c.last_at.desc())
        .limit(1)
        .offset(_LAST)
        .scalar_subquery()
    )
