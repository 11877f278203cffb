"""The built-in catalogue, a later version of it after a deploy, and entries added as rows."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING

from trackflow_web.achievements import catalogue
from trackflow_web.achievements.catalogue import entries, rows
from trackflow_web.achievements.catalogue.entries import (
    BUILT_IN,
    COMPLETIONIST,
    Entry,
    Kind,
    Period,
)
from trackflow_web.achievements.catalogue.ladders import Category, Rarity
from trackflow_web.achievements.catalogue.registry import Registry
from trackflow_web.kernel import clock

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

ENTRIES = BUILT_IN
BY_CODE = {entry.code: entry for entry in BUILT_IN}
# As a process has it whose database has no other rows.
BUILT_IN_ONLY = Registry(
    version=0,
    entries=BUILT_IN,
    retired=(),
    ids={entry.code: at for at, entry in enumerate(BUILT_IN, start=1)},
    periods={},
)


class Deploy:
    """`deploy.change("dreamer", threshold=2)`, `deploy.retire("dreamer")`: what is in force now.

    The threshold of the completionist follows, as it does in the code.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    def back(self) -> None:
        """Deploy the first version again."""
        self._install(BUILT_IN)

    def change(self, code: str, **fields: object) -> None:
        self._install(
            dataclasses.replace(entry, **fields) if entry.code == code else entry
            for entry in entries.BUILT_IN
        )

    def retire(self, *codes: str) -> None:
        self._install(entry for entry in entries.BUILT_IN if entry.code not in codes)

    def add(self, like: str, **fields: object) -> None:
        self._install([*entries.BUILT_IN, dataclasses.replace(BY_CODE[like], **fields)])

    def _install(self, changed: Iterable[Entry]) -> None:
        those = tuple(changed)
        threshold = len(those) - 1
        installed = tuple(
            dataclasses.replace(entry, threshold=threshold)
            if entry.code == COMPLETIONIST
            else entry
            for entry in those
        )
        self.monkeypatch.setattr(entries, "BUILT_IN", installed)
        catalogue.forget()  # as a new process


def custom_entry(code: str = "regular", **fields: object) -> Entry:
    """An automatic achievement for 3 planned songs, unless the fields say otherwise."""
    values = {
        "name": code.replace("_", " ").title(),
        "description": "Made by an administrator",
        "icon": "\N{SPARKLES}",
        "category": Category.SPECIAL,
        "group": "Custom",
        "metric": "total_planned",
        "threshold": 3,
        "rarity": Rarity.RARE,
        "position": 1_000,
        "kind": Kind.CUSTOM,
        "fixed_points": 5,
    }
    return Entry(code=code, **values | fields)


def save_season(
    code: str = "spring_sprint",
    *,
    period: Period | None = None,
    metric: str = "total_songs",
    threshold: int = 2,
    **fields: object,
) -> Period:
    """Save a seasonal achievement and its period: a week around now, unless it is given."""
    now = clock.now()
    period = period or Period("season:spring", now - timedelta(days=3), now + timedelta(days=4))
    rows.save_period(period)
    fields |= {"metric": metric, "threshold": threshold, "period": period.id}
    rows.save(custom_entry(code, kind=Kind.SEASONAL, edition="2026", **fields))
    return period
