"""The first steps of a new user, and which of them are done: known from the user's rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.authoring.models import SongPart
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from trackflow_web.domain.people.models import User


STEPS = 4
# Whoever has more songs knows how it goes.
MOST_SONGS = 25


@dataclass(frozen=True)
class FirstSteps:
    """The completed steps of a new user; `song_id` is the song to continue with."""

    song_id: int | None
    part: bool
    released: bool
    pack: bool

    @property
    def done(self) -> int:
        """Return how many of the four steps are done."""
        return sum((self.song_id is not None, self.part, self.released, self.pack))


def first_steps_of(user: User, *, songs: int) -> FirstSteps | None:
    """Return the steps of a user with this number of songs; None if completed or dismissed."""
    if user.hides_checklist or songs > MOST_SONGS:
        return None
    own = Song.user_id == user.id
    row = db.session.execute(
        sa.select(
            sa.select(sa.func.max(Song.id)).where(own).scalar_subquery(),
            sa.exists().where(SongPart.done_by == user.id),
            sa.exists().where(own, Song.status == Status.RELEASED),
            sa.exists().where(Pack.user_id == user.id),
        )
    ).one()
    steps = FirstSteps(*row)
    return None if steps.done == STEPS else steps
