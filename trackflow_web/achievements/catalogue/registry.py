"""The catalogue in memory, by code and by metric and threshold, and its copy in the database."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from trackflow_web.achievements.catalogue.ladders import LADDERS, Category, Rarity
from trackflow_web.achievements.models import Achievement
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, upsert

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.engine import Engine

COMPLETIONIST = "completionist"


@dataclass(frozen=True)
class Entry:
    """One achievement as it stands in the code."""

    code: str
    name: str
    description: str
    icon: str
    category: Category
    group: str
    metric: str
    threshold: int
    rarity: Rarity
    position: int
    retired: bool = False

    @cached_property
    def points(self) -> int:
        """What it is worth, by its rarity."""
        return self.rarity.points

    @cached_property
    def counts_for_completionist(self) -> bool:
        """Whether it is one of the others that the completionist has."""
        return self.code != COMPLETIONIST and not self.retired


ENTRIES: tuple[Entry, ...] = tuple(
    Entry(
        code=rung.code,
        name=rung.name,
        description=rung.description,
        icon=rung.icon,
        category=ladder.category,
        group=ladder.group,
        metric=ladder.metric,
        threshold=rung.threshold,
        rarity=rung.rarity,
        position=position,
    )
    for position, (ladder, rung) in enumerate(
        (ladder, rung) for ladder in LADDERS for rung in ladder.rungs
    )
)
BY_CODE = {entry.code: entry for entry in ENTRIES}
BY_METRIC: dict[str, tuple[Entry, ...]] = {
    ladder.metric: tuple(
        sorted(
            (entry for entry in ENTRIES if entry.metric == ladder.metric),
            key=lambda entry: entry.threshold,
        )
    )
    for ladder in LADDERS
}
_THRESHOLDS = {metric: [entry.threshold for entry in rungs] for metric, rungs in BY_METRIC.items()}


def crossed(metric: str, old: int, new: int) -> tuple[Entry, ...]:
    """The achievements whose threshold lies in (old, new], easiest first."""
    thresholds = _THRESHOLDS.get(metric)
    if not thresholds or new <= old:
        return ()
    return BY_METRIC[metric][bisect_right(thresholds, old) : bisect_right(thresholds, new)]


def add_missing() -> None:
    """Give every achievement of the code its row; whoever adds at the same time adds the same."""
    known, now = _read_ids(), clock.now()
    for entry in ENTRIES:
        if entry.code not in known:
            db.session.execute(
                upsert(Achievement)
                .values(code=entry.code, built_in=True, created_at=now, **columns_of(entry))
                .on_conflict_do_nothing()
            )


def columns_of(entry: Entry) -> dict[str, object]:
    """What its row in the table says of it."""
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
    }


def entries_of(codes: Iterable[str]) -> dict[str, Entry]:
    """What these codes stand for; those that the code no longer has as their rows tell it."""
    wanted = set(codes)
    gone = wanted - BY_CODE.keys()
    entries = {code: BY_CODE[code] for code in wanted - gone}
    if gone:
        rows = db.session.scalars(sa.select(Achievement).where(Achievement.code.in_(gone)))
        entries |= {row.code: _entry(row) for row in rows}
    return entries


def retired_among(codes: Iterable[str]) -> list[Entry]:
    """Those of these codes that the catalogue has no more, in the order that it had."""
    gone = set(codes) - BY_CODE.keys()
    return sorted(entries_of(gone).values(), key=lambda entry: entry.position) if gone else []


def _entry(row: Achievement) -> Entry:
    return Entry(
        code=row.code,
        name=row.name,
        description=row.description,
        icon=row.icon,
        # A later version may have other kinds than the one that wrote the row.
        category=Category(row.category) if row.category in set(Category) else Category.SPECIAL,
        group=row.group,
        metric=row.metric,
        threshold=row.threshold,
        rarity=Rarity(row.rarity) if row.rarity in set(Rarity) else Rarity.COMMON,
        position=row.position,
        retired=True,
    )


# Ids never change for a code, so that a process may remember them; a database is known by its
# engine.
_ids: WeakKeyDictionary[Engine, dict[str, int]] = WeakKeyDictionary()


def ids() -> dict[str, int]:
    """The id of every achievement in the table, by code."""
    known = _ids.get(db.engine)
    if known is None:
        known = _read_ids()
        if known.keys() >= BY_CODE.keys():
            _ids[db.engine] = known
    return known


def ids_of(codes: Iterable[str]) -> dict[str, int]:
    """The ids of at least these codes, of which a newer version may have added some meanwhile."""
    known = ids()
    if not known.keys() >= set(codes):
        _ids.pop(db.engine, None)
        known = ids()
    return known


def ids_for_award(codes: Sequence[str]) -> dict[str, int]:
    """The ids of these codes; adds what is missing in the table first, when one of them is."""
    known = ids()
    if not all(code in known for code in codes):
        add_missing()
        known = _read_ids()  # not remembered: this transaction may yet be rolled back
    return {code: known[code] for code in codes}


def code_of(achievement_id: int) -> str | None:
    """The code of an achievement's id."""
    return next((code for code, known in ids().items() if known == achievement_id), None)


def _read_ids() -> dict[str, int]:
    rows = db.session.execute(sa.select(Achievement.code, Achievement.id)).all()
    return {row.code: row.id for row in rows}
