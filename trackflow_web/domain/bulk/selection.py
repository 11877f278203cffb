"""Which songs an action is about, and which of them its user may change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from trackflow_web.domain.collaborations.queries import song_ids_of
from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs import queries
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel import text
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid

# Two pages of a list. Everything happens in one transaction, while others wait for these rows.
MOST_SONGS = 100
NONE_CHOSEN = "Select at least one song."
TOO_MANY = f"Select at most {MOST_SONGS} songs at a time."


@dataclass(frozen=True)
class Selection:
    """Locked songs: one's own, and those that one works on; `missing` is how many are neither."""

    own: Sequence[Song]
    shared: Sequence[Song]
    missing: int = 0

    @property
    def workable(self) -> list[Song]:
        """Every song that its user may work on, in the order of the ids."""
        return sorted((*self.own, *self.shared), key=lambda song: song.id)


def select(user: User, values: Iterable[object]) -> Selection:
    """Return the songs of these ids, locked. Raises Invalid naming `songs`."""
    ids = _ids(values)
    found = queries.lock_songs(ids)
    others = [song.id for song in found if song.user_id != user.id]
    helping = song_ids_of(user.id).where(sa.column("song_id").in_(others))
    shared_ids = set(db.session.scalars(helping)) if others else set()
    own = [song for song in found if song.user_id == user.id]
    shared = [song for song in found if song.id in shared_ids]
    return Selection(own=own, shared=shared, missing=len(ids) - len(own) - len(shared))


def only(song: Song, user: User) -> Selection:
    """Return the selection of one song, which has been loaded for update."""
    return Selection([song], []) if song.user_id == user.id else Selection([], [song])


def _ids(values: Iterable[object]) -> set[int]:
    ids: set[int] = set()
    for place, value in enumerate(values):
        if place >= MOST_SONGS:
            raise Invalid(songs=TOO_MANY)
        number = text.whole_number(value, "songs", least=1, most=text.LARGEST_ID)
        if number is not None:
            ids.add(number)
    if not ids:
        raise Invalid(songs=NONE_CHOSEN)
    return ids
