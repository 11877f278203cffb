"""Withdrawing what an undone import had earned.

An undone import is treated as never having happened. The awards that its own unit of work granted
and that a recount would not grant today are deleted, not revoked: they can be earned by work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements import catalogue
from trackflow_web.achievements.awards import completions, holder_counts
from trackflow_web.achievements.events import AchievementsWithdrawn
from trackflow_web.achievements.metrics import period_counters, recount
from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.achievements.recheck.reconcile import reconcile_users
from trackflow_web.domain.comments import threads
from trackflow_web.domain.events import PackCompleted, PlaylistImported, SongsImported, Visited
from trackflow_web.domain.imports import undo
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.kernel.database import db
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from trackflow_web.achievements.awards.grant import Award
    from trackflow_web.kernel.events import Event

BY_IMPORT = (SongsImported, PlaylistImported)
# What these earn is kept when the import is undone: a recount finds it.
BESIDE = (Visited, PackCompleted)
# Withdrawn awards lower total_achievements, by which one of them may have been granted.
_ROUNDS = 2


def import_of(events: Sequence[Event]) -> int | None:
    """Return the import that all events of one user are about; None where others are among them."""
    subjects = {
        event.subject_id if isinstance(event.payload, BY_IMPORT) else None
        for event in events
        if not isinstance(event.payload, BESIDE)
    }
    return subjects.pop() if len(subjects) == 1 else None


def attribute(awards: Sequence[Award], import_id: int) -> None:
    """Record that an import alone earned these."""
    for award in awards:
        db.session.execute(
            sa.update(UserAchievement)
            .where(
                UserAchievement.user_id == award.user_id,
                UserAchievement.achievement_id == catalogue.id_of(award.entry.code),
            )
            .values(import_id=import_id)
        )


def withdraw(user_id: int, import_id: int) -> list[str]:
    """Delete the awards earned only by an undone import; return the codes. May be repeated.

    Awards that other work earns are kept; those that another import earns are attributed to it. The
    user must have been reconciled.
    """
    codes: list[str] = []
    for _ in range(_ROUNDS):
        gone = _not_due(user_id, import_id)
        if not gone:
            break
        holder_counts.changed([user_id])
        awards = (UserAchievement.user_id == user_id, UserAchievement.achievement_id.in_(gone))
        threads.forget(SubjectType.ACHIEVEMENT, sa.select(UserAchievement.id).where(*awards))
        db.session.execute(sa.delete(UserAchievement).where(*awards))
        codes += gone.values()
        completions.withdraw(user_id, import_id)
        reconcile_users([user_id])
    other_import_id = undo.latest_standing(user_id)
    db.session.execute(
        sa.update(UserAchievement)
        .where(UserAchievement.user_id == user_id, UserAchievement.import_id == import_id)
        .values(import_id=other_import_id)
    )
    completions.reattribute(user_id, import_id, to=other_import_id)
    if codes:
        undo.note_withdrawn(import_id, len(codes))
        _record(user_id, import_id, codes)
    return codes


def _not_due(user_id: int, import_id: int) -> dict[int, str]:
    """Return the codes, by id, of an import's awards that a recount would not grant today."""
    counters = recount.counters([user_id])[user_id]
    within = period_counters.stored_counters([user_id])
    found = db.session.execute(
        sa.select(
            Achievement.id,
            Achievement.code,
            Achievement.metric,
            Achievement.period,
            Achievement.threshold,
        )
        .join(UserAchievement, UserAchievement.achievement_id == Achievement.id)
        .where(
            UserAchievement.user_id == user_id,
            UserAchievement.import_id == import_id,
            UserAchievement.revoked_at.is_(None),
        )
    ).all()
    return {
        row.id: row.code
        for row in found
        if (
            counters.get(row.metric, 0)
            if row.period is None
            else within.get((user_id, row.metric, row.period), 0)
        )
        < row.threshold
    }


def _record(user_id: int, import_id: int, codes: list[str]) -> None:
    payload = AchievementsWithdrawn(codes=tuple(codes))
    record(payload, user_id=user_id, subject_id=import_id, n=len(codes))
