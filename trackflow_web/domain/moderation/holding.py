"""Hiding subjects and showing them again."""

from __future__ import annotations

import sqlalchemy as sa

from trackflow_web.domain.visibility.models import Hold
from trackflow_web.kernel import cache_versions, clock
from trackflow_web.kernel.cache_versions import Versioned
from trackflow_web.kernel.database import db, upsert


def hold(subject_type: str, subject_id: int, *, is_automatic: bool) -> None:
    """Hide a subject; a decision replaces an automatic hold."""
    statement = upsert(Hold).values(
        subject_type=subject_type,
        subject_id=subject_id,
        is_automatic=is_automatic,
        created_at=clock.now(),
    )
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=[Hold.subject_type, Hold.subject_id],
            set_={"is_automatic": sa.and_(Hold.is_automatic, statement.excluded.is_automatic)},
        )
    )
    cache_versions.step(Versioned.HOLDERS)


def release(subject_type: str, subject_id: int, *, automatic_only: bool = False) -> bool:
    """Show a subject again; return whether it was hidden."""
    is_it = sa.and_(Hold.subject_type == subject_type, Hold.subject_id == subject_id)
    if automatic_only:
        is_it = sa.and_(is_it, Hold.is_automatic)
    gone = db.session.scalar(
        sa.delete(Hold)
        .where(is_it)
        .returning(Hold.subject_id)
        .execution_options(synchronize_session=False)
    )
    cache_versions.step(Versioned.HOLDERS)
    return gone is not None


def forget(subject_type: str, subject_ids: sa.Select[int] | list[int]) -> None:
    """Delete the holds of subjects that are deleted, whose ids may be used again."""
    db.session.execute(
        sa.delete(Hold)
        .where(Hold.subject_type == subject_type, Hold.subject_id.in_(subject_ids))
        .execution_options(synchronize_session=False)
    )
