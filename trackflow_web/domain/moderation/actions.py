"""Decisions of moderators. Each closes all open reports of its subject and is in the log."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from trackflow_web.domain.audit import SecurityEvent, note_if_committed
from trackflow_web.domain.moderation import rules
from trackflow_web.domain.moderation.covers import take_away
from trackflow_web.domain.moderation.events import ModerationDecided
from trackflow_web.domain.moderation.holding import hold, release
from trackflow_web.domain.moderation.models import OPEN, ModerationAction, Report
from trackflow_web.domain.moderation.rules import Action, State
from trackflow_web.domain.people.actions import sign_out_everywhere
from trackflow_web.domain.people.administration import is_last_administrator
from trackflow_web.domain.people.models import User
from trackflow_web.domain.share_images import actions as share_images
from trackflow_web.kernel import cache_versions, clock, text
from trackflow_web.kernel.cache_versions import Versioned
from trackflow_web.kernel.database import db, get_for_update
from trackflow_web.kernel.errors import Checks, Invalid, NotFound
from trackflow_web.kernel.events import record

NO_STATEMENT = f"Tell its owner what is wrong, in {rules.SHORTEST_STATEMENT} characters or more."
NO_END = "Use a date such as 2026-12-31, within a year."
NO_COVER = "It has no uploaded cover."
LONGEST_TIME = 40
GONE = "It's no longer there. Warn or suspend its owner, or dismiss the reports."
YOUR_OWN = "It's yours, so another administrator decides."
DECIDED = "This was decided meanwhile. Look at the log."
NOT_UNDONE = "There's nothing to undo here."


def decide(
    report: Report, admin: User, *, action: object, statement: object = "", until: object = ""
) -> ModerationAction:
    """Decide about the subject of a report. Raises Invalid naming what is refused."""
    check = Checks()
    what = check(text.choice, action, "action", Action)
    said = check(_statement, statement, is_required=what in rules.UPHOLDING)
    end = check(_end, until) if what is Action.SUSPEND else None
    if what is Action.HIDE and report.subject_id < 0:
        check.errors["action"] = GONE
    check.finish()
    if report.owner_id == admin.id and not is_last_administrator(admin, lock=False):
        raise Invalid(form=YOUR_OWN)
    owner = get_for_update(User, report.owner_id, key_share=True)
    if owner is None:
        raise NotFound
    db.session.refresh(report)  # what another administrator decided before the lock
    if report.state != State.OPEN and what is not Action.RESTORE:
        raise Invalid(form=DECIDED)
    if what is Action.SUSPEND:
        _suspend(owner, until=end, statement=said)
    _apply(report, what)
    entry = log(report, admin, what, said, until=end)
    state = State.UPHELD if what in rules.UPHOLDING else State.DISMISSED
    reporters = _close(report, state, at=entry.created_at)
    record(
        ModerationDecided(action_id=entry.id, action=what, reporter_ids=tuple(reporters)),
        user_id=owner.id,
        actor_id=admin.id,
        subject_id=owner.id,
    )
    note_if_committed(
        SecurityEvent.MODERATED,
        of=owner.id,
        action=str(what),
        subject=f"{report.subject_type} {report.subject_id}",
    )
    return entry


def _apply(report: Report, what: Action) -> None:
    if what is Action.HIDE:
        hold(report.subject_type, report.subject_id, is_automatic=False)
    elif what is Action.RESTORE:
        restore(report.subject_type, report.subject_id)
    elif what is Action.DISMISS:
        release(report.subject_type, report.subject_id, automatic_only=True)
        _note_undone(report.subject_type, report.subject_id, rules.AUTO_HOLD)
    elif what is Action.COVER and not take_away(report.subject_type, report.subject_id):
        raise Invalid(action=NO_COVER)


def restore(subject_type: str, subject_id: int) -> None:
    """Show a subject again, and note in the log that what hid it is undone."""
    release(subject_type, subject_id)
    _note_undone(subject_type, subject_id, Action.HIDE, rules.AUTO_HOLD)


def _note_undone(subject_type: str, subject_id: int, *which: str) -> None:
    db.session.execute(
        sa.update(ModerationAction)
        .where(
            ModerationAction.subject_type == subject_type,
            ModerationAction.subject_id == subject_id,
            ModerationAction.action.in_(which),
            ModerationAction.undone_at.is_(None),
        )
        .values(undone_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _suspend(owner: User, *, until: datetime | None, statement: str) -> None:
    if owner.is_admin:
        raise Invalid(action="Administrators can't be suspended. Demote them first.")
    cache_versions.step(Versioned.HOLDERS, users=[owner.id])
    owner.suspended_until, owner.suspended_for = until, statement
    sign_out_everywhere(owner)
    share_images.withdraw_all_of(owner.id)


def end_suspension(owner: User) -> None:
    """End a suspension before its time."""
    cache_versions.step(Versioned.HOLDERS, users=[owner.id])
    owner.suspended_until, owner.suspended_for = None, ""
    share_images.withdraw_all_of(owner.id)


def undo(entry: ModerationAction, admin: User, *, statement: object = "") -> ModerationAction:
    """Undo a decision, or a hold by reports, which are dismissed with it. Raises Invalid."""
    said = _statement(statement, is_required=False)
    if not may_be_undone(entry):
        raise Invalid(form=NOT_UNDONE)
    owner = get_for_update(User, entry.owner_id, key_share=True)
    if owner is None:
        raise NotFound
    if owner.id == admin.id and not is_last_administrator(admin, lock=False):
        raise Invalid(form=YOUR_OWN)
    take_back(entry, owner)
    reply = log(entry, admin, Action.RESTORE, said)
    reporters = []
    if entry.action == rules.AUTO_HOLD:
        reporters = _close(entry, State.DISMISSED, at=reply.created_at)
    record(
        ModerationDecided(action_id=reply.id, action=Action.RESTORE, reporter_ids=tuple(reporters)),
        user_id=owner.id,
        actor_id=admin.id,
        subject_id=owner.id,
    )
    note_if_committed(SecurityEvent.MODERATED, of=owner.id, action=f"undo_{entry.action}")
    return reply


def may_be_undone(entry: ModerationAction) -> bool:
    """Return whether an entry of the log has an effect that can be taken back."""
    has_ended = entry.until is not None and entry.until <= clock.now()
    return entry.undone_at is None and entry.action in rules.UNDONE and not has_ended


def take_back(entry: ModerationAction, owner: User) -> None:
    """End the effect of a decision."""
    entry.undone_at = clock.now()
    if entry.action in {Action.HIDE, rules.AUTO_HOLD}:
        restore(entry.subject_type, entry.subject_id)
    elif entry.action == Action.SUSPEND:
        end_suspension(owner)


def log(
    about: Report | ModerationAction,
    admin: User,
    what: Action,
    statement: str,
    *,
    until: datetime | None = None,
) -> ModerationAction:
    """Add an entry to the log: about a report, or in answer to an earlier entry."""
    entry = ModerationAction(
        admin_id=admin.id,
        owner_id=about.owner_id,
        subject_type=about.subject_type,
        subject_id=about.subject_id,
        action=what,
        reason=about.reason,
        statement=statement,
        until=until,
        created_at=clock.now(),
    )
    db.session.add(entry)
    db.session.flush()
    return entry


def _close(about: Report | ModerationAction, state: State, *, at: datetime) -> list[int]:
    """Close the open reports of a subject; return their authors, by id."""
    rows = db.session.scalars(
        sa.update(Report)
        .where(
            Report.subject_type == about.subject_type,
            Report.subject_id == about.subject_id,
            OPEN,
        )
        .values(state=state, decided_at=at)
        .returning(Report.user_id)
        .execution_options(synchronize_session=False)
    )
    return sorted(user_id for user_id in rows if user_id is not None)


def _statement(value: object, *, is_required: bool) -> str:
    said = text.lines(value, "statement", longest=rules.LONGEST_STATEMENT, required=False)
    if is_required and len(said) < rules.SHORTEST_STATEMENT:
        raise Invalid(statement=NO_STATEMENT)
    return said


def _end(value: object) -> datetime:
    if not isinstance(value, str) or len(value) > LONGEST_TIME:
        raise Invalid(until=NO_END)
    try:
        end = datetime.fromisoformat(value.strip())
        end = end.astimezone(UTC) if end.tzinfo else end.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise Invalid(until=NO_END) from None
    if not clock.now() < end <= clock.now() + rules.LONGEST_SUSPENSION:
        raise Invalid(until=NO_END)
    return end
