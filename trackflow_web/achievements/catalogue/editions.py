"""Editions of categories: written when the built-in achievements of one have changed."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements.catalogue import entries
from trackflow_web.achievements.category_models import CategoryEdition, CategoryMember
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, upsert

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trackflow_web.achievements.catalogue.entries import Entry

SHARE_OF_POINTS = 10
ROUNDED_TO = 5
SMALLEST_BONUS = 25


def bonus_of(points: int) -> int:
    """Return the bonus for achievements with these points: a tenth, to the next 5, at least 25."""
    unit = SHARE_OF_POINTS * ROUNDED_TO
    return max(-(-points // unit) * ROUNDED_TO, SMALLEST_BONUS)


def members() -> dict[str, list[Entry]]:
    """Return the achievements of each category that a completion requires now."""
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries.BUILT_IN:
        if entry.counts_for_completionist:
            found[entry.category].append(entry)
    return found


def write(ids: Mapping[str, int]) -> list[str]:
    """Begin an edition of every category whose achievements have changed; return the categories.

    `ids` has the ids of the achievements by code. May be repeated, also concurrently.
    """
    wanted = members()
    current = _current()
    changed = [
        category
        for category in sorted({*wanted, *current})
        if {ids[entry.code] for entry in wanted.get(category, ())} != current.get(category, set())
    ]
    for category in changed:
        _supersede(category)
        if category in wanted:
            _begin(category, wanted[category], ids)
    return changed


def _current() -> dict[str, set[int]]:
    """Return the ids of the achievements of each current edition."""
    found: dict[str, set[int]] = defaultdict(set)
    rows = db.session.execute(
        sa.select(CategoryMember.category, CategoryMember.achievement_id)
        .join(
            CategoryEdition,
            sa.and_(
                CategoryEdition.category == CategoryMember.category,
                CategoryEdition.edition == CategoryMember.edition,
            ),
        )
        .where(CategoryEdition.superseded_at.is_(None))
    )
    for category, achievement_id in rows:
        found[category].add(achievement_id)
    return found


def _supersede(category: str) -> None:
    db.session.execute(
        sa.update(CategoryEdition)
        .where(CategoryEdition.category == category, CategoryEdition.superseded_at.is_(None))
        .values(superseded_at=clock.now())
    )


def _begin(category: str, those: Iterable[Entry], ids: Mapping[str, int]) -> None:
    required = list(those)
    edition = _next_name(category)
    added = upsert(CategoryEdition).values(
        category=category,
        edition=edition,
        total=len(required),
        points=bonus_of(sum(entry.points for entry in required)),
        starts_at=clock.now(),
    )
    db.session.execute(added.on_conflict_do_nothing())
    db.session.execute(
        upsert(CategoryMember).on_conflict_do_nothing(),
        [
            {"category": category, "edition": edition, "achievement_id": ids[entry.code]}
            for entry in required
        ],
    )


def _next_name(category: str) -> str:
    """Return the year; of several editions in one the later ones are numbered: `2026.2`."""
    year = f"{clock.now():%Y}"
    known = set(
        db.session.scalars(
            sa.select(CategoryEdition.edition).where(CategoryEdition.category == category)
        )
    )
    number = 1
    while (name := f"{year}.{number}" if number > 1 else year) in known:
        number += 1
    return name
