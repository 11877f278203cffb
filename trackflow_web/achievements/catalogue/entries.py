"""Entries of the catalogue, their state for a user, and the built-in entries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from trackflow_web.achievements.catalogue.ladders import LADDERS, Category, Rarity

COMPLETIONIST = "completionist"


class Kind(StrEnum):
    """Where an achievement comes from; its value is the column `kind`."""

    BUILTIN = "builtin"
    CUSTOM = "custom"
    SEASONAL = "seasonal"


class State(StrEnum):
    """The state of an achievement for a user."""

    EARNED = "earned"
    PROGRESS = "progress"
    LOCKED = "locked"


@dataclass(frozen=True)
class Period:
    """A half-open span of time, [starts_at, ends_at), in which some metrics are counted apart."""

    id: str
    starts_at: datetime
    ends_at: datetime

    def contains(self, at: datetime) -> bool:
        """Return whether a moment lies in the period: its start does, its end does not."""
        return self.starts_at <= at < self.ends_at


@dataclass(frozen=True)
class SeasonInfo:
    """What an achievement shows of its season."""

    slug: str
    name: str
    period: Period


@dataclass(frozen=True)
class Entry:
    """One achievement of the catalogue.

    Without a `metric` it is granted by administrators and never evaluated. With a `period` the
    metric is counted within it. `fixed_points` replace the points of the rarity. `qualifier` is
    shown beside a name that another entry has too.
    """

    code: str
    name: str
    description: str
    icon: str
    category: Category
    group: str
    metric: str | None
    threshold: int
    rarity: Rarity
    position: int
    kind: Kind = Kind.BUILTIN
    period: str | None = None
    edition: str = ""
    fixed_points: int | None = None
    retired: bool = False
    qualifier: str = ""

    @cached_property
    def full_name(self) -> str:
        """Return the name, with its qualifier if another entry has the same name."""
        return f"{self.name} \N{MIDDLE DOT} {self.qualifier}" if self.qualifier else self.name

    @cached_property
    def points(self) -> int:
        """Return what it is worth: by its rarity, unless it has points of its own."""
        return self.rarity.points if self.fixed_points is None else self.fixed_points

    @cached_property
    def counts_for_completionist(self) -> bool:
        """Return whether the completionist requires this achievement."""
        return self.kind is Kind.BUILTIN and self.code != COMPLETIONIST and not self.retired


def retire(entry: Entry) -> Entry:
    """Return the entry out of force."""
    return replace(entry, retired=True)


def distinguished(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries; those that share their name get their group as qualifier."""
    every = list(entries)
    names = Counter(entry.name for entry in every)
    return [
        replace(entry, qualifier=entry.group if names[entry.name] > 1 else "") for entry in every
    ]


class EntryFields:
    """The fields of an entry, for classes that describe one."""

    entry: Entry

    @property
    def code(self) -> str:
        """Return the identity of the achievement."""
        return self.entry.code

    @property
    def name(self) -> str:
        """Return its name; two pairs of built-in ones share one."""
        return self.entry.name

    @property
    def qualifier(self) -> str:
        """Return what to show beside a shared name; usually empty."""
        return self.entry.qualifier

    @property
    def full_name(self) -> str:
        """Return the name with its qualifier."""
        return self.entry.full_name

    @property
    def description(self) -> str:
        """Return the requirement."""
        return self.entry.description

    @property
    def icon(self) -> str:
        """Return an emoji."""
        return self.entry.icon

    @property
    def category(self) -> Category:
        """Return the kind of work that it rewards."""
        return self.entry.category

    @property
    def group(self) -> str:
        """Return the heading under which it is listed."""
        return self.entry.group

    @property
    def points(self) -> int:
        """Return what it is worth."""
        return self.entry.points

    @property
    def rarity(self) -> Rarity:
        """Return how hard it is meant to be."""
        return self.entry.rarity

    @property
    def metric(self) -> str | None:
        """Return the metric whose threshold it has; None when administrators grant it."""
        return self.entry.metric

    @property
    def target(self) -> int:
        """Return its threshold."""
        return self.entry.threshold


BUILT_IN: tuple[Entry, ...] = tuple(
    distinguished(
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
)
