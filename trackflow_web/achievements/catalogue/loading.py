"""The registry of this process, replaced when the version in the database is another one.

An action reads the version in the statement that updates its counters, so that it is evaluated
against the catalogue in force when it commits: until then HELD_VERSION keeps a change from
committing. Reads compare VERSION, or accept what the process knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from trackflow_web.achievements.catalogue import entries
from trackflow_web.achievements.catalogue.entries import Entry, Kind, Period, SeasonInfo
from trackflow_web.achievements.catalogue.ladders import Category, Rarity
from trackflow_web.achievements.catalogue.registry import Registry
from trackflow_web.achievements.models import Achievement, CountingPeriod, LevelName, Season
from trackflow_web.kernel import cache_versions
from trackflow_web.kernel.cache_versions import Versioned
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Engine

# For a SELECT or RETURNING; HELD_VERSION in a writing transaction.
VERSION = cache_versions.of(Versioned.CATALOGUE).label("catalogue_version")
HELD_VERSION = cache_versions.held(Versioned.CATALOGUE).label("catalogue_version")

_registries: WeakKeyDictionary[Engine, Registry] = WeakKeyDictionary()


def at(version: int | None) -> Registry:
    """Return the registry of a version read in this transaction; load it if it is another one."""
    known = _registries.get(db.engine)
    stepped = cache_versions.is_stepped(Versioned.CATALOGUE)
    if known is not None and known.version == (version or 0) and not stepped:
        return known
    loaded = _load(version or 0)
    # Rows that this transaction wrote may yet be rolled back, and built-in entries without a row
    # get their ids later.
    is_complete = all(entry.code in loaded.ids for entry in entries.BUILT_IN)
    if is_complete and not stepped and not db.session().info.get(ROWS_ADDED):
        _registries[db.engine] = loaded
    return loaded


def latest() -> Registry:
    """Return the registry of the version in the database; takes one statement."""
    return at(db.session.scalar(sa.select(VERSION)))


def current() -> Registry:
    """Return the registry that this process knows: at most as old as its last action or page."""
    if cache_versions.is_stepped(Versioned.CATALOGUE):
        return latest()
    return _registries.get(db.engine) or latest()


def id_of(code: str) -> int:
    """Return the id of a code, or 0, which no row has, if there is no such achievement."""
    return current().ids.get(code) or latest().ids.get(code, 0)


def changed() -> None:
    """Raise the version at the commit of this unit of work; call it when rows were changed."""
    cache_versions.step(Versioned.CATALOGUE)


def forget() -> None:
    """Forget what this process knows: its database was replaced by another one."""
    _registries.clear()


# --- reading the rows ----------------------------------------------------------------------------

# A mark on the session whose transaction has added rows of built-in entries.
ROWS_ADDED = "achievements added"
_ROWS = (
    sa.select(
        Achievement,
        CountingPeriod.starts_at,
        CountingPeriod.ends_at,
        CountingPeriod.closed_at,
        Season.slug,
        Season.name.label("season_name"),
    )
    .outerjoin(CountingPeriod, CountingPeriod.id == Achievement.period)
    .outerjoin(Season, Season.period == Achievement.period)
    # Nothing of a draft is known to anybody but administrators.
    .where(sa.or_(Season.draft.is_(None), ~Season.draft))
    .order_by(Achievement.position, Achievement.id)
)


def _load(version: int) -> Registry:
    rows = db.session.execute(_ROWS.execution_options(populate_existing=True)).all()
    retired = {row.Achievement.code for row in rows if row.Achievement.retired_at is not None}
    built_in = {entry.code for entry in entries.BUILT_IN}
    others = [_entry(row.Achievement) for row in rows if row.Achievement.code not in built_in]
    # Those with a row only follow the built-in ones of the code, as far as they are in force.
    others.sort(key=lambda entry: entry.kind is not Kind.BUILTIN)
    every = entries.distinguished([*_built_in(retired), *others])
    return Registry(
        version=version,
        entries=tuple(entry for entry in every if not entry.retired),
        retired=tuple(entry for entry in every if entry.retired),
        ids={row.Achievement.code: row.Achievement.id for row in rows},
        periods=_open_periods(rows),
        seasons=_seasons(rows),
        level_names=_level_names(),
    )


def _built_in(retired: set[str]) -> list[Entry]:
    """Return the built-in entries of the code; only their row shows whether they are retired."""
    return [entries.retire(entry) if entry.code in retired else entry for entry in entries.BUILT_IN]


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
        kind=Kind(row.kind) if row.kind in set(Kind) else Kind.CUSTOM,
        period=row.period,
        edition=row.edition,
        fixed_points=row.points,
        retired=row.retired_at is not None,
    )


def _open_periods(rows: Sequence[Any]) -> dict[str, Period]:
    return {
        row.Achievement.period: Period(row.Achievement.period, row.starts_at, row.ends_at)
        for row in rows
        if row.starts_at is not None and row.closed_at is None
    }


def _seasons(rows: Sequence[Any]) -> dict[str, SeasonInfo]:
    return {
        row.Achievement.period: SeasonInfo(
            row.slug,
            row.season_name,
            Period(row.Achievement.period, row.starts_at, row.ends_at),
        )
        for row in rows
        if row.slug is not None
    }


def _level_names() -> dict[int, str]:
    rows = db.session.execute(sa.select(LevelName.level, LevelName.name))
    return {row.level: row.name for row in rows}
