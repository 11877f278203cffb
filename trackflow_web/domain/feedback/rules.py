"""Rules of feature requests and bug reports; without a database."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Checks, Invalid

LONGEST_TITLE = 200
# A bug report may contain a log; a reason is short.
LONGEST_DESCRIPTION = 10_000
LONGEST_REASON = 500


class Kind(StrEnum):
    """A submitted request or report."""

    FEATURE = "feature"
    BUG = "bug"

    @property
    def has_votes(self) -> bool:
        """Return whether the kind has votes."""
        return self is Kind.FEATURE

    @property
    def decisions(self) -> tuple[Status, ...]:
        """Return the statuses that administrators can set, in the order of the work."""
        return DECISIONS[self]

    @property
    def statuses(self) -> tuple[Status, ...]:
        """Return all statuses that one can have."""
        return STATUSES[self]


class Status(StrEnum):
    """The status of a request or report."""

    OPEN = "open"
    PLANNED = "planned"
    DONE = "done"
    REJECTED = "rejected"
    CONFIRMED = "confirmed"
    FIXED = "fixed"
    CLOSED = "closed"
    DUPLICATE = "duplicate"
    WITHDRAWN = "withdrawn"


class Sort(StrEnum):
    """The order of a list."""

    NEWEST = "newest"
    VOTES = "votes"


# The statuses that administrators can set for each kind, in the order of the work.
DECISIONS = {
    Kind.FEATURE: (
        Status.OPEN,
        Status.PLANNED,
        Status.DONE,
        Status.REJECTED,
        Status.DUPLICATE,
    ),
    Kind.BUG: (
        Status.OPEN,
        Status.CONFIRMED,
        Status.FIXED,
        Status.CLOSED,
        Status.DUPLICATE,
    ),
}
STATUSES = {kind: (*decisions, Status.WITHDRAWN) for kind, decisions in DECISIONS.items()}
# With these it is no contribution: otherwise the achievements could be had for nonsense.
NOT_COUNTED = frozenset({Status.REJECTED, Status.DUPLICATE, Status.WITHDRAWN})


@dataclass(frozen=True)
class Draft:
    """Validated fields of a request or report."""

    title: str
    description: str

    @property
    def search_key(self) -> str:
        """Return the text that searches look in."""
        return text.search_key(self.title, self.description)


def draft(*, title: object, description: object) -> Draft:
    """Validate a request or report. Raises Invalid naming every invalid field."""
    check = Checks()
    checked = Draft(
        title=check(text.line, title, "title", longest=LONGEST_TITLE),
        description=check(text.lines, description, "description", longest=LONGEST_DESCRIPTION),
    )
    check.finish()
    return checked


def decision(kind: Kind, *, status: object, reason: object) -> tuple[Status, str]:
    """Return the validated status and reason, which may be empty. Raises Invalid."""
    check = Checks()
    checked = (
        check(_one_of, status, kind.decisions),
        check(text.lines, reason, "reason", longest=LONGEST_REASON, required=False),
    )
    check.finish()
    return checked


def status(kind: Kind, value: object) -> Status:
    """Return the status of this name that the kind has. Raises Invalid naming `status`."""
    return _one_of(value, kind.statuses)


def counts(status: Status) -> bool:
    """Return whether it counts for its author."""
    return status not in NOT_COUNTED


def _one_of(value: object, statuses: tuple[Status, ...]) -> Status:
    if isinstance(value, str) and value in statuses:
        return Status(value)
    raise Invalid(status=f"This must be one of: {', '.join(statuses)}.")
