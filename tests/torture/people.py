"""Many new accounts, created at once."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tests.support.people import working
from tests.support.wire import Visitor, visitors
from trackflow_web.domain.people.models import User
from trackflow_web.domain.relations.models import Follow
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from flask import Flask

    from tests.support.wire import Server

# Those after a user in the circle.
FOLLOWED = (1, 2)

_numbers = itertools.count(1)


def make_people(app: Flask, port: Server, count: int) -> list[Visitor]:
    """Return this many new users with signed-in browsers."""
    now = clock.now()
    rows = [
        {
            "username": name,
            "email": f"{name}@example.org",
            "password_hash": "",
            "session_stamp": "stamp",
            "timezone": "UTC",
            "created_at": now,
        }
        for name in (f"person-{next(_numbers)}" for _ in range(count))
    ]
    with working(app):
        ids = list(db.session.scalars(sa.insert(User).returning(User.id), rows))
    return visitors(app, port, ids)


def make_circle(app: Flask, port: Server, count: int) -> list[Visitor]:
    """Return new users, each of whom follows the next two.

    They follow before they release anything: how many releases each is told of is known.
    """
    people = make_people(app, port, count)
    now = clock.now()
    rows = [
        {"user_id": each.user_id, "followed_id": followed.user_id, "created_at": now}
        for number, each in enumerate(people)
        for followed in (people[(number + step) % count] for step in FOLLOWED)
        if followed is not each
    ]
    with working(app):
        db.session.execute(sa.insert(Follow), rows)
    return people
