"""Writing the rows of the catalogue. Every change raises its version at the commit.

A recheck of everyone, which the caller starts, grants awards that a change makes due.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements.catalogue import editions, entries, loading
from trackflow_web.achievements.catalogue.entries import Entry, Kind, Period
from trackflow_web.achievements.holder_models import HolderCount
from trackflow_web.achievements.models import Achievement, CountingPeriod
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, upsert
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

TAKEN = "Another achievement has this code."


def columns_of(entry: Entry) -> dict[str, object]:
    """Return the columns of an entry's row, without its code and its times."""
    return {
        "name": entry.name,
        "description": entry.description,
        "icon": entry.icon,
        "category": str(entry.category),
        "group": entry.group,
        "metric": entry.metric,
        "threshold": entry.threshold,
        "points": entry.points,
        "rarity": str(entry.rarity),
        "position": entry.position,
        "kind": str(entry.kind),
        "period": entry.period,
        "edition": entry.edition,
    }


def save(entry: Entry) -> None:
    """Add a custom or seasonal entry, or change it. Raises Invalid naming `code`.

    With a code of another kind nothing is written.
    """
    if entry.kind is Kind.BUILTIN:
        raise Invalid(code=TAKEN)
    columns = columns_of(entry) | {"retired_at": None}
    added = upsert(Achievement).values(code=entry.code, created_at=clock.now(), **columns)
    saved = db.session.scalar(
        added.on_conflict_do_update(
            index_elements=[Achievement.code],
            set_=columns,
            # Those of a draft season are known to nobody, but are there.
            where=Achievement.kind == str(entry.kind),
        ).returning(Achievement.id)
    )
    if saved is None:
        raise Invalid(code=TAKEN)
    loading.changed()


def retire(code: str) -> None:
    """Take a custom or seasonal entry out of force; its holders keep it."""
    db.session.execute(
        sa.update(Achievement)
        .where(Achievement.code == code, Achievement.kind != Kind.BUILTIN)
        .values(retired_at=clock.now())
    )
    loading.changed()


def delete(code: str, period: str) -> bool:
    """Delete an entry of a period, which nobody can have earned; return whether there was one."""
    # Locked first: the job that counts holders refers to it meanwhile.
    found = db.session.scalar(
        sa.select(Achievement.id)
        .where(
            Achievement.code == code,
            Achievement.period == period,
            Achievement.kind == str(Kind.SEASONAL),
        )
        .with_for_update()
    )
    for row in (
        sa.delete(HolderCount).where(HolderCount.achievement_id == found),
        sa.delete(Achievement).where(Achievement.id == found),
    ):
        db.session.execute(row.execution_options(synchronize_session=False))
    loading.changed()
    return found is not None


def save_period(period: Period) -> None:
    """Add a period in which the metrics of its entries are counted, or change its times."""
    times = {"starts_at": period.starts_at, "ends_at": period.ends_at}
    added = upsert(CountingPeriod).values(id=period.id, **times)
    db.session.execute(added.on_conflict_do_update(index_elements=[CountingPeriod.id], set_=times))
    loading.changed()


def close_period(period_id: str) -> None:
    """End the counting of a period: its counters stay as they are from now on."""
    db.session.execute(
        sa.update(CountingPeriod)
        .where(CountingPeriod.id == period_id, CountingPeriod.closed_at.is_(None))
        .values(closed_at=clock.now())
    )
    loading.changed()


def ids_for_award(codes: Sequence[str]) -> dict[str, int]:
    """Return the ids of these codes; add the rows of built-in entries that have none yet."""
    ids = loading.current().ids
    if not all(code in ids for code in codes):
        add_missing()
        ids = read_ids()
        editions.write(ids)
    return {code: ids[code] for code in codes}


def add_missing() -> None:
    """Add the row of every built-in entry that has none; concurrent calls add the same rows."""
    known, now = read_ids(), clock.now()
    for entry in entries.BUILT_IN:
        if entry.code not in known:
            db.session().info[loading.ROWS_ADDED] = True
            db.session.execute(
                upsert(Achievement)
                .values(code=entry.code, created_at=now, **columns_of(entry))
                .on_conflict_do_nothing()
            )


def read_ids() -> dict[str, int]:
    """Return the ids of all rows by code."""
    rows = db.session.execute(sa.select(Achievement.code, Achievement.id)).all()
    return {row.code: row.id for row in rows}
