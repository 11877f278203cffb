"""Songs for tests that are about something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from tests.support.people import Person, working
from trackflow_web.domain.songs import actions
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from flask import Flask


def add_song(
    app: Flask, person: Person, title: str = "One", artist: str = "Metallica", **more: object
) -> int:
    """Add a song for a user, with all events handled; return its id."""
    with working(app):
        return actions.add_song(person.user, title=title, artist=artist, **more).id


def titles_of(app: Flask, person: Person) -> list[str]:
    """The songs of a user, the oldest first."""
    with app.app_context():
        wanted = sa.select(Song.title).where(Song.user_id == person.id).order_by(Song.id)
        return list(db.session.scalars(wanted))
