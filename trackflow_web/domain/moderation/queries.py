"""The queue of reports, the log, and what a decision says to those it concerns."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.moderation import rules
from trackflow_web.domain.moderation.models import OPEN, ModerationAction, Report
from trackflow_web.domain.moderation.reporting import accuracy_of
from trackflow_web.domain.moderation.rules import Action
from trackflow_web.domain.people.models import User
from trackflow_web.domain.visibility.models import Hold
from trackflow_web.kernel.database import db, get_for_update

if TYPE_CHECKING:
    from collections.abc import Sequence

CASES_A_PAGE = 25
ENTRIES_SHOWN = 50


@dataclass(frozen=True)
class Said:
    """A report in the queue, with the record of its author; no author if they are gone."""

    report: Report
    author: str | None
    upheld: int
    decided: int


@dataclass(frozen=True)
class Case:
    """A subject with its open reports, oldest first."""

    type: str
    id: int
    owner: User
    said: Sequence[Said]
    is_held: bool
    earlier: int

    @property
    def first(self) -> Report:
        """Return the report by which the subject is decided about."""
        return self.said[0].report


@dataclass(frozen=True)
class Entry:
    """An entry of the log with the names of the moment."""

    action: ModerationAction
    owner: str
    admin: str | None


def find_report(report_id: int) -> Report | None:
    """Return a report."""
    return db.session.get(Report, report_id)


def find_action(action_id: int, *, for_update: bool = False) -> ModerationAction | None:
    """Return an entry of the log; with `for_update` locked until the commit."""
    if for_update:
        return get_for_update(ModerationAction, action_id)
    return db.session.get(ModerationAction, action_id)


def count_open() -> int:
    """Return the number of open reports."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(Report).where(OPEN)) or 0


def open_cases() -> list[Case]:
    """Return the subjects with open reports, the oldest report first."""
    oldest = (
        sa.select(Report.subject_type, Report.subject_id, sa.func.min(Report.id).label("first"))
        .where(OPEN)
        .group_by(Report.subject_type, Report.subject_id)
        .order_by(sa.func.min(Report.id))
        .limit(CASES_A_PAGE)
        .subquery()
    )
    held = sa.exists().where(
        Hold.subject_type == Report.subject_type, Hold.subject_id == Report.subject_id
    )
    earlier = (
        sa.select(sa.func.count(ModerationAction.id))
        .where(
            ModerationAction.owner_id == Report.owner_id,
            ModerationAction.action.in_(rules.UPHOLDING),
            ModerationAction.undone_at.is_(None),
        )
        .correlate(Report)
        .scalar_subquery()
    )
    author, owner = sa.orm.aliased(User), sa.orm.aliased(User)
    rows = db.session.execute(
        sa.select(Report, author.username, *accuracy_of(Report.user_id), owner, held, earlier)
        .join(
            oldest,
            sa.and_(
                oldest.c.subject_type == Report.subject_type,
                oldest.c.subject_id == Report.subject_id,
            ),
        )
        .join(owner, owner.id == Report.owner_id)
        .outerjoin(author, author.id == Report.user_id)
        .where(Report.state == rules.State.OPEN)
        .order_by(oldest.c.first, Report.id)
    ).all()
    said: dict[tuple[str, int], list[Said]] = defaultdict(list)
    for report, name, upheld, decided, *_ in rows:
        said[report.subject_type, report.subject_id].append(Said(report, name, upheld, decided))
    about: dict[tuple[str, int], Any] = {
        (row[0].subject_type, row[0].subject_id): row[4:] for row in rows
    }
    return [
        Case(type_, id_, owner_, said[type_, id_], bool(is_held), n)
        for (type_, id_), (owner_, is_held, n) in about.items()
    ]


def open_appeals() -> list[Entry]:
    """Return the appeals without an answer, oldest first."""
    return _entries(
        sa.select(ModerationAction)
        .where(
            ModerationAction.appealed_at.is_not(None),
            ModerationAction.appeal_answered_at.is_(None),
        )
        .order_by(ModerationAction.appealed_at)
        .limit(CASES_A_PAGE)
    )


def log() -> list[Entry]:
    """Return the latest entries of the log, newest first."""
    return _entries(
        sa.select(ModerationAction).order_by(ModerationAction.id.desc()).limit(ENTRIES_SHOWN)
    )


def decisions_about(user_id: int) -> Sequence[ModerationAction]:
    """Return what was decided about a user, newest first."""
    return db.session.scalars(
        sa.select(ModerationAction)
        .where(
            ModerationAction.owner_id == user_id,
            ModerationAction.action.in_((*rules.UPHOLDING, Action.RESTORE)),
        )
        .order_by(ModerationAction.id.desc())
        .limit(ENTRIES_SHOWN)
    ).all()


def standing_suspension(user_id: int) -> ModerationAction | None:
    """Return the decision by which a user is suspended."""
    return db.session.scalar(
        sa.select(ModerationAction)
        .where(
            ModerationAction.owner_id == user_id,
            ModerationAction.action == Action.SUSPEND,
            ModerationAction.undone_at.is_(None),
        )
        .order_by(ModerationAction.id.desc())
        .limit(1)
    )


def answer_to(entry: ModerationAction) -> ModerationAction | None:
    """Return the answer to the appeal against a decision; None before there is one."""
    if entry.appeal_answered_at is None:
        return None
    return db.session.scalar(
        sa.select(ModerationAction)
        .where(
            ModerationAction.subject_type == entry.subject_type,
            # With a minus sign once the subject is gone.
            sa.func.abs(ModerationAction.subject_id) == abs(entry.subject_id),
            ModerationAction.owner_id == entry.owner_id,
            ModerationAction.id > entry.id,
            ModerationAction.created_at >= entry.appeal_answered_at,
            ModerationAction.action.in_((Action.RESTORE, Action.DISMISS)),
        )
        .order_by(ModerationAction.id)
        .limit(1)
    )


def answered_suspension(user_id: int) -> ModerationAction | None:
    """Return the suspension of a user whose appeal was answered last."""
    return db.session.scalar(
        sa.select(ModerationAction)
        .where(
            ModerationAction.owner_id == user_id,
            ModerationAction.action == Action.SUSPEND,
            ModerationAction.appeal_answered_at.is_not(None),
        )
        .order_by(ModerationAction.appeal_answered_at.desc(), ModerationAction.id.desc())
        .limit(1)
    )


def _entries(found: sa.Select[ModerationAction]) -> list[Entry]:
    admin, owner = sa.orm.aliased(User), sa.orm.aliased(User)
    rows = db.session.execute(
        found.add_columns(owner.username, admin.username)
        .join(owner, owner.id == ModerationAction.owner_id)
        .outerjoin(admin, admin.id == ModerationAction.admin_id)
    )
    return [Entry(*row) for row in rows]


def decision_for(action_id: int, user_id: int) -> tuple[ModerationAction, bool] | None:
    """Return a decision and whether it is about something of the user's.

    None for others than its owner and those who have reported the subject before it.
    """
    action = find_action(action_id)
    if action is None or action.action == rules.AUTO_HOLD:
        return None
    if action.owner_id == user_id:
        return action, True
    reported = sa.select(Report.id).where(
        Report.user_id == user_id,
        Report.subject_type == action.subject_type,
        # With a minus sign once the subject is gone.
        sa.func.abs(Report.subject_id) == abs(action.subject_id),
        Report.decided_at == action.created_at,
    )
    return (action, False) if db.session.scalar(reported.limit(1)) is not None else None
