"""A later version of the code with another catalogue, as a process would have it after a deploy."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from trackflow_web.achievements.catalogue import registry as catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

    from trackflow_web.achievements.catalogue.registry import Entry


class Deploy:
    """`deploy.change("dreamer", threshold=2)`, `deploy.retire("dreamer")`: what is in force now.

    How many the completionist asks for follows, as it does in the code.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.first = catalogue.ENTRIES

    def back(self) -> None:
        """The version that there was at first."""
        self._install(self.first)

    def change(self, code: str, **fields: object) -> None:
        self._install(
            dataclasses.replace(entry, **fields) if entry.code == code else entry
            for entry in catalogue.ENTRIES
        )

    def retire(self, *codes: str) -> None:
        self._install([entry for entry in catalogue.ENTRIES if entry.code not in codes])

    def add(self, like: str, **fields: object) -> None:
        self._install([*catalogue.ENTRIES, dataclasses.replace(catalogue.BY_CODE[like], **fields)])

    def _install(self, changed: Iterable[Entry]) -> None:
        those = tuple(changed)
        entries = tuple(
            dataclasses.replace(entry, threshold=len(those) - 1)
            if entry.code == catalogue.COMPLETIONIST
            else entry
            for entry in those
        )
        by_metric = {
            metric: tuple(
                sorted(
                    (entry for entry in entries if entry.metric == metric),
                    key=lambda entry: entry.threshold,
                )
            )
            for metric in dict.fromkeys(entry.metric for entry in entries)
        }
        thresholds = {
            metric: [entry.threshold for entry in rungs] for metric, rungs in by_metric.items()
        }
        for name, value in (
            ("ENTRIES", entries),
            ("BY_CODE", {entry.code: entry for entry in entries}),
            ("BY_METRIC", by_metric),
            ("_THRESHOLDS", thresholds),
            ("_ids", type(catalogue._ids)()),  # a new process has yet to ask for them
        ):
            self.monkeypatch.setattr(catalogue, name, value)
