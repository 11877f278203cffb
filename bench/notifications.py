"""Cost of notifications: the bell, its count, the inbox and a release with many followers (ratios).

Both sides of a ratio are requested in turns, in one process, on SQLite and PostgreSQL.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING
from unittest.mock import patch

import sqlalchemy as sa

from bench.site import DATABASES, Visitor, site
from trackflow_web.domain.people import queries
from trackflow_web.domain.people.models import User
from trackflow_web.domain.relations.models import Follow
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.notifications import bell
from trackflow_web.notifications.models import Notification, NotificationVersion
from trackflow_web.web import after_action, fragments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bench.site import Site

TURNS = 150
SONGS = 50
UNREAD = 100
FEW, MANY = 2_000, 200_000
FOLLOWERS = 2_000
SMALLEST, SONGS_PAGE, INBOX = "/confirm", "/songs/", "/notifications/"
GOALS: dict[str, str] = {}
_GOALS = {
    "smallest page, with the bell / without": "<= 1.10",
    "songs page, with the bell / without": "<= 1.03",
    "unread count, 200,000 rows / 2,000": "<= 1.2",
    "inbox of 50 / songs page of 50": "<= 1.0",
    "304 of the count / healthz": "<= 1.5",
    "release, 2,000 followers / none": "<= 1.5",
}


def measure(*, quick: bool) -> dict[str, object]:
    """Return the ratios on both databases."""
    figures: dict[str, object] = {}
    for kind, name in DATABASES.items():
        with site(kind=kind) as made:
            for label, ratio in _ratios(made, quick=quick).items():
                figures[f"{name}: {label}"] = round(ratio, 3)
                GOALS[f"{name}: {label}"] = _GOALS[label]
    return figures


def _ratios(made: Site, *, quick: bool) -> dict[str, float]:
    turns = 5 if quick else TURNS
    few, many = (100, 1_000) if quick else (FEW, MANY)
    reader, author, lonely = (Visitor(made, name) for name in ("reader", "author", "lonely"))
    reader.add_songs(range(SONGS), by_way_of=("wip",))
    for visitor in (reader, author, lonely):
        visitor.look(INBOX)
        visitor.look(SONGS_PAGE)
    _add_followers(made, author, 20 if quick else FOLLOWERS)
    ratios = _releases(author, lonely, turns)
    _add_rows(made, reader, few)
    before = _count_time(made, reader, turns)
    ratios |= _pages(reader, turns)
    _add_rows(made, reader, many - few)
    ratios["unread count, 200,000 rows / 2,000"] = _count_time(made, reader, turns) / before
    return ratios


def _pages(reader: Visitor, turns: int) -> dict[str, float]:
    client = reader.client
    reader.look(INBOX)
    tag = client.get("/notifications/unread-count").headers["ETag"]
    same = {"If-None-Match": tag}
    times = _in_turns(
        {
            "small": lambda: reader.look(SMALLEST),
            "small without": lambda: _without_bell(reader, SMALLEST),
            "songs": lambda: reader.look(SONGS_PAGE),
            "songs without": lambda: _without_bell(reader, SONGS_PAGE),
            "inbox": lambda: reader.look(INBOX),
            "304": lambda: client.get("/notifications/unread-count", headers=same).close(),
            "healthz": lambda: client.get("/healthz").close(),
        },
        turns,
    )
    return {
        "smallest page, with the bell / without": times["small"] / times["small without"],
        "songs page, with the bell / without": times["songs"] / times["songs without"],
        "inbox of 50 / songs page of 50": times["inbox"] / times["songs"],
        "304 of the count / healthz": times["304"] / times["healthz"],
    }


def _without_bell(reader: Visitor, path: str) -> None:
    with _no_bell():
        reader.look(path)


@contextmanager
def _no_bell() -> Iterator[None]:
    """Respond as a site without notifications: toasts are found by a statement of their own."""
    toasts = fragments.FRAGMENTS[:1]
    awards_only = bell.Bell(0, 0, 0, has_awards=True)
    with (
        patch.object(after_action, "FRAGMENTS", toasts),
        patch.object(fragments, "bell_of_request", lambda _user: awards_only),
        patch.object(bell, "session_of", _session_without_bell),
    ):
        yield


def _session_without_bell(user_id: int, stamp: str) -> tuple[User, int] | None:
    user = queries.find_by_stamp(user_id, stamp)
    return None if user is None else (user, 0)


def _releases(author: Visitor, lonely: Visitor, turns: int) -> dict[str, float]:
    count = min(turns, 40)
    ids = {
        visitor: iter(visitor.add_songs(range(count + 1), by_way_of=("future",)))
        for visitor in (author, lonely)
    }
    # The job that writes the rows comes after the response.
    with patch.object(after_action.fan_out, "is_left", return_value=False):
        times = _in_turns(
            {
                "followed": lambda: author.move(next(ids[author]), "released"),
                "lonely": lambda: lonely.move(next(ids[lonely]), "released"),
            },
            count,
        )
    return {"release, 2,000 followers / none": times["followed"] / times["lonely"]}


def _in_turns(actions: Mapping[str, Callable[[], object]], turns: int) -> dict[str, float]:
    """Return the median seconds of each action."""
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for turn in range(turns):
        # The order alternates, so that neither side always runs on warm caches.
        for name, action in list(actions.items())[:: -1 if turn % 2 else 1]:
            start = time.perf_counter()
            action()
            seconds[name].append(time.perf_counter() - start)
    return {name: median(each) for name, each in seconds.items()}


def _count_time(made: Site, reader: Visitor, turns: int) -> float:
    with made.app.app_context():
        user_id = reader.user.id
        return _in_turns({"count": lambda: bell.bell_of(user_id)}, turns)["count"]


def _add_rows(made: Site, reader: Visitor, count: int) -> None:
    """Add so many read rows; a hundred unread ones with the first of them."""
    with made.working():
        user_id, now = reader.user.id, clock.now()
        base = db.session.scalar(sa.select(sa.func.max(Notification.id))) or 0
        unread = 0 if base > UNREAD else UNREAD
        row = {
            "user_id": user_id,
            "type": "new_follower",
            "title": "New follower",
            "message": "Somebody follows you",
            "metadata_json": {},
            "created_at": now,
            "updated_at": now,
            "reason": "follower",
            "n": 1,
            "actor_ids": f",{user_id},",
            "subject_type": "user",
            "subject_ids": f",{user_id},",
            "event_key": "",
            "wants_toast": False,
        }
        rows = [
            row
            | {
                "group_key": f"bench:{base}:{number}",
                "version": base + number,
                "read": number >= unread,
                "read_at": now if number >= unread else None,
                "seen_at": now,
            }
            for number in range(count)
        ]
        db.session.execute(sa.insert(Notification), rows)
        db.session.execute(
            sa.update(NotificationVersion)
            .where(NotificationVersion.user_id == user_id)
            .values(n=base + count)
        )
    with made.app.app_context():
        db.session.execute(sa.text("ANALYZE"))


def _add_followers(made: Site, author: Visitor, count: int) -> None:
    now = clock.now()
    with made.working():
        rows = [
            {
                "username": f"follower{number}",
                "username_key": f"follower{number}",
                "email": f"follower{number}@example.org",
                "password_hash": "x",
                "session_stamp": "x",
                "is_admin": False,
                "timezone": "UTC",
                "created_at": now,
            }
            for number in range(count)
        ]
        db.session.execute(sa.insert(User), rows)
        ids = db.session.scalars(sa.select(User.id).where(User.username.like("follower%")))
        db.session.execute(
            sa.insert(Follow),
            [
                {"user_id": id_, "followed_id": author.user.id, "created_at": now}
                for id_ in ids.all()
            ],
        )
