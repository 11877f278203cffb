"""Reading the parts of a chart."""

from __future__ import annotations

import sqlalchemy as sa

from trackflow_web.domain.authoring.models import SongPart
from trackflow_web.domain.authoring.rules import Part, State
from trackflow_web.kernel.database import db


def states_of(song_id: int) -> dict[Part, State]:
    """Every part of the song with its state, in the order of the work."""
    rows = db.session.execute(
        sa.select(SongPart.part, SongPart.state).where(SongPart.song_id == song_id)
    ).all()
    settled = {Part(part): State(state) for part, state in rows}
    return {part: settled.get(part, State.TODO) for part in Part}
