"""A large community written straight into the tables: users, what they did, and its feed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.community import grouping
from trackflow_web.community.models import FeedEntry, FeedPerson, Kind
from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

ROWS_A_STATEMENT = 5_000
# Of ten entries six are releases, three achievements and one a pack.
KINDS = (*[Kind.RELEASE] * 6, *[Kind.ACHIEVEMENT] * 3, Kind.PACK)
JOINT_EVERY = 5
ARTISTS = 400
OLD = timedelta(days=900)


@dataclass
class Crowd:
    """Users by their ids, and how many entries they have."""

    ids: Sequence[int]
    achievements: Sequence[int]
    now: datetime
    first: int
    entries: int = 0


def settle(count: int) -> Crowd:
    """Add users; needs a unit of work."""
    now = clock.now()
    row = {"password_hash": "-", "session_stamp": "-", "timezone": "UTC", "created_at": now - OLD}
    names = [f"crowd{number}" for number in range(count)]
    insert(
        User,
        [row | {"username": n, "username_key": n, "email": f"{n}@example.org"} for n in names],
    )
    ids = db.session.scalars(
        sa.select(User.id).where(User.username.in_(names)).order_by(User.id)
    ).all()
    achievements = db.session.scalars(sa.select(Achievement.id).order_by(Achievement.id)).all()
    used = [db.session.scalar(sa.select(sa.func.max(table.id))) or 0 for table in _NUMBERED]
    return Crowd(ids, achievements, now, first=max(used) + 1)


def add_entries(crowd: Crowd, count: int) -> None:
    """Add so many entries with their subjects, each older than all that are there."""
    rows: dict[Any, list[dict[str, Any]]] = {table: [] for table in _WRITTEN}
    for number in range(crowd.entries, crowd.entries + count):
        _add_entry(crowd, number, rows)
    crowd.entries += count
    for table, each in rows.items():
        insert(table, each)


def _add_entry(crowd: Crowd, number: int, rows: dict[Any, list[dict[str, Any]]]) -> None:
    users = len(crowd.ids)
    which, round_ = number % users, number // users
    place = (which + round_) % len(KINDS)
    kind = KINDS[place]
    user_id, id_ = crowd.ids[which], crowd.first + number
    at = crowd.now - timedelta(minutes=1 + number)
    people = [user_id]
    if kind is Kind.RELEASE:
        rows[Song].append(_song(id_, user_id, at, number))
        if number % JOINT_EVERY == 0:
            people.append(crowd.ids[(which + 1) % users])
            rows[Collaboration].append(
                {"song_id": id_, "user_id": people[1], "owner_id": user_id, "created_at": at}
            )
    elif kind is Kind.PACK:
        name = f"Pack {round_}"
        rows[Pack].append(
            {"id": id_, "user_id": user_id, "name": name, "name_key": name, "created_at": at}
        )
    else:
        # Each is another achievement of its user.
        mine = KINDS.count(kind) * (round_ // len(KINDS)) + place - KINDS.index(kind)
        achievement = crowd.achievements[mine % len(crowd.achievements)]
        rows[UserAchievement].append(
            {
                "id": id_,
                "user_id": user_id,
                "achievement_id": achievement,
                "earned_at": at,
                "awarded_at": at,
                "points": 10,
                "notified": True,
            }
        )
    entry = {"id": id_, "kind": kind, "user_id": user_id, "subject_id": id_, "n": 1}
    key = grouping.song_key(user_id, id_) if kind is Kind.RELEASE else f"{kind}:{user_id}:{id_}"
    rows[FeedEntry].append(
        entry
        | {
            "subject_ids": str(id_),
            "group_key": key,
            "first_at": at,
            "last_at": at,
            "in_global": True,
        }
    )
    rows[FeedPerson] += [
        {"feed_id": id_, "user_id": person, "kind": kind, "last_at": at} for person in people
    ]


def _song(id_: int, user_id: int, at: datetime, number: int) -> dict[str, Any]:
    artist, title = f"Artist {number % ARTISTS}", f"Song {number}"
    return {
        "id": id_,
        "user_id": user_id,
        "title": title,
        "artist": artist,
        "year": 1950 + number % 70,
        "status": Status.RELEASED,
        "title_key": title.casefold(),
        "artist_key": artist.casefold(),
        "search_key": f"{artist} {title}".casefold(),
        "released_at": at,
        "finished_at": at,
        "started_at": at - timedelta(days=3),
        "parts_done": 9,
        "parts_skipped": 6,
        "created_at": at - timedelta(days=5),
        "updated_at": at,
    }


# The first four share one range of ids, so that subjects and entries need no look-up.
_NUMBERED: tuple[Any, ...] = (Song, Pack, UserAchievement, FeedEntry)
_WRITTEN: tuple[Any, ...] = (*_NUMBERED, Collaboration, FeedPerson)


def insert(table: Any, rows: Sequence[dict[str, Any]]) -> None:  # noqa: ANN401 -- any table
    """Insert rows in statements of a limited size."""
    for at in range(0, len(rows), ROWS_A_STATEMENT):
        db.session.execute(sa.insert(table), rows[at : at + ROWS_A_STATEMENT])
