"""Reading the parts of a chart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.authoring.models import SongPart
from trackflow_web.domain.authoring.rules import Part, State
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@dataclass(frozen=True)
class PartStatus:
    """The state of a part and whether it has ever been done."""

    state: State
    was_done: bool


NEVER_TOUCHED = PartStatus(State.TODO, was_done=False)


def parts_of(song_id: int) -> dict[Part, PartStatus]:
    """Return every part of the song with its status, in the order of the work."""
    rows = db.session.execute(
        sa.select(SongPart.part, SongPart.state, SongPart.first_done_at).where(
            SongPart.song_id == song_id
        )
    ).all()
    found = {
        Part(part): PartStatus(State(state), was_done=first_done_at is not None)
        for part, state, first_done_at in rows
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
