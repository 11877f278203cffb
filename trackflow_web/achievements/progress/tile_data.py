"""One achievement as one person sees it. No database here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trackflow_web.achievements.catalogue.ladders import Category, Rarity
from trackflow_web.achievements.catalogue.registry import Entry
from trackflow_web.achievements.metrics import registry as metrics


class State(StrEnum):
    """How an achievement stands for somebody."""

    EARNED = "earned"
    PROGRESS = "progress"
    LOCKED = "locked"


class EntryFields:
    """What an entry of the catalogue says of whatever is about it."""

    entry: Entry

    @property
    def code(self) -> str:
        """The identity of the achievement."""
        return self.entry.code

    @property
    def name(self) -> str:
        """Its name; two pairs share one."""
        return self.entry.name

    @property
    def description(self) -> str:
        """What it asks."""
        return self.entry.description

    @property
    def icon(self) -> str:
        """An emoji."""
        return self.entry.icon

    @property
    def category(self) -> Category:
        """What kind of work it rewards."""
        return self.entry.category

    @property
    def group(self) -> str:
        """The heading it stands under."""
        return self.entry.group

    @property
    def points(self) -> int:
        """What it is worth."""
        return self.entry.points

    @property
    def rarity(self) -> Rarity:
        """How hard it is meant to be."""
        return self.entry.rarity

    @property
    def metric(self) -> str:
        """The number it is given for."""
        return self.entry.metric

    @property
    def target(self) -> int:
        """How many it asks for."""
        return self.entry.threshold


@dataclass(frozen=True)
class AchievementProgress(EntryFields):
    """One achievement as one person sees it."""

    entry: Entry
    current: int
    earned_at: datetime | None
    holders: int
    users: int
    # The longest streak, where what is shown is the current one.
    longest: int = 0

    @property
    def state(self) -> State:
        """Earned, on the way, or locked."""
        if self.earned_at is not None:
            return State.EARNED
        return State.PROGRESS if self.current > 0 else State.LOCKED

    @property
    def percent(self) -> int:
        """0 to 100; 100 only when earned."""
        if self.earned_at is not None:
            return 100
        return min(99, max(0, self.current) * 100 // self.target)

    @property
    def shown(self) -> int:
        """How much of the target the bar shows; all of it only when earned."""
        if self.earned_at is not None:
            return self.target
        return max(0, min(self.current, self.target - 1))

    @property
    def missing(self) -> int:
        """How many are still to come."""
        return max(0, self.target - self.current)

    @property
    def unit(self) -> str:
        """What is counted."""
        return _unit(self.metric, self.target)

    @property
    def progress_text(self) -> str:
        """The bar in words: `5/10 songs`."""
        return f"{self.shown:,}/{self.target:,} {self.unit}".rstrip()

    @property
    def longest_text(self) -> str:
        """The longest streak, to stand behind a shorter current one: ` · longest 6 days`."""
        if self.longest <= max(self.current, 0):
            return ""
        return f" · longest {self.longest:,} {_unit(self.metric, self.longest)}"

    @property
    def missing_text(self) -> str:
        """What is still to come: `5 songs to go`."""
        return f"{self.missing:,} {_unit(self.metric, self.missing)} to go"

    @property
    def share_text(self) -> str:
        """Who has it, as a share with both numbers: `7 % · 3 of 41`."""
        return f"{share(self.holders, self.users)} · {self.holders:,} of {self.users:,}"


def _unit(metric: str, number: int) -> str:
    """Empty for a metric that went with the last achievement for it."""
    return metrics.BY_NAME[metric].unit(number) if metric in metrics.BY_NAME else ""


def share(part: int, whole: int) -> str:
    """A share in whole per cent, rounded down; the smallest one is `< 1 %`, never 0."""
    if part and part * 100 < whole:
        return "< 1 %"
    return f"{part * 100 // whole if whole else 0} %"
