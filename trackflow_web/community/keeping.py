"""How long entries of the feed are kept: some time, and the latest of each user always.

Nobody pages back through years of everyone's feed, but the page of a user and their Atom feed show
the latest entries, whatever their age. What a job has deleted is not written again by an event, a
rebuild or a recheck, except where it has become one of the latest.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.community.models import FeedEntry, FeedPerson
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, literal_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from trackflow_web.community.grouping import Group, Groups

# As many as profiles and Atom feeds show, and a few pages more.
ALWAYS_KEPT = 100
USERS_A_STEP = 200
KEYS_A_STATEMENT = 500

_FEED: Any = FeedEntry.__table__
_PEOPLE: Any = FeedPerson.__table__
_settings: dict[str, timedelta | None] = {"kept_for": None}


def use(days: int) -> None:
    """Set for how many days this process keeps entries; 0 keeps them forever."""
    _settings["kept_for"] = timedelta(days=days) if days else None


def may_be_missing(group: Group) -> bool:
    """Return whether the entry of a group is so old that a job may have deleted it."""
    horizon = _horizon()
    return horizon is not None and group.last_at < horizon


def without_pruned(found: Groups) -> Groups:
    """Return the groups whose entries are to be written: not those that a job has deleted."""
    old = {key for key, group in found.items() if may_be_missing(group)}
    if not old:
        return found
    old -= _stored(old)
    by_actor: dict[int, list[Group]] = defaultdict(list)
    for group in found.values():
        by_actor[group.actor_id].append(group)
    stored = _latest_stored({found[key].actor_id for key in old})
    gone: set[str] = set()
    for actor_id, times in stored.items():
        oldest = _oldest_kept(times, by_actor[actor_id])
        gone |= {
            group.key
            for group in by_actor[actor_id]
            if group.key in old and oldest is not None and group.last_at < oldest
        }
    return {key: group for key, group in found.items() if key not in gone}


def _stored(keys: Iterable[str]) -> set[str]:
    ordered, found = sorted(keys), set()
    for at in range(0, len(ordered), KEYS_A_STATEMENT):
        some = ordered[at : at + KEYS_A_STATEMENT]
        found |= set(
            db.session.scalars(sa.select(_FEED.c.group_key).where(_FEED.c.group_key.in_(some)))
        )
    return found


def _latest_stored(actor_ids: Iterable[int]) -> dict[int, dict[str, datetime]]:
    """Return the times of the latest entries of each of these users, by key."""
    ordered = sorted(actor_ids)
    found: dict[int, dict[str, datetime]] = {actor_id: {} for actor_id in ordered}
    for at in range(0, len(ordered), KEYS_A_STATEMENT):
        ids = ordered[at : at + KEYS_A_STATEMENT]
        for row in db.session.execute(_LATEST, {"ids": ids}):
            found[row.user_id][row.group_key] = row.last_at
    return found


_BY_TIME = (
    sa.select(
        _PEOPLE.c.user_id,
        _PEOPLE.c.feed_id,
        _PEOPLE.c.last_at,
        sa.func.row_number()
        .over(partition_by=_PEOPLE.c.user_id, order_by=_PEOPLE.c.last_at.desc())
        .label("place"),
    )
    .where(_PEOPLE.c.user_id.in_(literal_ids("ids")))
    .subquery()
)
_LATEST = (
    sa.select(_BY_TIME.c.user_id, _FEED.c.group_key, _BY_TIME.c.last_at)
    .join(_FEED, _FEED.c.id == _BY_TIME.c.feed_id)
    .where(_BY_TIME.c.place <= ALWAYS_KEPT)
)


def _oldest_kept(stored: Mapping[str, datetime], more: Iterable[Group]) -> datetime | None:
    """Return the time of the oldest of a user's latest entries; None where there are fewer."""
    times = dict(stored) | {group.key: group.last_at for group in more}
    latest = sorted(times.values(), reverse=True)
    return latest[ALWAYS_KEPT - 1] if len(latest) >= ALWAYS_KEPT else None


def _horizon() -> datetime | None:
    kept_for = _settings["kept_for"]
    return None if kept_for is None else clock.now() - kept_for


# --- for the job ---------------------------------------------------------------------------------


def next_users(after: int) -> Sequence[int]:
    """Return the ids of the users of the next step, in order; none where entries stay forever."""
    if _horizon() is None:
        return []
    found = sa.select(User.id).where(User.id > after).order_by(User.id).limit(USERS_A_STEP)
    return db.session.scalars(found).all()


def too_old(first: int, last: int) -> Sequence[int]:
    """Return the ids of entries of these users and between that nobody's page needs any more.

    An entry stays while it is one of the latest of any of its people.
    """
    horizon = _horizon()
    if horizon is None:
        return []
    other, person = _PEOPLE.alias("other"), _PEOPLE.alias("person")
    nth = (
        sa.select(other.c.last_at)
        .where(other.c.user_id == person.c.user_id)
        .order_by(other.c.last_at.desc())
        .offset(ALWAYS_KEPT - 1)
        .limit(1)
        .scalar_subquery()
    )
    is_needed = sa.exists().where(
        person.c.feed_id == _FEED.c.id, sa.or_(nth.is_(None), nth <= person.c.last_at)
    )
    return db.session.scalars(
        sa.select(_FEED.c.id).where(
            _FEED.c.user_id.between(first, last),
            # The index has the time of the oldest subject, which is not later.
            _FEED.c.first_at < horizon,
            _FEED.c.last_at < horizon,
            ~is_needed,
        )
    ).all()


def delete(ids: Sequence[int]) -> int:
    """Delete entries by their ids, unless they have become younger; return how many."""
    horizon = _horizon()
    if horizon is None:
        return 0
    gone = db.session.scalars(
        sa.delete(_FEED).where(_FEED.c.id.in_(ids), _FEED.c.last_at < horizon).returning(_FEED.c.id)
    ).all()
    return len(gone)
