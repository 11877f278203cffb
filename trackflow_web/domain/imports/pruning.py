"""Deletion of expired data: previews that were not started, rows of completed imports."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.imports.models import Import, ImportedPlaylist, ImportFile, ImportRow
from trackflow_web.domain.imports.rules import ENDED, State
from trackflow_web.domain.people.row_limits import LimitReached, RowLimit, most
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence

# A preview that was not started by then is deleted.
PREVIEW_FOR = timedelta(days=1)
# Rows are kept this long; those of unsuccessful imports shorter.
ROWS_FOR = timedelta(days=90)
ROWS_FOR_NOTHING = timedelta(days=7)
# Imports that one run of maintenance inspects, of at most ten thousand rows each.
IMPORTS_A_SWEEP = 20


def sweep() -> int:
    """Forget old previews and the rows of old imports; return how many imports that concerned."""
    now = clock.now()
    waiting = Import.state == State.PREVIEW
    nothing = Import.state.in_((State.CANCELLED, State.FAILED, State.UNDONE))
    old = sa.or_(
        waiting & (Import.updated_at < now - PREVIEW_FOR),
        nothing & (Import.rows_kept > 0) & (Import.updated_at < now - ROWS_FOR_NOTHING),
        (Import.state == State.DONE)
        & (Import.rows_kept > 0)
        & (Import.updated_at < now - ROWS_FOR),
    )
    found = db.session.execute(
        sa.select(Import.id, Import.state)
        .where(sa.or_(Import.rows_kept > 0, waiting), old)
        .order_by(Import.updated_at)
        .limit(IMPORTS_A_SWEEP)
        .with_for_update(skip_locked=True)
    ).all()
    drop_imports([row.id for row in found if row.state == State.PREVIEW])
    drop_rows([row.id for row in found if row.state != State.PREVIEW])
    return len(found)


def make_room(user_id: int) -> None:
    """Delete the oldest imports to make room for a new one of the user. Raises LimitReached.

    Previews, rows and imports of one user are limited, so repeats cannot fill the disk.
    """
    own = Import.user_id == user_id
    waiting = sa.select(Import.id).where(own, Import.state == State.PREVIEW)
    drop_imports(
        db.session.scalars(
            waiting.order_by(Import.id.desc()).offset(most(RowLimit.PREVIEWS) - 1)
        ).all()
    )
    ended = sa.select(Import.id, Import.rows_kept).where(
        own, Import.state.in_(ENDED), Import.rows_kept > 0
    )
    kept, too_many = 0, []
    for import_id, rows in db.session.execute(ended.order_by(Import.id.desc())):
        kept += rows
        if kept > most(RowLimit.IMPORT_ROWS):
            too_many.append(import_id)
    drop_rows(too_many)
    _limit_stored(user_id)


def _limit_stored(user_id: int) -> None:
    own = sa.select(sa.func.count()).select_from(Import).where(Import.user_id == user_id)
    surplus = (db.session.scalar(own) or 0) - most(RowLimit.IMPORTS) + 1
    if surplus <= 0:
        return
    songs = sa.select(Song.id).where(Song.import_id == Import.id)
    counted = sa.select(ImportedPlaylist.user_id).where(ImportedPlaylist.import_id == Import.id)
    needless = db.session.scalars(
        sa.select(Import.id)
        .where(
            Import.user_id == user_id,
            Import.state.in_(ENDED),
            ~songs.exists(),
            ~counted.exists(),
        )
        .order_by(Import.id)
        .limit(surplus)
    ).all()
    if len(needless) < surplus:
        raise LimitReached(RowLimit.IMPORTS)
    drop_imports(needless)


def drop_rows(import_ids: Sequence[int]) -> None:
    """Delete the rows and files of imports; the imports stay."""
    if not import_ids:
        return
    db.session.execute(sa.delete(ImportRow).where(ImportRow.import_id.in_(import_ids)))
    db.session.execute(sa.delete(ImportFile).where(ImportFile.import_id.in_(import_ids)))
    db.session.execute(sa.update(Import).where(Import.id.in_(import_ids)).values(rows_kept=0))


def drop_imports(import_ids: Sequence[int]) -> None:
    """Delete imports with their rows and files."""
    if import_ids:
        drop_rows(import_ids)
        db.session.execute(sa.delete(Import).where(Import.id.in_(import_ids)))
