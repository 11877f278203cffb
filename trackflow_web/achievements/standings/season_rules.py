"""What a season and its achievements may be. Does not read the database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from trackflow_web.achievements import metrics
from trackflow_web.achievements.catalogue.ladders import Rarity
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Checks, Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
LONGEST_SLUG = 40
LONGEST_NAME, LONGEST_DESCRIPTION, LONGEST_ICON = 80, 200, 16
CODE = re.compile(r"[a-z][a-z0-9_]{2,39}", re.ASCII)
# Addresses below /achievements/.
RESERVED_CODES = frozenset({"me", "check", "levels", "categories", "custom"})
MOST_NEEDED = 10_000
# An hour, because a season that is over before anybody saw it is a mistake; more than a year, for
# one that is called after a year.
SHORTEST, LONGEST = timedelta(hours=1), timedelta(days=400)
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
LONGEST_TIME = 40
# Work of the season that a job or a redelivery finds late counts; late work never does.
GRACE = timedelta(hours=24)
# How long before its end users are reminded.
ENDING_BEFORE = timedelta(days=3)
# The longest of something is not counted within a span of time, and imports never count in one.
COUNTED = tuple(
    name for name in metrics.BY_NAME if name not in {"login_streak", "total_spotify_imports"}
)

A_TIME = "Enter a date and a time in UTC, such as 2026-10-01T00:00."
STARTED = "The season has started, so this can't change any more."
IS_OVER = "This season is over."


class State(StrEnum):
    """The state of a season: that of a draft is chosen, the others follow the clock."""

    DRAFT = "draft"
    ANNOUNCED = "announced"
    RUNNING = "running"
    OVER = "over"


class Rerun(StrEnum):
    """Whether a season returns: promised before it starts."""

    ONCE = "once"
    MAYBE = "maybe"
    YEARLY = "yearly"


PROMISES = {
    Rerun.ONCE: "This season runs once and won't return.",
    Rerun.MAYBE: "This season may return, but that isn't promised.",
    Rerun.YEARLY: "This season returns every year.",
}


@dataclass(frozen=True)
class SeasonFields:
    """The checked fields of a season."""

    slug: str
    name: str
    starts_at: datetime
    ends_at: datetime
    rerun: Rerun
    draft: bool


@dataclass(frozen=True)
class AchievementFields:
    """The checked fields of a seasonal achievement."""

    code: str
    name: str
    description: str
    icon: str
    metric: str
    threshold: int
    rarity: Rarity


def state_of(starts_at: datetime, ends_at: datetime, now: datetime, *, draft: bool) -> State:
    """Return the state of a season at a moment; its end is not part of it."""
    if draft:
        return State.DRAFT
    if now < starts_at:
        return State.ANNOUNCED
    return State.RUNNING if now < ends_at else State.OVER


def edition_of(starts_at: datetime, ends_at: datetime) -> str:
    """Return what a season is told apart by: `2026`, or `2026/27` over a new year."""
    last = (ends_at - timedelta(microseconds=1)).year
    return f"{starts_at.year}" if last == starts_at.year else f"{starts_at.year}/{last % 100:02}"


def season_fields(fields: Mapping[str, object]) -> SeasonFields:
    """Return the fields of a form or body. Raises Invalid naming every wrong one."""
    check = Checks()
    slug_ = check(slug, fields.get("slug"))
    name = check(text.line, fields.get("name"), "name", longest=LONGEST_NAME)
    starts_at = check(moment, fields.get("starts_at"), "starts_at")
    ends_at = check(moment, fields.get("ends_at"), "ends_at")
    rerun = check(text.choice, fields.get("rerun") or Rerun.ONCE.value, "rerun", Rerun)
    draft = check(switch, fields.get("draft"), "draft")
    check.finish()
    _check_length(starts_at, ends_at)
    return SeasonFields(slug_, name, starts_at, ends_at, rerun, draft)


def achievement_fields(fields: Mapping[str, object]) -> AchievementFields:
    """Return the fields of a form or body. Raises Invalid naming every wrong one."""
    check = Checks()
    code_ = check(code, fields.get("code"))
    name = check(text.line, fields.get("name"), "name", longest=LONGEST_NAME)
    description = check(
        text.line, fields.get("description"), "description", longest=LONGEST_DESCRIPTION
    )
    icon = check(text.line, fields.get("icon"), "icon", longest=LONGEST_ICON)
    metric = check(metric_name, fields.get("metric"))
    threshold = check(_threshold, fields.get("threshold"))
    rarity = check(text.choice, fields.get("rarity"), "rarity", Rarity)
    check.finish()
    return AchievementFields(code_, name, description, icon, metric, threshold, rarity)


def is_slug(value: str) -> bool:
    """Return whether a season can have this address; what cannot reaches no database."""
    return len(value) <= LONGEST_SLUG and SLUG.fullmatch(value) is not None


def slug(value: object) -> str:
    """Return the part of a season's address. Raises Invalid naming `slug`."""
    typed = text.line(value, "slug", longest=LONGEST_SLUG)
    if not SLUG.fullmatch(typed):
        raise Invalid(slug="Use letters (a-z), digits and single hyphens.")
    return typed


def code(value: object) -> str:
    """Return the identity of an achievement. Raises Invalid naming `code`."""
    typed = text.line(value, "code", longest=LONGEST_SLUG)
    if not CODE.fullmatch(typed):
        raise Invalid(code="Use 3 to 40 letters (a-z), digits and _, with a letter first.")
    if typed in RESERVED_CODES:
        raise Invalid(code="This code is reserved.")
    return typed


def metric_name(value: object) -> str:
    """Return the name of a metric that a season can count. Raises Invalid naming `metric`."""
    if not isinstance(value, str) or value not in COUNTED:
        raise Invalid(metric=f"This must be one of: {', '.join(COUNTED)}.")
    return value


def moment(value: object, field: str) -> datetime:
    """Return a time, in UTC unless it has a zone of its own. Raises Invalid naming `field`."""
    typed = text.line(value, field, longest=LONGEST_TIME)
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        raise Invalid(**{field: A_TIME}) from None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    if "T" not in typed or not EARLIEST < at < LATEST:
        raise Invalid(**{field: A_TIME})
    return at.astimezone(UTC)


def switch(value: object, field: str) -> bool:
    """Return whether a box is ticked. Raises Invalid naming `field`."""
    if isinstance(value, bool):
        return value
    return bool(value) and text.choice(value, field, text.YesOrNo) is text.YesOrNo.YES


def check_change(old: SeasonFields, new: SeasonFields, now: datetime) -> None:
    """Raise Invalid naming what may no longer change: a start was a promise to everybody."""
    state = state_of(old.starts_at, old.ends_at, now, draft=old.draft)
    if state in {State.DRAFT, State.ANNOUNCED}:
        return
    errors = {
        name: STARTED
        for name in ("slug", "starts_at", "rerun", "draft")
        if getattr(old, name) != getattr(new, name)
    }
    if new.ends_at != old.ends_at and (state is State.OVER or new.ends_at < old.ends_at):
        errors["ends_at"] = IS_OVER if state is State.OVER else "A running season can't end sooner."
    if errors:
        raise Invalid(**errors)


def _check_length(starts_at: datetime, ends_at: datetime) -> None:
    if ends_at - starts_at < SHORTEST:
        raise Invalid(ends_at="The end must be at least an hour after the start.")
    if ends_at - starts_at > LONGEST:
        raise Invalid(ends_at=f"A season can be at most {LONGEST.days} days long.")


def _threshold(value: object) -> int:
    number = text.whole_number(value, "threshold", least=1, most=MOST_NEEDED)
    if number is None:
        raise Invalid(threshold=f"Enter a threshold between 1 and {MOST_NEEDED}.")
    return number
