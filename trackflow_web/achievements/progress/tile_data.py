"""The progress of one user on one achievement. Does not read the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trackflow_web.achievements import metrics
from trackflow_web.achievements.catalogue.entries import Entry, EntryFields, State
from trackflow_web.achievements.catalogue.ladders import Rarity

# Among fewer users one more or less would change what is called rare.
FEWEST_USERS = 20
TOO_FEW = "too few to say"
# Per cent of users from which on an achievement is as common as that.
_OBSERVED = (
    (Rarity.COMMON, 50),
    (Rarity.UNCOMMON, 20),
    (Rarity.RARE, 5),
    (Rarity.EPIC, 1),
    (Rarity.LEGENDARY, 0),
)


@dataclass(frozen=True)
class AchievementProgress(EntryFields):
    """The progress of one user on one achievement."""

    entry: Entry
    current: int
    earned_at: datetime | None
    holders: int
    users: int
    # The longest streak, where what is shown is the current one.
    longest: int = 0

    @property
    def state(self) -> State:
        """Return whether it is earned, in progress or locked."""
        if self.earned_at is not None:
            return State.EARNED
        return State.PROGRESS if self.current > 0 else State.LOCKED

    @property
    def percent(self) -> int:
        """Return 0 to 100; 100 only when earned."""
        if self.earned_at is not None:
            return 100
        return min(99, max(0, self.current) * 100 // self.target)

    @property
    def shown(self) -> int:
        """Return how much of the target the bar shows; all of it only when earned."""
        if self.earned_at is not None:
            return self.target
        return max(0, min(self.current, self.target - 1))

    @property
    def missing(self) -> int:
        """Return how many are missing."""
        return max(0, self.target - self.current)

    @property
    def unit(self) -> str:
        """Return the unit of the target."""
        return _unit(self.metric, self.target)

    @property
    def progress_text(self) -> str:
        """Return the bar in words: `5/10 songs`."""
        return f"{self.shown:,}/{self.target:,} {self.unit}".rstrip()

    @property
    def longest_text(self) -> str:
        """The longest streak, shown after a shorter current one: ` · longest 6 days`."""
        if self.longest <= max(self.current, 0):
            return ""
        return f" · longest {self.longest:,} {_unit(self.metric, self.longest)}"

    @property
    def missing_text(self) -> str:
        """Return what is missing: `5 songs to go`."""
        return f"{self.missing:,} {_unit(self.metric, self.missing)} to go"

    @property
    def share_text(self) -> str:
        """Return the holders as a share with both numbers: `7% (3 of 41)`.

        Among few users a share says nothing: `3 of 7, too few to say`.
        """
        if self.users < FEWEST_USERS:
            return f"{self.holders:,} of {self.users:,}, {TOO_FEW}"
        return f"{share(self.holders, self.users)} ({self.holders:,} of {self.users:,})"

    @property
    def observed_rarity(self) -> Rarity | None:
        """Return how rare it is among the users of today, whatever it was designed to be."""
        return observed_rarity(self.holders, self.users)


def _unit(metric: str | None, number: int) -> str:
    """Return the unit of a metric; empty without a metric, or for one that no longer exists."""
    known = metrics.BY_NAME.get(metric or "")
    return known.unit(number) if known else ""


def observed_rarity(holders: int, users: int) -> Rarity | None:
    """Return the rarity of so many holders; None among too few users to say."""
    if users < FEWEST_USERS:
        return None
    return next(rarity for rarity, least in _OBSERVED if holders * 100 >= least * users)


def share(part: int, whole: int) -> str:
    """Return a share in whole per cent, rounded down; a part below 1% is `<1%`, never 0."""
    if part and part * 100 < whole:
        return "<1%"
    return f"{part * 100 // whole if whole else 0}%"
