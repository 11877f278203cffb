"""Issuing credentials, and revoking them with their awards or accounts."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements.events import AchievementRevoked, AchievementsWithdrawn
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.credentials.documents import LIST_LENGTH, Awarded, badge_document
from trackflow_web.credentials.models import Credential
from trackflow_web.credentials.queries import find_standing, is_revoked
from trackflow_web.domain.audit import SecurityEvent, note_if_committed
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.achievements.progress.shown_award import ShownAward
    from trackflow_web.credentials.keys import Issuer
    from trackflow_web.domain.people.models import User
    from trackflow_web.kernel.events import Event

PUBLIC_ID_BYTES = 16
# With the list half full, one of so many draws is free.
DRAWS = 40
LIST_FULL = "No more badges can be issued on this site."


def issue(user: User, award: ShownAward, criteria: str, issuer: Issuer) -> tuple[Credential, bool]:
    """Return the credential of an award of the user, and whether it was issued now.

    The one that stands stays.

    Raises Invalid naming `form` when the list of revoked ones has no place left.
    """
    # Two requests at once: the second waits, and finds the credential of the first.
    award_row = sa.select(UserAchievement.id).where(UserAchievement.id == award.id)
    db.session.execute(award_row.with_for_update())
    standing = find_standing(award.id)
    if standing is not None:
        return standing, False
    now, badge = clock.now(), award.badge
    awarded = Awarded(
        public_id=secrets.token_hex(PUBLIC_ID_BYTES),
        status_index=_free_index(),
        user_id=user.id,
        code=badge.code,
        name=badge.full_name,
        description=badge.description,
        criteria=criteria,
        earned_at=badge.earned_at,
    )
    credential = Credential(
        user_id=user.id,
        award_id=award.id,
        public_id=awarded.public_id,
        status_index=awarded.status_index,
        issued_at=now,
        document=json.dumps(badge_document(awarded, issuer, now), ensure_ascii=False),
    )
    db.session.add(credential)
    db.session.flush()
    note_if_committed(SecurityEvent.CREDENTIAL_ISSUED, of=user.id, about=awarded.public_id)
    return credential, True


def withdraw(credential: Credential) -> None:
    """Revoke a credential at its holder's request; it stays revoked."""
    if credential.revoked_at is None:
        credential.revoked_at = clock.now()
        note_if_committed(
            SecurityEvent.CREDENTIAL_REVOKED, of=credential.user_id, about=credential.public_id
        )


def handle(recorded: Sequence[Event]) -> None:
    """Revoke the credentials of awards that were revoked or withdrawn. May be repeated."""
    users = {
        event.user_id
        for event in recorded
        if isinstance(event.payload, AchievementRevoked | AchievementsWithdrawn)
    }
    if users:
        db.session.execute(
            sa.update(Credential)
            .where(Credential.user_id.in_(users), Credential.revoked_at.is_(None), is_revoked())
            .values(revoked_at=clock.now())
            .execution_options(synchronize_session=False)
        )


def forget_holder(user_id: int) -> None:
    """Revoke the credentials of an account that is being deleted, and forget what they say."""
    db.session.execute(
        sa.update(Credential)
        .where(Credential.user_id == user_id)
        .values(
            revoked_at=sa.func.coalesce(Credential.revoked_at, clock.now()),
            user_id=None,
            award_id=None,
            document="",
        )
        .execution_options(synchronize_session=False)
    )


def _free_index() -> int:
    """Return a place of the list at random, so that neighbours have nothing in common."""
    drawn = {secrets.randbelow(LIST_LENGTH) for _ in range(DRAWS)}
    used = db.session.scalars(
        sa.select(Credential.status_index).where(Credential.status_index.in_(drawn))
    )
    free = drawn.difference(used)
    if not free:
        raise Invalid(form=LIST_FULL)
    return free.pop()
