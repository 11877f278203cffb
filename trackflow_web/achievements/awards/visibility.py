"""What people decide about their own achievements: who sees them, which come first, which are told.

Whatever is hidden still counts for its owner.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements import toasts
from trackflow_web.achievements.awards import holder_counts
from trackflow_web.achievements.catalogue import registry as catalogue
from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.domain.people.models import Announced, User
from trackflow_web.kernel import text
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

# As many as a card has room for.
MOST_PINNED = 5
NOT_YOURS = "You have no such achievement."
ENOUGH_PINNED = f"{MOST_PINNED} are pinned already: unpin one first."


class Move(StrEnum):
    """What can be done with a pin."""

    PIN = "pin"
    UNPIN = "unpin"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True)
class Choice:
    """How the owner of an achievement shows it."""

    code: str
    is_public: bool
    pin: int | None


def choices_of(user_id: int) -> dict[str, Choice]:
    """How the user shows what they have earned, by code."""
    rows = db.session.execute(
        sa.select(Achievement.code, UserAchievement.is_public, UserAchievement.pin)
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(UserAchievement.user_id == user_id, UserAchievement.revoked_at.is_(None))
    )
    return {row.code: Choice(*row) for row in rows}


def set_visibility(user: User, code: str, *, public: bool) -> None:
    """Let others see one of the user's achievements, or nobody else. Raises NotFound."""
    shown = db.session.scalar(
        sa.update(UserAchievement)
        .where(_award_of(user, code))
        .values(is_public=public)
        .returning(UserAchievement.id)
    )
    if shown is None:
        raise NotFound(NOT_YOURS)
    holder_counts.changed()


def set_all_visibility(user: User, *, public: bool) -> int:
    """Let others see all of the user's achievements, or none; gives how many were otherwise."""
    changed = db.session.scalars(
        sa.update(UserAchievement)
        .where(UserAchievement.user_id == user.id, UserAchievement.is_public != public)
        .values(is_public=public)
        .returning(UserAchievement.id)
    ).all()
    if changed:
        holder_counts.changed()
    return len(changed)


def move_pin(user: User, code: str, *, move: object) -> None:
    """Pin one of the user's achievements, unpin it, or give it another place.

    What is there already or at the end already stays. Raises NotFound, Invalid naming `move`.
    """
    wanted = text.choice(move, "move", Move)
    _hold_pins(user)
    award = db.session.scalar(sa.select(UserAchievement).where(_award_of(user, code)))
    if award is None:
        raise NotFound(NOT_YOURS)
    pinned = _pinned(user.id)
    for place, each in enumerate(_moved(pinned, award, wanted), start=1):
        each.pin = place


def _moved(
    pinned: Sequence[UserAchievement], award: UserAchievement, move: Move
) -> list[UserAchievement]:
    """The pinned ones in their new order."""
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


def _hold_pins(user: User) -> None:
    """Make a second change of the user's pins wait for this one: no place is given twice.

    The user's own row stands for all of them; nothing that refers to it has to wait.
    """
    db.session.execute(sa.select(User.id).where(User.id == user.id).with_for_update(key_share=True))


def choose_toasts(user: User, *, toasts_wanted: object) -> None:
    """Choose which achievements are announced. Raises Invalid naming `toasts`.

    What was not to be told of until now is not told of later either.
    """
    wanted = text.choice(toasts_wanted, "toasts", Announced)
    toasts.forget_unwanted(user.id, user.toasts)
    user.toasts = wanted


def _award_of(user: User, code: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        UserAchievement.user_id == user.id,
        UserAchievement.achievement_id == _id_of(code),
        UserAchievement.revoked_at.is_(None),
    )


def _id_of(code: str) -> int:
    """The id of a code; 0, which nothing has, for one that is not known."""
    return catalogue.ids().get(code, 0)
