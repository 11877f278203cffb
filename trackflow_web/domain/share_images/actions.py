"""Keeping images of public pages, and withdrawing them.

An image is withdrawn in the unit of work that hides or renames what it shows. Its row is deleted
with the key of its address, so the address answers 404 from then on, also if the page is public
again.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.share_images import queries
from trackflow_web.domain.share_images.models import Kind, ShareImage
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, get_for_update, upsert

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

# A worker that has not finished for so long is dead.
RENDERING_TAKES = timedelta(minutes=2)
MOST_ATTEMPTS = 3
# An image that nobody has asked for; a page that is viewed has its image compared every hour.
KEPT_UNUSED = timedelta(days=30)


def want(kind: Kind, subject_id: int, owner_id: int) -> None:
    """Note that an image is to be rendered; the present one stays until then."""
    row = upsert(ShareImage).values(
        user_id=owner_id,
        kind=kind,
        subject_id=subject_id,
        key=secrets.token_hex(8),
        wanted_at=clock.now(),
        attempts=0,
    )
    db.session.execute(
        row.on_conflict_do_update(
            index_elements=[ShareImage.kind, ShareImage.subject_id],
            set_={"wanted_at": clock.now(), "attempts": 0},
        )
    )


def withdraw_all_of(user_id: int) -> None:
    """Delete the images of all pages of a user."""
    _delete(ShareImage.user_id == user_id)


def withdraw(user_id: int, kinds: Collection[Kind]) -> None:
    """Delete the images of some kinds of pages of a user."""
    _delete(ShareImage.user_id == user_id, ShareImage.kind.in_(kinds))


def withdraw_pages(kind: Kind, subject_ids: Iterable[int] | sa.Select[int]) -> None:
    """Delete the images of these pages."""
    ids = subject_ids if isinstance(subject_ids, sa.Select) else list(subject_ids)
    _delete(ShareImage.kind == kind, ShareImage.subject_id.in_(ids))


def withdraw_of_owner_of(kind: Kind, subject_id: int) -> None:
    """Delete all images of whoever has this one."""
    image = sa.orm.aliased(ShareImage)
    owner = sa.select(image.user_id).where(image.kind == kind, image.subject_id == subject_id)
    _delete(ShareImage.user_id.in_(owner))


def _delete(*conditions: sa.ColumnElement[bool]) -> None:
    db.session.execute(
        sa.delete(ShareImage).where(*conditions).execution_options(synchronize_session=False)
    )


# --- the job -------------------------------------------------------------------------------------


def acquire(kind: Kind, subject_id: int, owner_id: int, digest: str) -> tuple[int, str] | None:
    """Return the id and key of the image to be rendered, and count the attempt.

    None if the present one shows the same, or if it could not be rendered several times.
    """
    image = _find_or_add(kind, subject_id, owner_id)
    now = clock.now()
    if image.digest == digest:
        image.wanted_at, image.checked_at, image.attempts = None, now, 0
        return None
    if image.attempts >= MOST_ATTEMPTS:
        image.wanted_at, image.checked_at = None, now
        return None
    image.attempts += 1
    image.wanted_at = now
    return image.id, image.key


def _find_or_add(kind: Kind, subject_id: int, owner_id: int) -> ShareImage:
    found = queries.find(kind, subject_id)
    if found is None or found.user_id != owner_id:
        withdraw_pages(kind, [subject_id])
        want(kind, subject_id, owner_id)
        found = queries.find(kind, subject_id)
    locked = get_for_update(ShareImage, found.id if found else 0)
    if locked is None:
        message = "the image was withdrawn while it was locked"
        raise RuntimeError(message)
    return locked


def finish(image_id: int, key: str, *, digest: str, image: bytes) -> None:
    """Keep a rendered image, unless it was withdrawn meanwhile."""
    db.session.execute(
        sa.update(ShareImage)
        .where(ShareImage.id == image_id, ShareImage.key == key)
        .values(digest=digest, image=image, checked_at=clock.now(), wanted_at=None, attempts=0)
        .execution_options(synchronize_session=False)
    )


def abandoned(limit: int, *, all_waiting: bool = False) -> Sequence[ShareImage]:
    """Return images that were not rendered in time; with `all_waiting` all that wait."""
    waiting = sa.select(ShareImage).where(ShareImage.wanted_at.is_not(None))
    if not all_waiting:
        waiting = waiting.where(ShareImage.wanted_at <= clock.now() - RENDERING_TAKES)
    return db.session.scalars(waiting.order_by(ShareImage.wanted_at).limit(limit)).all()
