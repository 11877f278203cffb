"""Reading the parts of a chart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.authoring.models import UNDATED, SongPart
from trackflow_web.domain.authoring.rules import Part, State
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime


@dataclass(frozen=True)
class PartStatus:
    """The state of a part, whether it has ever been done, and when first, if that is known."""

    state: State
    was_done: bool
    first_done_at: datetime | None = None


@dataclass(frozen=True)
class Chart:
    """The states of the parts of one song, in the order of the work."""

    states: tuple[State, ...]

    @property
    def next_part(self) -> Part | None:
        """The first part that is still to do; None when there is none."""
        if State.TODO not in self.states:
            return None
        return IN_ORDER[self.states.index(State.TODO)]

    def state_of(self, part: Part) -> State:
        """Return the state of one part."""
        return self.states[IN_ORDER.index(part)]


IN_ORDER = tuple(Part)
NEW = Chart((State.TODO,) * len(IN_ORDER))
NEVER_TOUCHED = PartStatus(State.TODO, was_done=False)


def parts_of(song_id: int) -> dict[Part, PartStatus]:
    """Return every part of the song with its status, in the order of the work."""
    rows = db.session.execute(
        sa.select(SongPart.part, SongPart.state, SongPart.first_done_at, SongPart.done_by).where(
            SongPart.song_id == song_id
        )
    ).all()
    found = {
        Part(part): PartStatus(
            State(state),
            was_done=first_done_at is not None or done_by is not None,
            first_done_at=None if first_done_at == UNDATED else first_done_at,
        )
        for part, state, first_done_at, done_by in rows
    }
    return {part: found.get(part, NEVER_TOUCHED) for part in Part}


def done_since(user_id: int, since: datetime, *, limit: int) -> Sequence[datetime]:
    """Return when the user did parts for the first time, of the latest `limit` since then."""
    found = db.session.scalars(
        sa.select(SongPart.first_done_at)
        .where(SongPart.done_by == user_id, SongPart.first_done_at >= since)
        .order_by(SongPart.first_done_at.desc())
        .limit(limit)
    )
    return [at for at in found if at is not None]


def states_of(song_id: int) -> dict[Part, State]:
    """Return every part of the song with its state, in the order of the work."""
    return {part: status.state for part, status in parts_of(song_id).items()}


def not_needed_in(song_id: int) -> frozenset[Part]:
    """Return the parts that a song does without."""
    states = states_of(song_id)
    return frozenset(part for part, state in states.items() if state is State.SKIP)


def charts_of(song_ids: Collection[int]) -> dict[int, Chart]:
    """Return the parts of each of these songs."""
    rows = db.session.execute(
        sa.select(SongPart.song_id, SongPart.part, SongPart.state).where(
            SongPart.song_id.in_(song_ids), SongPart.state != State.TODO
        )
    )
    found: dict[int, dict[str, State]] = {song_id: {} for song_id in song_ids}
    for song_id, part, state in rows:
        found[song_id][part] = State(state)
    return {
        song_id: Chart(tuple(states.get(part, State.TODO) for part in IN_ORDER)) if states else NEW
        for song_id, states in found.items()
    }


def is_missing(part: Part) -> sa.ColumnElement[bool]:
    """Return the condition that this part of a song is still to do."""
    settled = sa.exists().where(
        SongPart.song_id == Song.id, SongPart.part == part, SongPart.state != State.TODO
    )
    return sa.not_(settled)
