"""Settings of users for their own awards: visibility, pins and toasts.

A hidden award still counts for its owner.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements import catalogue, toasts
from trackflow_web.achievements.awards import holder_counts
from trackflow_web.achievements.events import AchievementsShown
from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.domain.people.models import Announced, User
from trackflow_web.kernel import text
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid, NotFound
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from collections.abc import Sequence

# As many as a card has room for.
MOST_PINNED = 5
NOT_YOURS = "You don't have this achievement."
ENOUGH_PINNED = f"{MOST_PINNED} are pinned already: unpin one first."


class Move(StrEnum):
    """The changes of a pin."""

    PIN = "pin"
    UNPIN = "unpin"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True)
class Choice:
    """How the owner of an award shows it."""

    code: str
    is_public: bool
    pin: int | None


def choices_of(user_id: int) -> dict[str, Choice]:
    """Return how the user shows their awards, by code."""
    rows = db.session.execute(
        sa.select(Achievement.code, UserAchievement.is_public, UserAchievement.pin)
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(UserAchievement.user_id == user_id, UserAchievement.revoked_at.is_(None))
    )
    return {row.code: Choice(*row) for row in rows}


def set_visibility(user: User, code: str, *, public: bool) -> None:
    """Show one of the user's awards to others, or hide it. Raise NotFound without the award."""
    holder_counts.changed([user.id])
    shown = db.session.scalar(
        sa.update(UserAchievement)
        .where(_award_of(user, code))
        .values(is_public=public)
        .returning(UserAchievement.id)
    )
    if shown is None:
        raise NotFound(NOT_YOURS)
    _record_shown(user)


def set_all_visibility(user: User, *, public: bool) -> int:
    """Show all of the user's awards to others, or hide them; return how many that changed."""
    holder_counts.changed([user.id])
    changed = db.session.scalars(
        sa.update(UserAchievement)
        .where(UserAchievement.user_id == user.id, UserAchievement.is_public != public)
        .values(is_public=public)
        .returning(UserAchievement.id)
    ).all()
    if changed:
        _record_shown(user)
    return len(changed)


def _record_shown(user: User) -> None:
    record(AchievementsShown(), user_id=user.id, subject_id=user.id)


def move_pin(user: User, code: str, *, move: object) -> None:
    """Pin one of the user's awards, unpin it, or move it among the pinned ones.

    Moving the first one up or the last one down changes nothing. Raise NotFound if the
    user does not have the award, Invalid naming `move`.
    """
    wanted = text.choice(move, "move", Move)
    _lock_pins(user)
    award = db.session.scalar(sa.select(UserAchievement).where(_award_of(user, code)))
    if award is None:
        raise NotFound(NOT_YOURS)
    pinned = _pinned(user.id)
    for place, each in enumerate(_moved(pinned, award, wanted), start=1):
        each.pin = place


def _moved(
    pinned: Sequence[UserAchievement], award: UserAchievement, move: Move
) -> list[UserAchievement]:
    """Return the pinned ones in their new order."""
    others = [each for each in pinned if each is not award]
    if move is Move.UNPIN:
        award.pin = None
        return others
    if award not in pinned:
        if move is Move.PIN and len(others) >= MOST_PINNED:
            raise Invalid(move=ENOUGH_PINNED)
        return [*others, award] if move is Move.PIN else others
    step = {Move.UP: -1, Move.DOWN: 1}.get(move, 0)
    others.insert(max(0, pinned.index(award) + step), award)
    return others


def _pinned(user_id: int) -> Sequence[UserAchievement]:
    return db.session.scalars(
        sa.select(UserAchievement)
        .where(UserAchievement.user_id == user_id, UserAchievement.pin.is_not(None))
        .order_by(UserAchievement.pin, UserAchievement.id)
        .execution_options(populate_existing=True)
    ).all()


def _lock_pins(user: User) -> None:
    """Lock the user's row, so that two changes of pins cannot use the same place.

    Rows that refer to the user do not wait.
    """
    db.session.execute(sa.select(User.id).where(User.id == user.id).with_for_update(key_share=True))


def choose_toasts(user: User, *, toasts_wanted: object) -> None:
    """Choose which awards get a toast. Raise Invalid naming `toasts`.

    Awards that the previous choice excluded get none later either.
    """
    wanted = text.choice(toasts_wanted, "toasts", Announced)
    toasts.forget_unwanted(user.id, user.toasts)
    user.toasts = wanted


def _award_of(user: User, code: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        UserAchievement.user_id == user.id,
        UserAchievement.achievement_id == catalogue.id_of(code),
        UserAchievement.revoked_at.is_(None),
    )
