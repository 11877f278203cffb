"""The result of a recheck."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trackflow_web.kernel.text import count_of

if TYPE_CHECKING:
    from trackflow_web.achievements.awards.completions import Completion
    from trackflow_web.achievements.awards.grant import Award
    from trackflow_web.achievements.metrics.distinct_values import ValueDrift
    from trackflow_web.achievements.metrics.period_counters import PeriodDrift
    from trackflow_web.achievements.standings.scores import ScoreDrift


@dataclass(frozen=True)
class Drift:
    """A counter that differs from its source rows."""

    user_id: int
    name: str
    stored: object
    counted: object


@dataclass(frozen=True)
class RecheckResult:
    """The result of a recheck in figures: users rechecked, awards granted, counters corrected."""

    users: int = 0
    awards: int = 0
    corrections: int = 0

    @property
    def text(self) -> str:
        """Return the result as text: `3 users, 1 award, 0 numbers corrected.`."""
        return (
            f"{count_of(self.users, 'user')}, {count_of(self.awards, 'award')},"
            f" {count_of(self.corrections, 'number')} corrected."
        )


@dataclass
class Findings:
    """The findings of a recheck: due awards and counters that differ from the source rows.

    `completions` are the editions of categories that users had completed without a row for it.
    `value_drift`, `period_drift` and `score_drift` are rows of `user_values`, `user_period_stats`
    and `leaderboard_scores`. A recheck that corrects `user_values` only counts them, in
    `values_corrected`.
    """

    users: int = 0
    awards: list[Award] = field(default_factory=list)
    completions: list[Completion] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)
    period_drift: list[PeriodDrift] = field(default_factory=list)
    value_drift: list[ValueDrift] = field(default_factory=list)
    score_drift: list[ScoreDrift] = field(default_factory=list)
    values_corrected: int = 0

    @property
    def result(self) -> RecheckResult:
        """Return it in figures."""
        values = len(self.value_drift) + self.values_corrected
        counters = len(self.drift) + len(self.period_drift) + len(self.score_drift)
        corrections = counters + values
        return RecheckResult(self.users, len(self.awards), corrections)

    @property
    def users_with_drift(self) -> list[int]:
        """Return the user id of every counter that differs."""
        return [
            *(found.user_id for found in self.drift),
            *(found.user_id for found in self.period_drift),
            *(found.user_id for found in self.score_drift),
        ]

    def add(self, other: Findings) -> None:
        """Take in what was found for other users."""
        self.users += other.users
        self.awards += other.awards
        self.completions += other.completions
        self.drift += other.drift
        self.period_drift += other.period_drift
        self.value_drift += other.value_drift
        self.score_drift += other.score_drift
        self.values_corrected += other.values_corrected
