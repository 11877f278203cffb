"""Setting the parts of a song."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from trackflow_web.domain.authoring import queries, rules, templates
from trackflow_web.domain.authoring.events import PartDone
from trackflow_web.domain.authoring.models import UNDATED, SongPart
from trackflow_web.domain.authoring.rules import Part, State
from trackflow_web.domain.songs.actions import set_authored
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.database import db, upsert
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from trackflow_web.domain.authoring.queries import PartStatus
    from trackflow_web.domain.people.models import User
    from trackflow_web.domain.songs.models import Song


class Marked(NamedTuple):
    """A part whose state changed."""

    part: Part
    before: State
    after: State


def mark_part(song: Song, part: Part, actor: User, *, state: object) -> None:
    """Set a part to todo, done or not needed. The song must have been loaded for update.

    The first time a part is done, the actor gets the credit. Raises Invalid naming `state`.
    """
    wanted = text.choice(state, "state", State)
    parts = queries.parts_of(song.id)
    before, now = parts[part], clock.now()
    if before.state is wanted:
        return
    if before.was_done:
        _update(song.id, part, wanted, before.first_done_at)
    elif wanted is State.TODO:
        _forget(song.id, part)
    elif wanted is State.SKIP:
        _upsert(song.id, part, state=State.SKIP)
    else:
        _upsert(song.id, part, state=State.DONE, done_by=actor.id, first_done_at=now)
        record(PartDone(part=part, owner_id=song.user_id), user_id=actor.id, subject_id=song.id)
    states = {each: status.state for each, status in parts.items()} | {part: wanted}
    song.parts_done = sum(other is State.DONE for other in states.values())
    song.parts_skipped = sum(other is State.SKIP for other in states.values())
    song.updated_at = now
    since = _last_done(song, parts, states) if before.was_done else None
    set_authored(song, actor, authored=rules.is_authored(states.values()), since=since)


def _last_done(
    song: Song, parts: Mapping[Part, PartStatus], states: Mapping[Part, State]
) -> datetime:
    """Return when the last part was done for the first time: doing one again is no new work."""
    dates = [
        status.first_done_at
        for part, status in parts.items()
        if states[part] is State.DONE and status.first_done_at is not None
    ]
    return max(dates, default=song.created_at)


def apply_template(song: Song, actor: User, *, template: object) -> tuple[Marked, ...]:
    """Mark the parts that songs of a template do not need; return what changed.

    A part that is done stays done, and what was not needed but is now becomes todo. The song must
    have been loaded for update. Raises Invalid naming `template`.
    """
    not_needed = templates.not_needed_by(actor.id, template)
    changed: list[Marked] = []
    for part, before in queries.states_of(song.id).items():
        after = State.SKIP if part in not_needed else State.TODO
        if before is not State.DONE and before is not after:
            mark_part(song, part, actor, state=after)
            changed.append(Marked(part, before, after))
    return tuple(changed)


def _update(song_id: int, part: Part, state: State, first_done_at: datetime | None) -> None:
    """Change the state of a part that was done before; its credit and date stay."""
    dated = UNDATED if first_done_at is None and state is State.TODO else first_done_at
    db.session.execute(
        sa.update(SongPart)
        .where(SongPart.song_id == song_id, SongPart.part == part)
        .values(state=state, at=clock.now(), first_done_at=dated)
    )


def _forget(song_id: int, part: Part) -> None:
    db.session.execute(
        sa.delete(SongPart).where(SongPart.song_id == song_id, SongPart.part == part)
    )


def _upsert(song_id: int, part: Part, **values: object) -> None:
    changed = {**values, "at": clock.now()}
    db.session.execute(
        upsert(SongPart)
        .values(song_id=song_id, part=part, **changed)
        .on_conflict_do_update(index_elements=[SongPart.song_id, SongPart.part], set_=changed)
    )
