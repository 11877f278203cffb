"""Ticking the parts of a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.authoring import queries, rules
from trackflow_web.domain.authoring.models import SongPart
from trackflow_web.domain.authoring.rules import Part, State
from trackflow_web.domain.songs.actions import set_authored
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.database import db, upsert

if TYPE_CHECKING:
    from trackflow_web.domain.people.models import User
    from trackflow_web.domain.songs.models import Song


def mark_part(song: Song, part: Part, actor: User, *, state: object) -> None:
    """Say that a part is to do, done or not needed. The song must have been loaded for update.

    Raises Invalid naming `state`.
    """
    wanted = text.choice(state, "state", State)
    states = queries.states_of(song.id)
    if states[part] is wanted:
        return
    _keep(song.id, part, wanted)
    states[part] = wanted
    song.parts_done = sum(other is State.DONE for other in states.values())
    song.parts_skipped = sum(other is State.SKIP for other in states.values())
    song.updated_at = clock.now()
    set_authored(song, actor, authored=rules.is_authored(states.values()))


def _keep(song_id: int, part: Part, state: State) -> None:
    if state is State.TODO:
        db.session.execute(
            sa.delete(SongPart).where(SongPart.song_id == song_id, SongPart.part == part)
        )
        return
    now = clock.now()
    db.session.execute(
        upsert(SongPart)
        .values(song_id=song_id, part=part, state=state, at=now)
        .on_conflict_do_update(
            index_elements=[SongPart.song_id, SongPart.part], set_={"state": state, "at": now}
        )
    )
