"""Mentions: who a comment names, and who of them is notified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.comments import rules
from trackflow_web.domain.comments.models import Comment, Mention
from trackflow_web.domain.people.models import User
from trackflow_web.domain.subjects import Subject, find_subject
from trackflow_web.domain.visibility import visible_to
from trackflow_web.kernel import rate_limits
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import TooMany

if TYPE_CHECKING:
    from limits import RateLimitItem


@dataclass(frozen=True)
class Mentioned:
    """The users that a text mentions for the first time, and the number of those not notified."""

    new: tuple[int, ...] = ()
    not_told: int = 0


def note(
    comment: Comment, subject: Subject, author_id: int, limits: Sequence[RateLimitItem]
) -> Mentioned:
    """Store whom a comment mentions, within the limits, and return who is new among them.

    Users whom it has mentioned before are not notified again; those who may not see the subject, or
    whom its author may not see, are not mentioned at all.
    """
    user_ids = _named(rules.mentioned_names(comment.body), author_id)
    if not user_ids:
        return Mentioned()
    known = set(
        db.session.scalars(sa.select(Mention.user_id).where(Mention.comment_id == comment.id))
    )
    able = [each for each in user_ids if find_subject(subject.type, subject.id, each)]
    meant = able[: rules.MOST_MENTIONS]
    new = _within(limits, author_id, [each for each in meant if each not in known])
    db.session.add_all(Mention(comment_id=comment.id, user_id=each) for each in new)
    db.session.flush()
    not_told = len(able) - len(new) - len(known.intersection(meant))
    return Mentioned(tuple(new), not_told)


def _named(names: Sequence[str], author_id: int) -> list[int]:
    """Return the ids of users with these names whom the author may see, in the order of the text.

    A few more than may be mentioned, so that the author learns that they were too many.
    """
    if not names:
        return []
    rows = db.session.execute(
        sa.select(User.username, User.id).where(
            User.username.in_(names), User.id != author_id, visible_to(author_id)
        )
    )
    found = {row.username: row.id for row in rows}
    return [found[name] for name in names if name in found][: rules.MOST_MENTIONS * 2]


def _within(limits: Sequence[RateLimitItem], author_id: int, user_ids: Sequence[int]) -> list[int]:
    """Return those of the users who may still be notified of the author's mentions."""
    told: list[int] = []
    for user_id in user_ids:
        try:
            rate_limits.enforce_all_within("mentions", str(author_id), limits, "")
        except TooMany:
            break
        told.append(user_id)
    return told
