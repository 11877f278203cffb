"""Reporting something: one open report per user and subject; several hide it for the moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.audit import SecurityEvent, note_if_committed
from trackflow_web.domain.moderation import rules
from trackflow_web.domain.moderation.covers import has_cover
from trackflow_web.domain.moderation.events import SubjectHeld
from trackflow_web.domain.moderation.holding import hold
from trackflow_web.domain.moderation.models import OPEN, ModerationAction, Report
from trackflow_web.domain.moderation.rules import Reason, State
from trackflow_web.domain.people.models import User
from trackflow_web.domain.visibility.models import Hold
from trackflow_web.kernel import clock, rate_limits, text
from trackflow_web.kernel.database import db, upsert
from trackflow_web.kernel.errors import Checks, Invalid
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from limits import RateLimitItem

TOO_MANY = "You've reported a lot today. Try again tomorrow."


@dataclass(frozen=True)
class Reported:
    """What is reported, and whose it is."""

    type: str
    id: int
    owner_id: int


def report(
    user: User,
    subject: Reported,
    *,
    reason: object,
    text_: object,
    limits: Sequence[RateLimitItem],
    newcomer_days: int,
) -> Report:
    """Report a subject; again while it is open changes nothing. Raises Invalid, TooMany."""
    if subject.owner_id == user.id:
        raise Invalid(form="You can't report what is yours.")
    check = Checks()
    why = check(text.choice, reason, "reason", Reason)
    said = check(text.lines, text_, "text", longest=rules.LONGEST_TEXT, required=False)
    if why is Reason.OTHER and not said:
        check.errors["text"] = "Say what is wrong."
    if why is Reason.WRONG_COVER and not has_cover(subject.type, subject.id):
        check.errors["reason"] = "It has no uploaded cover."
    check.finish()
    _lock(subject)
    existing = db.session.scalar(_open_of(user.id, subject))
    if existing is not None:
        return existing
    rate_limits.enforce_all_within("reports", str(user.id), limits, TOO_MANY)
    db.session.execute(
        upsert(Report)
        .values(
            user_id=user.id,
            owner_id=subject.owner_id,
            subject_type=subject.type,
            subject_id=subject.id,
            reason=why,
            text=said,
            state=State.OPEN,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing()
    )
    _hold_if_due(subject, newcomer_days)
    return db.session.scalars(_open_of(user.id, subject)).one()


def _open_of(user_id: int, subject: Reported) -> sa.Select[Report]:
    return sa.select(Report).where(Report.user_id == user_id, *_about(subject), OPEN)


def _about(subject: Reported) -> tuple[sa.ColumnElement[bool], ...]:
    return Report.subject_type == subject.type, Report.subject_id == subject.id


def _lock(subject: Reported) -> None:
    """Lock the owner's row, so that concurrent reports see each other's."""
    db.session.execute(
        sa.select(User.id).where(User.id == subject.owner_id).with_for_update(key_share=True)
    )


def _hold_if_due(subject: Reported, newcomer_days: int) -> None:
    """Hide a subject that enough independent users have reported; administrators are exempt."""
    is_held = sa.exists().where(Hold.subject_type == subject.type, Hold.subject_id == subject.id)
    is_admin = sa.exists().where(User.id == subject.owner_id, User.is_admin)
    if db.session.scalar(sa.select(sa.or_(is_held, is_admin))):
        return
    if len(_independent(subject, newcomer_days)) < rules.HELD_AT:
        return
    hold(subject.type, subject.id, is_automatic=True)
    entry = ModerationAction(
        owner_id=subject.owner_id,
        subject_type=subject.type,
        subject_id=subject.id,
        action=rules.AUTO_HOLD,
        reason="",
        statement="",
        created_at=clock.now(),
    )
    db.session.add(entry)
    db.session.flush()
    # Nobody is its actor: the owner must not learn who reported it.
    record(
        SubjectHeld(action_id=entry.id),
        user_id=subject.owner_id,
        actor_id=subject.owner_id,
        subject_id=subject.owner_id,
    )
    note_if_committed(
        SecurityEvent.CONTENT_HELD, of=subject.owner_id, subject=f"{subject.type} {subject.id}"
    )


def _independent(subject: Reported, newcomer_days: int) -> list[int]:
    """Return the users with an open report that counts: no newcomers, no frequent mistakes.

    A wrong cover hides nothing: moderators take only the cover away.
    """
    old_enough = clock.now() - timedelta(days=newcomer_days)
    rows = db.session.execute(
        sa.select(Report.user_id, *accuracy_of(Report.user_id))
        .join(User, User.id == Report.user_id)
        .where(
            *_about(subject),
            OPEN,
            Report.reason != Reason.WRONG_COVER,
            User.created_at <= old_enough,
        )
    )
    return [row[0] for row in rows if row[0] and rules.counts(row[1], row[2])]


def accuracy_of(
    user_id: sa.orm.InstrumentedAttribute[int | None],
) -> tuple[sa.ColumnElement[int], sa.ColumnElement[int]]:
    """Return how many reports of a user were upheld, and how many decided, as columns."""
    other = sa.orm.aliased(Report)
    found = sa.select(sa.func.count()).where(other.user_id == user_id)
    upheld = found.where(other.state == State.UPHELD)
    decided = found.where(other.state != State.OPEN)
    return (
        upheld.correlate_except(other).scalar_subquery(),
        decided.correlate_except(other).scalar_subquery(),
    )
