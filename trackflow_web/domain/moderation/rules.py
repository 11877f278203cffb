"""The reasons of reports, the actions of moderators, and when reports hide something."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

LONGEST_TEXT = 500
LONGEST_STATEMENT = 500
SHORTEST_STATEMENT = 10
# Reports by so many independent users hide a subject until a moderator decides.
HELD_AT = 3
# Of decided reports, this share must have been upheld for a further one to count.
LEAST_ACCURACY = 0.5
# Fewer decided reports say nothing about their author.
LEAST_DECIDED = 2
LONGEST_SUSPENSION = timedelta(days=366)


class Reason(StrEnum):
    """Why something is reported."""

    SPAM = "spam"
    HARASSMENT = "harassment"
    WRONG_CREDIT = "wrong_credit"
    STOLEN_CHART = "stolen_chart"
    UNMARKED = "unmarked"
    BROKEN_LINK = "broken_link"
    WRONG_COVER = "wrong_cover"
    OTHER = "other"


REASONS = {
    Reason.SPAM: "Spam",
    Reason.HARASSMENT: "Harassment",
    Reason.WRONG_CREDIT: "Wrong credit",
    Reason.STOLEN_CHART: "Stolen chart",
    Reason.UNMARKED: "Spoiler, or not safe for work",
    Reason.BROKEN_LINK: "Broken link",
    Reason.WRONG_COVER: "Wrong cover",
    Reason.OTHER: "Something else",
}


class State(StrEnum):
    """The state of a report."""

    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


class Action(StrEnum):
    """What a moderator decides."""

    HIDE = "hide"
    RESTORE = "restore"
    DISMISS = "dismiss"
    WARN = "warn"
    SUSPEND = "suspend"
    COVER = "cover"


ACTIONS = {
    Action.HIDE: "Hide it",
    Action.RESTORE: "Show it again",
    Action.DISMISS: "Dismiss the reports",
    Action.WARN: "Warn its owner",
    Action.SUSPEND: "Suspend its owner",
    Action.COVER: "Remove its cover",
}
# What its owner reads.
TOLD = {
    Action.HIDE: "A moderator hid something of yours.",
    Action.RESTORE: "A moderator shows something of yours again.",
    Action.WARN: "A moderator warned you.",
    Action.SUSPEND: "A moderator suspended your account.",
    Action.COVER: "A moderator removed a cover of yours.",
    Action.DISMISS: "A moderator turned down your appeal.",
}
# In the log only: enough users have reported it.
AUTO_HOLD = "auto_hold"
# These say that the reports were right.
UPHOLDING = frozenset({Action.HIDE, Action.WARN, Action.SUSPEND, Action.COVER})
# These have an effect that lasts until it is undone.
UNDONE = frozenset({Action.HIDE, AUTO_HOLD, Action.SUSPEND})


def counts(upheld: int, decided: int) -> bool:
    """Return whether the reports of a user with this record count towards a hold."""
    return decided < LEAST_DECIDED or upheld / decided >= LEAST_ACCURACY
