"""What administrators enter for a custom achievement. Does not read the database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from trackflow_web.achievements import metrics
from trackflow_web.achievements.catalogue.entries import Entry, Kind
from trackflow_web.achievements.catalogue.ladders import Category, Rarity
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Checks, Invalid

CODE = re.compile(r"[a-z][a-z0-9_]{2,39}", re.ASCII)
LONGEST_CODE = 40
# Addresses below /achievements/ and /api/achievements/.
RESERVED = frozenset({"me", "check", "levels", "categories", "custom"})
LONGEST_NAME, LONGEST_DESCRIPTION, LONGEST_ICON = 80, 200, 16
# More would decide levels; most custom ones are an honour and worth nothing.
MOST_POINTS = 50
HIGHEST_THRESHOLD = 1_000_000
SHORTEST_NOTE, LONGEST_NOTE = 10, 500
GROUP = "Custom"
USUAL_ICON = "\N{SPORTS MEDAL}"
# The built-in ones come first.
FIRST_POSITION = 10_000


@dataclass(frozen=True)
class Draft:
    """The checked fields of a custom achievement; without a metric it is granted."""

    code: str
    name: str
    description: str
    icon: str
    rarity: Rarity
    points: int
    metric: str | None
    threshold: int

    def entry(self, position: int) -> Entry:
        """Return the entry of the catalogue with these fields."""
        return Entry(
            code=self.code,
            name=self.name,
            description=self.description,
            icon=self.icon,
            category=Category.SPECIAL,
            group=GROUP,
            metric=self.metric,
            threshold=self.threshold,
            rarity=self.rarity,
            position=position,
            kind=Kind.CUSTOM,
            fixed_points=self.points,
        )


def draft(fields: dict[str, Any]) -> Draft:
    """Return the checked fields of a new achievement. Raise Invalid naming every wrong one."""
    check = Checks()
    metric = check(_metric, fields.get("metric"))
    is_known = "metric" not in check.errors
    checked = Draft(
        code=check(_code, fields.get("code")),
        metric=metric,
        threshold=check(_threshold, fields.get("threshold"), metric) if is_known else 1,
        **_described(check, fields),
    )
    check.finish()
    return checked


def changed(entry: Entry, fields: dict[str, Any]) -> Draft:
    """Return the fields of an achievement after a change; those that were not sent stay.

    Its code and metric never change. Raise Invalid naming every wrong one.
    """
    now: dict[str, Any] = {
        "name": entry.name,
        "description": entry.description,
        "icon": entry.icon,
        "rarity": str(entry.rarity),
        "points": entry.points,
        "threshold": entry.threshold if entry.metric else None,
    }
    merged = now | {name: value for name, value in fields.items() if name in now}
    check = Checks()
    if fields.get("metric") not in {None, "", entry.metric}:
        check(_refuse_metric)
    checked = Draft(
        code=entry.code,
        metric=entry.metric,
        threshold=check(_threshold, merged["threshold"], entry.metric),
        **_described(check, merged),
    )
    check.finish()
    return checked


def note(value: object) -> str:
    """Return the note of a grant. Raise Invalid naming `note`."""
    written = text.line(value, "note", longest=LONGEST_NOTE)
    if len(written) < SHORTEST_NOTE:
        raise Invalid(note=f"Say why in {SHORTEST_NOTE} characters or more: they will read it.")
    return written


def _described(check: Checks, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": check(text.line, fields.get("name"), "name", longest=LONGEST_NAME),
        "description": check(
            text.line, fields.get("description"), "description", longest=LONGEST_DESCRIPTION
        ),
        "icon": check(_icon, fields.get("icon")),
        "rarity": check(text.choice, fields.get("rarity") or "common", "rarity", Rarity),
        "points": check(
            text.whole_number, fields.get("points"), "points", least=0, most=MOST_POINTS
        )
        or 0,
    }


def _code(value: object) -> str:
    code = text.line(value, "code", longest=LONGEST_CODE)
    if not CODE.fullmatch(code):
        raise Invalid(code="Use 3 to 40 small letters (a-z), digits and _, starting with a letter.")
    if code in RESERVED:
        raise Invalid(code="This code is reserved.")
    return code


def _icon(value: object) -> str:
    icon = text.line(value, "icon", longest=LONGEST_ICON, required=False)
    if any(char.isalnum() or char in "<>&\"'" for char in icon):
        raise Invalid(icon="Use an emoji.")
    return icon or USUAL_ICON


def _metric(value: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or value not in metrics.BY_NAME:
        raise Invalid(metric=f"This must be one of: {', '.join(metrics.BY_NAME)}.")
    return value


def _refuse_metric() -> None:
    raise Invalid(metric="The metric can't be changed. Create another achievement.")


def _threshold(value: object, metric: str | None) -> int:
    number = text.whole_number(value, "threshold", least=1, most=HIGHEST_THRESHOLD)
    if metric is None:
        if number is not None:
            raise Invalid(metric="Choose what to count, or leave the threshold empty.")
        return 1  # nothing counts it
    if number is None:
        raise Invalid(threshold=text.missing("threshold"))
    return number
