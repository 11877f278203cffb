"""Rules of comments, without a database: length, links, mentions, grace period."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from trackflow_web.domain.people.rules import is_username
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.kernel import text
from trackflow_web.kernel.characters import with_short_runs_of_marks

# Characters; comments on requests and bug reports may contain logs.
LONGEST_BODY = 2_000
LONGEST_FEEDBACK_BODY = 5_000
FEEDBACK = frozenset({SubjectType.FEATURE_REQUEST, SubjectType.BUG_REPORT})
# What can have a thread.
THREADS = tuple(type_ for type_ in SubjectType if type_ is not SubjectType.COMMENT)
# A letter needs a few marks at most; more of them reach into the lines above and below.
MOST_MARKS = 4
# Soon after posting, a correction is neither marked nor kept as a version.
GRACE = timedelta(minutes=5)
# Who reads a thread needs no more history than this; the oldest versions go.
MOST_VERSIONS = 20
# Whoever means more people than these means nobody in particular.
MOST_MENTIONS = 5
# Names in a text beyond these are not looked up.
MOST_NAMES_READ = 50
SAME_TEXT_FOR = timedelta(minutes=10)
# Congratulations are short, and may be the same on several releases.
SHORT_TEXT = 60

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`", re.DOTALL)
_MENTION = re.compile(r"(?<![\w@./\-])@([\w\-]{3,40})", re.ASCII)
_LINK = re.compile(r"https?://|www\.|\]\(", re.IGNORECASE)


def longest_body(type_: SubjectType) -> int:
    """Return how many characters a comment on a subject of this type may have."""
    return LONGEST_FEEDBACK_BODY if type_ in FEEDBACK else LONGEST_BODY


def body(value: object, type_: SubjectType) -> str:
    """Return the validated text of a comment. Raises Invalid naming `body`."""
    checked = text.lines(value, "body", longest=longest_body(type_))
    return with_short_runs_of_marks(checked, longest=MOST_MARKS)


def has_link(checked: str) -> bool:
    """Return whether a text contains what looks like a link, shown as one or not."""
    return _LINK.search(checked) is not None


def mentioned_names(checked: str) -> list[str]:
    """Return the user names that a text mentions, outside of code, each once and in order."""
    found: dict[str, None] = {}
    for match in _MENTION.finditer(_CODE.sub(" ", checked)):
        # A sentence may end in a dash; a name rarely does.
        name = match[1].lower()
        found |= dict.fromkeys(filter(is_username, (name, name.rstrip("-_"))))
        if len(found) >= MOST_NAMES_READ:
            break
    return list(found)


def is_in_grace(created_at: datetime, now: datetime) -> bool:
    """Return whether a change is still part of writing the comment."""
    return now < created_at + GRACE


def is_newcomer(joined: datetime, newcomer_days: int, now: datetime) -> bool:
    """Return whether an account is so new that its links are held."""
    return now < newcomer_until(joined, newcomer_days)


def newcomer_until(joined: datetime, newcomer_days: int) -> datetime:
    """Return when an account is a newcomer no longer."""
    return joined + timedelta(days=newcomer_days)


def without_mention(checked: str, name: str, instead: str) -> str:
    """Return a text in which mentions of a user are something else."""
    return _MENTION.sub(lambda match: instead if match[1].lower() == name else match[0], checked)
