"""Cost of notifications: the bell, its count, the inbox and a release with many followers (ratios).

Both sides of a ratio are requested in turns, in one process, on SQLite and PostgreSQL. A ratio is
the median of those of all turns, because other load on the machine concerns both sides of a turn;
on SQLite, which works in the same process, it is one of CPU times, which that load does not change.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import sqlalchemy as sa

from bench.site import DATABASES, Visitor, site
from tests.support.charter import statements_of
from trackflow_web.domain.people.models import User
from trackflow_web.domain.people.queries import MAY_SIGN_IN
from trackflow_web.domain.relations.models import Follow
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.notifications import bell
from trackflow_web.notifications.models import Notification, NotificationVersion
from trackflow_web.web import after_action, fragments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.site import Site

TURNS = 250
COUNTS_A_TURN = 20
SONGS = 50
UNREAD = 100
# A statement over all rows would end at the application's limit of five seconds.
ROWS_A_STATEMENT = 10_000
FEW, MANY = 2_000, 200_000
FOLLOWERS = 2_000
SMALLEST, SONGS_PAGE, INBOX = "/confirm", "/songs/", "/notifications/"
GOALS: dict[str, str] = {}
_GOALS = {
    "smallest page, with the bell / without": "<= 1.10",
    "songs page, with the bell / without": "<= 1.03",
    "songs page after a notification: statements more than without": "<= 1",
    "unread count, 200,000 rows / 2,000": "<= 1.2",
    "inbox of 50 / songs page of 50": "<= 1.0",
    "inbox of 50: statements": "<= 4",
    "304 of the count / healthz": "<= 1.5",
    "release, 2,000 followers / none": "<= 1.5",
}


@dataclass(frozen=True)
class Turns:
    """How often two actions are compared, and by which clock."""

    count: int
    timer: Callable[[], float]

    def ratio(self, one: Callable[[], object], other: Callable[[], object]) -> float:
        """Return how long one action takes relative to another one of the same turn.

        Their order alternates, so that neither side always runs on warm caches.
        """
        ratios = []
        for turn in range(self.count):
            first, second = (one, other) if turn % 2 else (other, one)
            seconds = {first: self._seconds(first), second: self._seconds(second)}
            ratios.append(seconds[one] / seconds[other])
        return median(ratios)

    def _seconds(self, action: Callable[[], object]) -> float:
        start = self.timer()
        action()
        return self.timer() - start


def measure(*, quick: bool) -> dict[str, object]:
    """Return the ratios on both databases."""
    figures: dict[str, object] = {}
    for kind, name in DATABASES.items():
        for label, figure in _figures(kind, quick=quick).items():
            figures[f"{name}: {label}"] = round(figure, 3)
            GOALS[f"{name}: {label}"] = _GOALS.get(label, "")
    return figures


def _figures(kind: str, *, quick: bool) -> dict[str, float]:
    timer = time.process_time if kind == "sqlite" else time.perf_counter
    turns = Turns(5 if quick else TURNS, timer)
    few, many = (100, 1_000) if quick else (FEW, MANY)
    with site(kind=kind) as made, site(kind=kind) as full:
        reader, author, lonely = (Visitor(made, name) for name in ("reader", "author", "lonely"))
        reader.add_songs(range(SONGS), by_way_of=("wip",))
        for visitor in (reader, author, lonely):
            visitor.look(INBOX)
            visitor.look(SONGS_PAGE)
        _add_followers(made, author, 20 if quick else FOLLOWERS)
        figures = _releases(author, lonely, turns)
        _add_rows(reader, few)
        busy = Visitor(full, "reader")
        _add_rows(busy, many)
        return figures | _pages(reader, turns) | _statements(reader) | _counts(reader, busy, turns)


def _pages(reader: Visitor, turns: Turns) -> dict[str, float]:
    client = reader.client
    reader.look(INBOX)
    tag = client.get("/notifications/unread-count").headers["ETag"]
    same = {"If-None-Match": tag}
    songs_without = partial(_without_bell, reader, SONGS_PAGE)
    songs = partial(reader.look, SONGS_PAGE)
    pairs: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
        "smallest page, with the bell / without": (
            partial(reader.look, SMALLEST),
            partial(_without_bell, reader, SMALLEST),
        ),
        "songs page, with the bell / without": (songs, songs_without),
        "songs page after a notification, with the bell / without": (
            partial(_with_changed_bell, reader, SONGS_PAGE),
            songs_without,
        ),
        "inbox of 50 / songs page of 50": (partial(reader.look, INBOX), songs),
        "304 of the count / healthz": (
            lambda: client.get("/notifications/unread-count", headers=same).close(),
            lambda: client.get("/healthz").close(),
        ),
    }
    return {label: turns.ratio(one, other) for label, (one, other) in pairs.items()}


def _statements(reader: Visitor) -> dict[str, float]:
    def count(look: Callable[[Visitor, str], None], path: str) -> int:
        with statements_of(reader.site.app) as seen:
            look(reader, path)
        return len(seen)

    without = count(_without_bell, SONGS_PAGE)
    return {
        "songs page after a notification: statements more than without": count(
            _with_changed_bell, SONGS_PAGE
        )
        - without,
        "inbox of 50: statements": count(_with_changed_bell, INBOX),
    }


def _with_changed_bell(reader: Visitor, path: str) -> None:
    """Request a page as the first one after a notification: its bell is counted anew."""
    bell.forget()
    reader.look(path)


def _without_bell(reader: Visitor, path: str) -> None:
    with _no_bell():
        reader.look(path)


@contextmanager
def _no_bell() -> Iterator[None]:
    """Respond as a site without notifications, which does not even look for toasts of awards."""
    nothing = bell.Bell(0, 0, 0)
    with (
        patch.object(after_action, "FRAGMENTS", fragments.FRAGMENTS[:1]),
        patch.object(fragments, "bell_of_request", lambda _user: nothing),
        patch.object(bell, "session_of", _session_without_bell),
    ):
        yield


_USER_OF_SESSION = sa.select(User).where(
    User.id == sa.bindparam("user_id"), User.session_stamp == sa.bindparam("stamp"), MAY_SIGN_IN
)


def _session_without_bell(user_id: int, stamp: str) -> tuple[User, int] | None:
    user = db.session.scalar(_USER_OF_SESSION, {"user_id": user_id, "stamp": stamp})
    return None if user is None else (user, 0)


def _releases(author: Visitor, lonely: Visitor, turns: Turns) -> dict[str, float]:
    count = min(turns.count, 40)
    ids = {
        visitor: iter(visitor.add_songs(range(count + 1), by_way_of=("future",)))
        for visitor in (author, lonely)
    }
    # The job that writes the rows comes after the response.
    with patch.object(after_action.fan_out, "is_left", return_value=False):
        ratio = replace(turns, count=count).ratio(
            lambda: author.move(next(ids[author]), "released"),
            lambda: lonely.move(next(ids[lonely]), "released"),
        )
    return {"release, 2,000 followers / none": ratio}


def _counts(few: Visitor, many: Visitor, turns: Turns) -> dict[str, float]:
    """Compare the count of two sites that differ in the number of rows only."""
    ratio = turns.ratio(_counting(many), _counting(few))
    return {"unread count, 200,000 rows / 2,000": ratio}


def _counting(reader: Visitor) -> Callable[[], None]:
    with reader.site.app.app_context():
        user_id = reader.user.id

    def count() -> None:
        with reader.site.app.app_context():
            for _ in range(COUNTS_A_TURN):
                assert bell.bell_of(user_id).unread >= UNREAD

    return count


def _add_rows(reader: Visitor, count: int) -> None:
    """Add so many seen rows, a hundred of them unread, made by the database.

    A list of 200,000 rows sent by the client would take hundreds of megabytes on both sides.
    """
    made = reader.site
    with made.working():
        before = db.session.scalar(sa.select(sa.func.max(Notification.version))) or 0
        last = before + count
        for first in range(before + 1, last + 1, ROWS_A_STATEMENT):
            number = _numbers(first, min(first + ROWS_A_STATEMENT - 1, last))
            row = _row(reader.user.id, number, is_read=number > before + UNREAD)
            insert = sa.insert(Notification).from_select(list(row), sa.select(*row.values()))
            db.session.execute(insert)
        db.session.execute(
            sa.update(NotificationVersion)
            .where(NotificationVersion.user_id == reader.user.id)
            .values(n=last)
        )
    with made.app.app_context():
        db.session.execute(sa.text("ANALYZE"))
        db.session.commit()


def _row(
    user_id: int, number: sa.ColumnElement[int], *, is_read: sa.ColumnElement[bool]
) -> dict[str, sa.ColumnElement[Any]]:
    """Return the columns of the row of each number."""
    now = clock.now()
    same = {
        "user_id": user_id,
        "type": "new_follower",
        "title": "New follower",
        "message": "Somebody follows you",
        "metadata_json": {},
        "created_at": now,
        "updated_at": now,
        "seen_at": now,
        "reason": "follower",
        "n": 1,
        "actor_ids": f",{user_id},",
        "subject_type": "user",
        "subject_ids": f",{user_id},",
        "event_key": "",
        "wants_toast": False,
    }
    columns = Notification.__table__.c
    return {name: sa.literal(value, columns[name].type) for name, value in same.items()} | {
        "group_key": sa.literal("bench:").concat(sa.cast(number, sa.String)),
        "version": number,
        "read": is_read,
        "read_at": sa.case((is_read, sa.literal(now, columns["read_at"].type))),
    }


def _numbers(first: int, last: int) -> sa.ColumnElement[int]:
    """Return the column of a table with these numbers and all between."""
    numbers = sa.select(sa.literal(first, sa.BigInteger).label("number")).cte(recursive=True)
    following = sa.select(numbers.c.number + 1).where(numbers.c.number < last)
    return numbers.union_all(following).c.number


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
