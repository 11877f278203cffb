"""What becomes of holds, reports, the log and mutes when their subject goes.

Subjects are in several tables, so no foreign key deletes what refers to them, and SQLite uses ids
again. As with comments, what belongs to a deleted subject has its id with a minus sign. Holds and
mutes come back with it, so that a hidden song is hidden still when its deletion is undone. Open
reports wait for a decision, and the log stays.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.moderation.models import OPEN, ModerationAction, Report
from trackflow_web.domain.packs.events import PackDeleted, PackRestored
from trackflow_web.domain.relations.models import Mute, Muted
from trackflow_web.domain.series.events import SeriesDeleted, SeriesRestored
from trackflow_web.domain.songs.events import SongDeleted, SongRestored
from trackflow_web.domain.undo.models import UndoStep
from trackflow_web.domain.visibility.models import Held, Hold
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.kernel.events import Event

_GONE = {SongDeleted: Held.RELEASE, PackDeleted: Held.PACK, SeriesDeleted: Held.SERIES}
_BACK = {SongRestored: Held.RELEASE, PackRestored: Held.PACK, SeriesRestored: Held.SERIES}
# The steps that restore them.
_UNDO_STEPS = ("songs_deleted", "pack_deleted", "album_deleted")
_MUTED = {
    Held.RELEASE: Muted.SONG,
    Held.PACK: Muted.PACK,
    Held.FEATURE_REQUEST: Muted.FEATURE,
    Held.BUG_REPORT: Muted.BUG,
}


def handle(events: Sequence[Event]) -> None:
    """Detach what refers to deleted subjects, and attach it when they are restored."""
    gone: dict[Held, list[int]] = defaultdict(list)
    for event in events:
        payload = event.payload
        if type(payload) in _GONE:
            gone[_GONE[type(payload)]].append(event.subject_id)
        elif type(payload) in _BACK:
            _attach(_BACK[type(payload)], event.subject_id, event.user_id)
    for type_, ids in gone.items():
        earlier = [-id_ for id_ in ids]
        _forget_holds(type_, earlier)
        _detach_reports(type_, ids)
        _negate(Hold, Hold.subject_type == type_, Hold.subject_id.in_(ids))
        if type_ in _MUTED:
            _negate(Mute, Mute.kind == _MUTED[type_], Mute.target_id.in_(ids))


def forget(type_: Held, ids: Sequence[int] | sa.Select[Any]) -> None:
    """Delete the holds and mutes of subjects that are gone for good, and detach the rest."""
    _forget_holds(type_, ids)
    _detach_reports(type_, ids)


def prune() -> None:
    """Delete holds and mutes of what cannot be restored any more."""
    restoring = sa.select(UndoStep.id).where(UndoStep.kind.in_(_UNDO_STEPS))
    if db.session.scalar(restoring.limit(1)) is not None:
        return  # a step may yet restore it; the next run is a minute later
    _delete(Hold, Hold.subject_id < 0)
    _delete(Mute, Mute.kind.in_(_MUTED.values()), Mute.target_id < 0)


def _forget_holds(type_: Held, ids: Sequence[int] | sa.Select[Any]) -> None:
    _delete(Hold, Hold.subject_type == type_, Hold.subject_id.in_(ids))
    if type_ in _MUTED:
        _delete(Mute, Mute.kind == _MUTED[type_], Mute.target_id.in_(ids))


def _detach_reports(type_: Held, ids: Sequence[int] | sa.Select[Any]) -> None:
    """Let open reports and the log refer to what is gone; those of an earlier row give way."""
    found = sa.select(Report.subject_id).where(
        Report.subject_type == type_, Report.subject_id.in_(ids), OPEN
    )
    again = [-id_ for id_ in db.session.scalars(found.distinct())]
    if again:
        _delete(Report, Report.subject_type == type_, Report.subject_id.in_(again), OPEN)
        _negate(Report, Report.subject_type == type_, Report.subject_id.in_(ids), OPEN)
    of_type = ModerationAction.subject_type == type_
    _negate(ModerationAction, of_type, ModerationAction.subject_id.in_(ids))


def _attach(type_: Held, id_: int, owner_id: int) -> None:
    _negate(Hold, Hold.subject_type == type_, Hold.subject_id == -id_)
    if type_ in _MUTED:
        _negate(Mute, Mute.kind == _MUTED[type_], Mute.target_id == -id_)
    for table in (Report, ModerationAction):
        of_owner = (table.subject_type == type_, table.owner_id == owner_id)
        _negate(table, *of_owner, table.subject_id == -id_)


def _negate(table: Any, *which: Any) -> None:  # noqa: ANN401 -- any table, any conditions
    column = table.target_id if table is Mute else table.subject_id
    db.session.execute(
        sa.update(table)
        .where(*which)
        .values({column: -column})
        .execution_options(synchronize_session=False)
    )


def _delete(table: Any, *which: Any) -> None:  # noqa: ANN401 -- any table, any conditions
    db.session.execute(sa.delete(table).where(*which).execution_options(synchronize_session=False))
