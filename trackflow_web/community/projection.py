"""Writing the feed: its entries follow from groups of source rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.community import award_groups, groups, keeping
from trackflow_web.community.grouping import DAY, JOINT, Group, Groups, actor_of
from trackflow_web.community.locking import lock_entries_of
from trackflow_web.community.models import FeedEntry, FeedPerson, Kind
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, dialect, insert_into, literal_ids

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert

    from trackflow_web.kernel.events import Event

# Entries of one actor and day that the feed of everyone contains; the rest are on their page.
MOST_A_DAY = 20
# PostgreSQL takes this many ids in one statement without a second thought, SQLite too.
KEYS_A_STATEMENT = 500

_FEED: Any = FeedEntry.__table__
_PEOPLE: Any = FeedPerson.__table__
_IDS = literal_ids("ids")


def refresh(keys: Iterable[str], *, awards: Sequence[Event] = ()) -> None:
    """Bring the entries of these groups in line with their source rows, and those of awards."""
    wanted = set(keys)
    actors = {*map(actor_of, wanted), *(event.user_id for event in awards)}
    if not actors:
        return
    lock_entries_of(actors)
    days, found = award_groups.of_events(awards)
    write(sorted(wanted | days), {**groups.of_keys(wanted), **found})


def rebuild(user_ids: Sequence[int]) -> int:
    """Bring all entries of these users in line with their source rows; return how many differed."""
    lock_entries_of(user_ids)
    found = keeping.without_pruned(groups.of_users(user_ids))
    wrong = differences(stored_of(user_ids), found)
    _write(wrong, {key: found[key] for key in wrong if key in found})
    return len(wrong)


def refresh_achievements(user_ids: Sequence[int]) -> None:
    """Bring the entries about all achievements of these users in line with their awards."""
    if not user_ids:
        return
    lock_entries_of(user_ids)
    found = keeping.without_pruned(award_groups.of_users(user_ids))
    stored = {
        key: entry
        for key, entry in stored_of(user_ids).items()
        if key.startswith(f"{Kind.ACHIEVEMENT}:")
    }
    wrong = differences(stored, found)
    _write(wrong, {key: found[key] for key in wrong if key in found})


def write(keys: Sequence[str], found: Groups) -> None:
    """Write the groups that were found, oldest first, and withdraw the other keys.

    What is so old that a job has deleted it stays deleted.
    """
    kept = keeping.without_pruned(found)
    _write([key for key in keys if key not in found or key in kept], kept)


def _write(keys: Sequence[str], found: Groups) -> None:
    ordered = sorted(found.values(), key=lambda each: (each.last_at, each.key))
    for at in range(0, len(ordered), KEYS_A_STATEMENT):
        _write_groups(ordered[at : at + KEYS_A_STATEMENT])
    gone = [key for key in keys if key not in found]
    for at in range(0, len(gone), KEYS_A_STATEMENT):
        _withdraw(gone[at : at + KEYS_A_STATEMENT])


# --- what is stored ------------------------------------------------------------------------------

Stored = Mapping[str, tuple[object, ...]]


def stored_of(user_ids: Sequence[int]) -> dict[str, tuple[object, ...]]:
    """Return what the entries of these users say, by key; withdrawn ones are left out."""
    rows = db.session.execute(
        sa.select(_FEED).where(_FEED.c.user_id.in_(_IDS), _FEED.c.withdrawn_at.is_(None)),
        {"ids": list(user_ids)},
    ).all()
    named = sa.select(_PEOPLE.c.feed_id, _PEOPLE.c.user_id, _PEOPLE.c.last_at, _PEOPLE.c.kind).join(
        _FEED, _FEED.c.id == _PEOPLE.c.feed_id
    )
    people: dict[int, list[tuple[object, ...]]] = {}
    for row in db.session.execute(named.where(_FEED.c.user_id.in_(_IDS)), {"ids": list(user_ids)}):
        people.setdefault(row.feed_id, []).append((row.user_id, row.last_at, row.kind))
    return {
        row.group_key: (
            row.kind,
            row.user_id,
            row.subject_ids,
            row.n,
            row.first_at,
            row.last_at,
            sorted(people.get(row.id, [])),
        )
        for row in rows
    }


def differences(stored: Stored, found: Groups) -> list[str]:
    """Return the keys of entries that are missing, superfluous or wrong."""
    expected = {key: expected_of(group) for key, group in found.items()}
    return sorted(key for key in {*stored, *expected} if stored.get(key) != expected.get(key))


def expected_of(group: Group) -> tuple[object, ...]:
    """Return what the entry of a group says."""
    return (
        group.kind.value,
        group.actor_id,
        group.subject_ids,
        group.n,
        group.first_at,
        group.last_at,
        sorted((user_id, group.last_at, group.kind.value) for user_id in group.people),
    )


# --- writing -------------------------------------------------------------------------------------


def _write_groups(written: Sequence[Group]) -> None:
    """Upsert entries with their people: one by one for a request, in bulk for a recheck."""
    first = written[0]
    if len(written) == 1 and dialect() == "postgresql" and not first.key.startswith(JOINT):
        db.session.execute(_entry_with_actor(), _values(first))
        return
    if len(written) == 1:
        entry = db.session.scalar(_entry_upsert(dialect()).returning(_FEED.c.id), _values(first))
        _write_people(written, {first.key: entry})
        return
    connection = db.session.connection()
    connection.execute(_entry_upsert(dialect()), [_values(group) for group in written])
    if alone := [group.key for group in written if not group.key.startswith(JOINT)]:
        db.session.execute(_actors_upsert(dialect()), {"keys": alone})
    if joint := [group for group in written if group.key.startswith(JOINT)]:
        keys = [group.key for group in joint]
        rows = db.session.execute(
            sa.select(_FEED.c.group_key, _FEED.c.id).where(_FEED.c.group_key.in_(keys))
        )
        _write_people(joint, {row.group_key: row.id for row in rows})


def _values(group: Group) -> dict[str, object]:
    day = group.last_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "kind": group.kind.value,
        "user_id": group.actor_id,
        "subject_id": group.subject_id,
        "subject_ids": group.subject_ids,
        "group_key": group.key,
        "n": group.n,
        "first_at": group.first_at,
        "last_at": group.last_at,
        "day": day,
        "next_day": day + DAY,
    }


def _write_people(written: Sequence[Group], ids: Mapping[str, int]) -> None:
    db.session.execute(
        _person_upsert(dialect()),
        [
            {
                "feed_id": ids[group.key],
                "user_id": user_id,
                "kind": group.kind.value,
                "last_at": group.last_at,
            }
            for group in written
            for user_id in sorted(group.people)
        ],
    )
    for group in written:
        if group.key.startswith(JOINT):  # the only groups whose people change
            db.session.execute(
                sa.delete(_PEOPLE).where(
                    _PEOPLE.c.feed_id == ids[group.key], _PEOPLE.c.user_id.not_in(group.people)
                )
            )


@lru_cache(maxsize=2)
def _entry_upsert(dialect_name: str) -> Any:  # noqa: ANN401 -- the dialects' classes
    """Return the upsert of an entry; building it takes longer than running it."""
    first_at = _FEED.c.first_at.type
    earlier = _FEED.alias("earlier")
    on_the_day = (
        sa.select(sa.func.count())
        .select_from(earlier)
        .where(
            earlier.c.user_id == sa.bindparam("user_id", type_=_FEED.c.user_id.type),
            earlier.c.first_at >= sa.bindparam("day", type_=first_at),
            earlier.c.first_at < sa.bindparam("next_day", type_=first_at),
        )
        .scalar_subquery()
    )
    values = {
        name: sa.bindparam(name, type_=_FEED.c[name].type)
        for name in (
            "kind",
            "user_id",
            "subject_id",
            "subject_ids",
            "group_key",
            "n",
            "first_at",
            "last_at",
        )
    }
    statement = insert_into(FeedEntry, dialect_name).values(
        **values, in_global=on_the_day < MOST_A_DAY, withdrawn_at=None
    )
    changed = ("user_id", "subject_id", "subject_ids", "n", "first_at", "last_at", "withdrawn_at")
    return statement.on_conflict_do_update(
        index_elements=[_FEED.c.group_key],
        set_={name: statement.excluded[name] for name in changed},
    )


@lru_cache(maxsize=1)
def _entry_with_actor() -> sa.Executable:
    """Return the upsert of an entry and of its only person; PostgreSQL does both in one."""
    entry = _entry_upsert("postgresql").returning(*(_FEED.c[name] for name in _OF_BOTH)).cte()
    person = insert_into(FeedPerson, "postgresql").from_select(
        ["feed_id", *_OF_BOTH[1:]], sa.select(*entry.c)
    )
    return _or_later(person)


@lru_cache(maxsize=2)
def _actors_upsert(dialect_name: str) -> sa.Executable:
    """Return the upsert of the only people of stored entries, whose actors they are."""
    entries = sa.select(*(_FEED.c[name] for name in _OF_BOTH)).where(
        _FEED.c.group_key.in_(sa.bindparam("keys", expanding=True))
    )
    person = insert_into(FeedPerson, dialect_name).from_select(
        ["feed_id", *_OF_BOTH[1:]], entries.order_by(_FEED.c.id)
    )
    return _or_later(person)


# What the row of a person has of the entry.
_OF_BOTH = ("id", "user_id", "kind", "last_at")


@lru_cache(maxsize=2)
def _person_upsert(dialect_name: str) -> sa.Executable:
    return _or_later(insert_into(FeedPerson, dialect_name))


def _or_later(statement: Insert) -> sa.Executable:
    return statement.on_conflict_do_update(
        index_elements=[_PEOPLE.c.feed_id, _PEOPLE.c.user_id],
        set_={"last_at": statement.excluded.last_at},
    )


def _withdraw(keys: Sequence[str]) -> None:
    gone = db.session.scalars(
        sa.update(FeedEntry)
        .where(FeedEntry.group_key.in_(keys), FeedEntry.withdrawn_at.is_(None))
        .values(withdrawn_at=clock.now(), n=0)
        .returning(FeedEntry.id)
        .execution_options(synchronize_session=False)
    ).all()
    if gone:
        db.session.execute(sa.delete(_PEOPLE).where(_PEOPLE.c.feed_id.in_(gone)))
