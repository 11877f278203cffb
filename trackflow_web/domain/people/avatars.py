"""Uploaded pictures of users: re-encoded by a job, visible with the profile."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.people.models import Avatar, User
from trackflow_web.kernel import cache_versions, clock
from trackflow_web.kernel.database import db, get_for_update, upsert

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_BYTES = 2 * 1024 * 1024
# Pixels of each side.
LARGE, SMALL = 256, 64
# A worker that has not finished for so long is dead.
ENCODING_TAKES = timedelta(minutes=2)
MOST_ATTEMPTS = 3


def upload(user: User, content: bytes) -> None:
    """Keep a checked picture until the job encodes it; an earlier upload is forgotten."""
    values = {"original": content, "uploaded_at": clock.now(), "attempts": 0, "failed": False}
    db.session.execute(
        upsert(Avatar)
        .values(user_id=user.id, **values)
        .on_conflict_do_update(index_elements=[Avatar.user_id], set_=values)
    )


def remove(user: User) -> None:
    """Delete the user's picture; a generated one is shown again."""
    cache_versions.hide()
    user.avatar = None
    db.session.execute(sa.delete(Avatar).where(Avatar.user_id == user.id))


def acquire(user_id: int) -> bytes | None:
    """Return the picture that waits to be encoded, and count the attempt; None when none does."""
    avatar = get_for_update(Avatar, user_id)
    if avatar is None or avatar.original is None:
        return None
    if avatar.attempts >= MOST_ATTEMPTS:
        avatar.original, avatar.failed = None, True
        return None
    avatar.attempts += 1
    return avatar.original


def finish(user_id: int, original: bytes, *, large: bytes, small: bytes) -> None:
    """Show the encoded picture, unless another was uploaded meanwhile."""
    avatar = _still_waiting(user_id, original)
    if avatar is None:
        return
    avatar.original, avatar.large, avatar.small = None, large, small
    cache_versions.hide()  # an earlier picture
    db.session.execute(
        sa.update(User)
        .where(User.id == user_id)
        .values(avatar=hashlib.sha256(large + small).hexdigest())
    )


def fail(user_id: int, original: bytes) -> None:
    """Note that a picture cannot be read; the earlier one stays."""
    avatar = _still_waiting(user_id, original)
    if avatar is not None:
        avatar.original, avatar.failed = None, True


def abandoned(limit: int, *, all_waiting: bool = False) -> Sequence[int]:
    """Return whose pictures were not encoded in time; with `all_waiting` all that are not yet."""
    waiting = sa.select(Avatar.user_id).where(Avatar.original.is_not(None))
    if not all_waiting:
        waiting = waiting.where(Avatar.uploaded_at <= clock.now() - ENCODING_TAKES)
    return db.session.scalars(waiting.order_by(Avatar.uploaded_at).limit(limit)).all()


def upload_state(user_id: int) -> str:
    """Return what became of the last upload: `waiting`, `failed`, or empty."""
    row = db.session.execute(
        sa.select(Avatar.original.is_not(None), Avatar.failed).where(Avatar.user_id == user_id)
    ).one_or_none()
    if row is None:
        return ""
    return "waiting" if row[0] else "failed" if row[1] else ""


def _still_waiting(user_id: int, original: bytes) -> Avatar | None:
    avatar = get_for_update(Avatar, user_id)
    return avatar if avatar is not None and avatar.original == original else None
