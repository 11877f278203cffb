"""The catalogue as one immutable object: every entry by code, by metric and by period."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from datetime import datetime

    from trackflow_web.achievements.catalogue.entries import Entry, Period, SeasonInfo

Ladders = dict[str, tuple["Entry", ...]]


@dataclass(frozen=True)
class Registry:
    """The catalogue at one version; a change creates a new one.

    `entries` are in force, in the order of the catalogue; `retired` are those that some users keep.
    `ids` has the ids of the rows by code; a built-in entry that was not synced yet has none.
    `periods` are the open ones, `seasons` the announced ones by their period, also those that are
    over. `level_names` are those of administrators, by the first level that has them.
    """

    version: int
    entries: tuple[Entry, ...]
    retired: tuple[Entry, ...]
    ids: Mapping[str, int]
    periods: Mapping[str, Period]
    seasons: Mapping[str, SeasonInfo] = field(default_factory=dict)
    level_names: Mapping[int, str] = field(default_factory=dict)

    def shown(self, earned: Container[str], now: datetime) -> list[Entry]:
        """Return what is listed for a user: of seasons those that run, and what they have."""
        return [
            entry
            for entry in self.entries
            if entry.period is None or entry.code in earned or self._runs(entry.period, now)
        ]

    def unlisted(self, listed: Iterable[Entry]) -> list[Entry]:
        """Return the other entries in force: they have a page only."""
        codes = {entry.code for entry in listed}
        return [entry for entry in self.entries if entry.code not in codes]

    def _runs(self, name: str, now: datetime) -> bool:
        season = self.seasons.get(name)
        period = season.period if season else self.periods.get(name)
        return period is not None and period.contains(now)

    @cached_property
    def by_code(self) -> Mapping[str, Entry]:
        """Return the entries in force by code."""
        return {entry.code: entry for entry in self.entries}

    @cached_property
    def by_id(self) -> Mapping[int, Entry]:
        """Return the entries in force by the id of their row."""
        return {self.ids[entry.code]: entry for entry in self.entries if entry.code in self.ids}

    @cached_property
    def by_metric(self) -> Ladders:
        """Return what is evaluated by the totals of a user, by metric, the easiest first."""
        return _ladders(entry for entry in self.entries if entry.period is None)

    @cached_property
    def by_period(self) -> Mapping[str, Ladders]:
        """Return what is evaluated by the counters of each open period, by metric."""
        return {
            name: _ladders(entry for entry in self.entries if entry.period == name)
            for name in self.periods
        }

    @cached_property
    def counted_periods(self) -> Mapping[str, Sequence[Period]]:
        """Return by metric the open periods in which it is counted."""
        found: dict[str, list[Period]] = defaultdict(list)
        for name, ladders in self.by_period.items():
            for metric in ladders:
                found[metric].append(self.periods[name])
        return dict(found)

    @cached_property
    def _thresholds(self) -> Mapping[tuple[str | None, str], list[int]]:
        ladders: list[tuple[str | None, Ladders]] = [(None, self.by_metric)]
        ladders += self.by_period.items()
        return {
            (period, metric): [entry.threshold for entry in rungs]
            for period, by_metric in ladders
            for metric, rungs in by_metric.items()
        }

    def crossed(
        self, metric: str, old: int, new: int, period: str | None = None
    ) -> tuple[Entry, ...]:
        """Return the entries whose threshold lies in (old, new], the easiest first."""
        thresholds = self._thresholds.get((period, metric))
        if not thresholds or new <= old:
            return ()
        ladders = self.by_metric if period is None else self.by_period[period]
        return ladders[metric][bisect_right(thresholds, old) : bisect_right(thresholds, new)]

    def find(self, code: str) -> Entry | None:
        """Return the entry with this code, in force or retired, or None."""
        return self.by_code.get(code) or self._retired_by_code.get(code)

    def get(self, code: str) -> Entry:
        """Return the entry with this code, in force or retired; raise KeyError."""
        return self.by_code.get(code) or self._retired_by_code[code]

    def retired_among(self, codes: Iterable[str]) -> list[Entry]:
        """Return those with these codes that are retired, in the order of the catalogue."""
        wanted = set(codes)
        return [entry for entry in self.retired if entry.code in wanted]

    @cached_property
    def _retired_by_code(self) -> Mapping[str, Entry]:
        return {entry.code: entry for entry in self.retired}


def _ladders(entries: Iterable[Entry]) -> Ladders:
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.metric is not None:
            found[entry.metric].append(entry)
    return {
        metric: tuple(sorted(those, key=lambda entry: entry.threshold))
        for metric, those in found.items()
    }
