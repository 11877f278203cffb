"""The users of the tests: Alice owns, Bob collaborates, Charlie has no access, Olga administers."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.support.moving_clock import MovingClock, running_on
from trackflow_web import composition
from trackflow_web.domain.authoring import actions as authoring
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.collaborations import invitations
from trackflow_web.domain.people import actions as people
from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs import actions as songs
from trackflow_web.kernel.database import db
from trackflow_web.kernel.transactions import unit_of_work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

PASSWORD = "correct horse battery staple"
LONG_AGO = datetime(2025, 6, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Person:
    """A registered user."""

    id: int
    username: str
    email: str
    password: str = PASSWORD

    @property
    def user(self) -> User:
        """The row of the moment; only inside `working(app)` or an application context."""
        return db.session.get_one(User, self.id)


@contextmanager
def working(app: Flask) -> Iterator[None]:
    """A unit of work as jobs and commands have it: announced and committed when the block ends."""
    with app.app_context(), unit_of_work(composition.HANDLERS):
        yield


def add_person(
    app: Flask, username: str, *, timezone: str = "UTC", is_admin: bool = False
) -> Person:
    """Register a user, with all events handled."""
    email = f"{username}@example.org"
    with working(app):
        user = people.register(
            username=username,
            email=email,
            password=PASSWORD,
            timezone=timezone,
            is_admin=is_admin,
        )
        return Person(user.id, username, email)


def work_together(app: Flask, *people_: Person) -> None:
    """Make all of them previous collaborators, so that they are added without an invitation."""
    with working(app):
        for one, other in itertools.combinations(people_, 2):
            invitations.remember_work(one.id, other.id)


def add_noise(app: Flask) -> None:
    """Another user with data in every table, so that queries without a filter fail."""
    with running_on(MovingClock(LONG_AGO)):
        noise = add_person(app, "noise")
        with working(app):
            for number, status in enumerate(("future", "wip", "released", "released"), start=1):
                song = songs.add_song(
                    noise.user,
                    title=f"Noise {number}",
                    artist=f"The Noisemakers {number}",
                    year=1960 + 10 * number,
                    status=status,
                )
                authoring.mark_part(song, Part.DRUMS, noise.user, state="done")
