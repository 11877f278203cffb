"""Profiles, names and pictures that a viewer may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.people import rules
from trackflow_web.domain.people.avatars import LARGE
from trackflow_web.domain.people.models import Avatar, User
from trackflow_web.domain.visibility.conditions import blocked_between, visible_to
from trackflow_web.kernel import text
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence


def find_visible_profile(
    name: str, viewer_id: int | None, *, blocked_too: bool = False
) -> User | None:
    """Return the user with exactly this user name, if the viewer may see their profile.

    With `blocked_too` also one whom the viewer has blocked.
    """
    if not rules.is_username(name):
        return None
    is_visible = visible_to(viewer_id, blocked_too=blocked_too)
    return db.session.scalar(sa.select(User).where(User.username == name, is_visible))


def is_visible_to_visitors(user_id: int) -> bool:
    """Return whether everyone may see a user's profile."""
    found = sa.select(sa.literal(1)).select_from(User).where(User.id == user_id, visible_to(None))
    return db.session.scalar(found) is not None


def has_block_between(one_id: int, other_id: int) -> bool:
    """Return whether one of two users has blocked the other."""
    found = sa.select(sa.literal(1)).where(blocked_between(one_id, other_id))
    return db.session.scalar(found) is not None


def visible_usernames(viewer_id: int, start: str, *, limit: int) -> Sequence[str]:
    """Return user names that begin like `start`, of others whose profile the viewer may see."""
    pattern = text.like_pattern(start).removeprefix("%")
    return db.session.scalars(
        sa.select(User.username)
        .where(
            User.username.like(pattern, escape="\\"), User.id != viewer_id, visible_to(viewer_id)
        )
        .order_by(User.username)
        .limit(limit)
    ).all()


def find_visible_picture(
    digest: str, size: int, viewer_id: int | None
) -> tuple[bytes, bool] | None:
    """Return a picture, and whether everyone may see it, if the viewer sees a profile with it."""
    content = Avatar.large if size == LARGE else Avatar.small
    row = db.session.execute(
        sa.select(content, visible_to(None).label("is_public"))
        .join(User, User.id == Avatar.user_id)
        .where(User.avatar == digest, content.is_not(None), visible_to(viewer_id))
        .order_by(sa.desc("is_public"))
        .limit(1)
    ).one_or_none()
    return None if row is None else (row[0] or b"", bool(row[1]))
