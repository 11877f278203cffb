"""Rules of reactions, without a database."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from trackflow_web.domain.subjects import SubjectType
from trackflow_web.kernel.errors import Invalid

# An owner is notified of the same user's reaction to the same thing once in so long.
TOLD_ONCE_IN = timedelta(hours=24)
SUBJECTS = (
    SubjectType.RELEASE,
    SubjectType.ACHIEVEMENT,
    SubjectType.PACK,
    SubjectType.COMMENT,
)


class Kind(StrEnum):
    """The kinds of reactions; their names in the database and the API never change."""

    LIKE = "like"
    BANGER = "banger"
    CLEAN = "clean"
    BRUTAL = "brutal"
    THANKS = "thanks"

    @property
    def label(self) -> str:
        """Return what the button says."""
        return _LABELS[self]


_LABELS = {
    Kind.LIKE: "Like",
    Kind.BANGER: "Banger",
    Kind.CLEAN: "Clean chart",
    Kind.BRUTAL: "Brutal",
    Kind.THANKS: "Thanks",
}


def kind(value: object) -> Kind | None:
    """Return the kind of this name; None for an empty one. Raises Invalid naming `kind`."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and value in set(Kind):
        return Kind(value)
    raise Invalid(kind=f"This must be one of: {', '.join(Kind)}.")


def subject_type(value: object) -> SubjectType:
    """Return the type of this name that can have reactions. Raises Invalid naming `subject`."""
    if isinstance(value, str) and value in SUBJECTS:
        return SubjectType(value)
    raise Invalid(subject=f"This must be one of: {', '.join(SUBJECTS)}.")


def is_told(told_at: datetime | None, now: datetime) -> bool:
    """Return whether the owner is to be notified of a reaction, told of last at this time."""
    return told_at is None or told_at <= now - TOLD_ONCE_IN
