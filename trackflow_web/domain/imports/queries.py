"""Reading imports and connections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.imports.models import Connection, Import, ImportFile, ImportRow
from trackflow_web.domain.imports.rules import UNFINISHED, Outcome, Reason, State
from trackflow_web.kernel import clock, leases
from trackflow_web.kernel.database import db, get_for_update
from trackflow_web.kernel.pagination import Page

if TYPE_CHECKING:
    from collections.abc import Sequence

IMPORTS_SHOWN = 50
ROWS_A_PAGE = 100


@dataclass(frozen=True)
class ShownRow:
    """A row of an import as its page shows it."""

    position: int
    title: str
    artist: str
    outcome: Outcome
    reason: str
    similar_to: str
    song_id: int | None


def find_import(import_id: int, *, for_update: bool = False) -> Import | None:
    """Return the import with this id; `for_update` locks it until the commit."""
    return get_for_update(Import, import_id) if for_update else db.session.get(Import, import_id)


def find_file(import_id: int) -> ImportFile | None:
    """Return the file of an import in its preview."""
    return db.session.get(ImportFile, import_id)


def similar_rows(import_id: int, limit: int) -> tuple[Sequence[ImportRow], int]:
    """Return the first new rows that look like versions of another song, and their number."""
    wanted = sa.select(ImportRow).where(
        ImportRow.import_id == import_id,
        ImportRow.outcome == Outcome.NEW,
        ImportRow.similar_to != "",
    )
    total = db.session.scalar(sa.select(sa.func.count()).select_from(wanted.subquery())) or 0
    return db.session.scalars(wanted.order_by(ImportRow.position).limit(limit)).all(), total


def unfinished() -> int:
    """Return the number of imports of all users that are neither done nor failed."""
    found = sa.select(sa.func.count()).where(Import.state.in_(UNFINISHED))
    return db.session.scalar(found) or 0


def imports_of(user_id: int) -> Sequence[Import]:
    """Return the user's latest imports, newest first."""
    return db.session.scalars(
        sa.select(Import)
        .where(Import.user_id == user_id)
        .order_by(Import.id.desc())
        .limit(IMPORTS_SHOWN)
    ).all()


def imports_after(user_id: int, *, before_id: int | None, limit: int) -> Sequence[Import]:
    """Return up to `limit` of the user's imports, newest first, before `before_id`."""
    wanted = sa.select(Import).where(Import.user_id == user_id)
    if before_id is not None:
        wanted = wanted.where(Import.id < before_id)
    return db.session.scalars(wanted.order_by(Import.id.desc()).limit(limit)).all()


def count_unfinished(user_id: int) -> int:
    """Return how many of the user's imports are not finished."""
    return (
        db.session.scalar(
            sa.select(sa.func.count())
            .select_from(Import)
            .where(Import.user_id == user_id, Import.state.in_(UNFINISHED))
        )
        or 0
    )


def abandoned(limit: int, *, all_unfinished: bool = False) -> Sequence[int]:
    """Return the ids of imports that wait for a job and that no live job leases.

    `all_unfinished` includes those with a lease: for a start at which no other worker can exist.
    """
    now = clock.now()
    wanted = sa.select(Import.id).where(
        Import.state.in_(UNFINISHED), sa.or_(Import.retry_at.is_(None), Import.retry_at <= now)
    )
    if not all_unfinished:
        wanted = wanted.where(leases.is_free(Import))
    return db.session.scalars(wanted.order_by(Import.id).limit(limit)).all()


def outcomes(import_id: int) -> dict[Outcome, int]:
    """Return how many rows came to each outcome."""
    counted = db.session.execute(
        sa.select(ImportRow.outcome, sa.func.count())
        .where(ImportRow.import_id == import_id)
        .group_by(ImportRow.outcome)
    )
    return dict.fromkeys(Outcome, 0) | {Outcome(outcome): n for outcome, n in counted}


def reasons(import_id: int) -> list[tuple[Reason, int]]:
    """Return why rows were skipped and how many for each reason, the most frequent first."""
    counted = db.session.execute(
        sa.select(ImportRow.reason, sa.func.count().label("n"))
        .where(ImportRow.import_id == import_id, ImportRow.outcome == Outcome.SKIPPED)
        .group_by(ImportRow.reason)
        .order_by(sa.text("n DESC"), ImportRow.reason)
    )
    return [(Reason(reason), n) for reason, n in counted]


def list_rows(import_id: int, *, outcome: Outcome | None, page: int) -> Page[ShownRow]:
    """Return a page of the rows of an import in order, all or those that came to one outcome."""
    wanted = sa.select(ImportRow).where(ImportRow.import_id == import_id)
    if outcome is not None:
        wanted = wanted.where(ImportRow.outcome == outcome)
    total = db.session.scalar(sa.select(sa.func.count()).select_from(wanted.subquery())) or 0
    found = db.session.scalars(
        wanted.order_by(ImportRow.position).limit(ROWS_A_PAGE).offset((page - 1) * ROWS_A_PAGE)
    )
    return Page([_shown(row) for row in found], page, ROWS_A_PAGE, total)


def rows_after(
    import_id: int, *, outcome: Outcome | None, after: int, limit: int
) -> Sequence[ShownRow]:
    """Return up to `limit` rows of an import after the one of this number, counted from 1."""
    wanted = sa.select(ImportRow).where(
        ImportRow.import_id == import_id, ImportRow.position >= after
    )
    if outcome is not None:
        wanted = wanted.where(ImportRow.outcome == outcome)
    found = db.session.scalars(wanted.order_by(ImportRow.position).limit(limit))
    return [_shown(row) for row in found]


def _shown(row: ImportRow) -> ShownRow:
    return ShownRow(
        position=row.position + 1,
        title=row.title,
        artist=row.artist,
        outcome=Outcome(row.outcome),
        reason=Reason(row.reason).text if row.reason else "",
        similar_to=row.similar_to,
        song_id=row.song_id,
    )


def may_be_undone(item: Import) -> bool:
    """Return whether an import created songs and can be undone."""
    return item.state == State.DONE and item.imported > 0


def find_connection(user_id: int, *, for_update: bool = False) -> Connection | None:
    """Return the user's connection to Spotify; with `for_update` locked until the commit."""
    wanted = sa.select(Connection).where(Connection.user_id == user_id)
    return db.session.scalar(wanted.with_for_update() if for_update else wanted)
