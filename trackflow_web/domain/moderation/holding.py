"""Hiding subjects and showing them again."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from trackflow_web.domain.moderation.models import ModerationAction
from trackflow_web.domain.moderation.rules import Action
from trackflow_web.domain.share_images import actions as share_images
from trackflow_web.domain.share_images.models import Kind
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.visibility.models import Held, Hold
from trackflow_web.kernel import cache_versions, clock
from trackflow_web.kernel.cache_versions import Versioned
from trackflow_web.kernel.database import db, upsert


@dataclass(frozen=True)
class HeldNow:
    """How a subject is hidden: by reports, or by the decision with this id."""

    is_automatic: bool
    action_id: int | None


def hold(subject_type: str, subject_id: int, *, is_automatic: bool) -> None:
    """Hide a subject; a decision replaces an automatic hold."""
    _step_holders(subject_type, subject_id)
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
    _withdraw_images(subject_type, subject_id)


def release(subject_type: str, subject_id: int, *, automatic_only: bool = False) -> bool:
    """Show a subject again; return whether it was hidden."""
    _step_holders(subject_type, subject_id)
    is_it = sa.and_(Hold.subject_type == subject_type, Hold.subject_id == subject_id)
    if automatic_only:
        is_it = sa.and_(is_it, Hold.is_automatic)
    gone = db.session.scalar(
        sa.delete(Hold)
        .where(is_it)
        .returning(Hold.subject_id)
        .execution_options(synchronize_session=False)
    )
    _withdraw_images(subject_type, subject_id)
    return gone is not None


def hold_of(subject_type: str, subject_id: int) -> HeldNow | None:
    """Return how a subject is hidden now, None if it is not."""
    decision = sa.select(sa.func.max(ModerationAction.id)).where(
        ModerationAction.subject_type == Hold.subject_type,
        ModerationAction.subject_id == Hold.subject_id,
        ModerationAction.action == Action.HIDE,
        ModerationAction.undone_at.is_(None),
    )
    row = db.session.execute(
        sa.select(Hold.is_automatic, decision.scalar_subquery()).where(
            Hold.subject_type == subject_type, Hold.subject_id == subject_id
        )
    ).one_or_none()
    return None if row is None else HeldNow(is_automatic=row[0], action_id=row[1])


def _step_holders(subject_type: str, subject_id: int) -> None:
    users = [subject_id] if subject_type == Held.PROFILE else []
    cache_versions.step(Versioned.HOLDERS, users=users)


def _withdraw_images(subject_type: str, subject_id: int) -> None:
    """Withdraw the share images that show a subject."""
    if subject_type == Kind.PROFILE:
        share_images.withdraw_all_of(subject_id)
    elif subject_type == Kind.RELEASE:
        owner = db.session.scalar(sa.select(Song.user_id).where(Song.id == subject_id))
        if owner is not None:
            share_images.withdraw(owner, (Kind.RELEASE, Kind.PACK, Kind.PROFILE))
    elif subject_type in {Kind.PACK, Kind.ACHIEVEMENT}:
        share_images.withdraw_of_owner_of(Kind(subject_type), subject_id)
