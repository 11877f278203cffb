"""Reading credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.credentials.models import Credential
from trackflow_web.domain.people.models import User
from trackflow_web.domain.visibility import Held, not_held, visible_to
from trackflow_web.kernel.database import db, get_for_update

if TYPE_CHECKING:
    from collections.abc import Sequence


def is_revoked() -> sa.ColumnElement[bool]:
    """Return the condition for credentials that do not stand: revoked, or without their award."""
    award = sa.select(sa.literal(1)).where(
        UserAchievement.id == Credential.award_id, UserAchievement.revoked_at.is_(None)
    )
    return sa.or_(Credential.revoked_at.is_not(None), ~award.correlate(Credential).exists())


def revoked_indexes() -> Sequence[int]:
    """Return the places of revoked credentials in the list."""
    return db.session.scalars(sa.select(Credential.status_index).where(is_revoked())).all()


def find_standing(award_id: int) -> Credential | None:
    """Return the credential of an award that is not revoked."""
    found = sa.select(Credential).where(Credential.award_id == award_id, ~is_revoked())
    return db.session.scalars(found.order_by(Credential.id).limit(1)).first()


def find_of_award(user_id: int, code: str, *, for_update: bool = False) -> Credential | None:
    """Return the standing credential of a user's own award, perhaps locked."""
    found = db.session.scalar(
        sa.select(Credential.id)
        .join(UserAchievement, UserAchievement.id == Credential.award_id)
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(Credential.user_id == user_id, Achievement.code == code, ~is_revoked())
        .limit(1)
    )
    if found is None:
        return None
    return get_for_update(Credential, found) if for_update else db.session.get(Credential, found)


def find_shown(public_id: str, viewer_id: int | None) -> tuple[Credential, User] | None:
    """Return a credential with its holder, if the viewer may see the award; None once revoked."""
    shown = sa.and_(UserAchievement.is_public, not_held(Held.ACHIEVEMENT, UserAchievement.id))
    if viewer_id is not None:
        shown = sa.or_(shown, User.id == viewer_id)
    row = db.session.execute(
        sa.select(Credential, User)
        .join(User, User.id == Credential.user_id)
        .join(UserAchievement, UserAchievement.id == Credential.award_id)
        .where(
            Credential.public_id == public_id,
            Credential.revoked_at.is_(None),
            UserAchievement.revoked_at.is_(None),
            visible_to(viewer_id),
            shown,
        )
    ).one_or_none()
    return None if row is None else (row[0], row[1])
