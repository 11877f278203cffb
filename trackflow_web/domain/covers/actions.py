"""Uploading, encoding and removing covers of one's songs and packs."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.covers.models import Cover
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.row_limits import hold
from trackflow_web.domain.share_images import actions as share_images
from trackflow_web.domain.share_images.models import Kind
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel import cache_versions, clock
from trackflow_web.kernel.database import db, get_for_update
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.domain.people.models import User

# A scan of a record sleeve.
MOST_BYTES = 8 * 1024 * 1024
# Pixels of each side.
LARGE, SMALL = 500, 250
# Pictures of one account that wait for their job: originals are large.
MOST_WAITING = 20
TOO_MANY_WAIT = f"{MOST_WAITING} of your pictures are still being processed. Try again in a minute."
# A worker that has not finished for so long is dead.
ENCODING_TAKES = timedelta(minutes=2)
MOST_ATTEMPTS = 3
# Covers that nothing shows any more are kept for longer than a deletion can be undone.
KEPT_UNUSED = timedelta(days=1)
PRUNED_AT_ONCE = 100


def upload(user: User, subject: Song | Pack, content: bytes) -> Cover:
    """Keep a checked picture until the job encodes it; an upload that still waits is forgotten.

    Raises Invalid naming `cover` while too many of the account wait.
    """
    _forget_waiting(subject)
    hold(user.id)
    waiting = sa.select(sa.func.count()).where(
        Cover.user_id == user.id, Cover.original.is_not(None)
    )
    if (db.session.scalar(waiting) or 0) >= MOST_WAITING:
        raise Invalid(cover=TOO_MANY_WAIT)
    is_song = isinstance(subject, Song)
    cover = Cover(
        user_id=user.id,
        song_id=subject.id if is_song else None,
        pack_id=None if is_song else subject.id,
        original=content,
        uploaded_at=clock.now(),
        attempts=0,
        failed=False,
    )
    db.session.add(cover)
    db.session.flush()
    return cover


def remove(subject: Song | Pack) -> None:
    """Show the generated cover again."""
    cache_versions.hide()
    _forget_waiting(subject)
    subject.cover = None
    _withdraw_images(subject)


def _forget_waiting(subject: Song | Pack) -> None:
    column = Cover.song_id if isinstance(subject, Song) else Cover.pack_id
    db.session.execute(sa.delete(Cover).where(column == subject.id, Cover.digest.is_(None)))


# --- the job -------------------------------------------------------------------------------------


def acquire(cover_id: int) -> bytes | None:
    """Return the picture that waits to be encoded, and count the attempt; None when none does."""
    cover = get_for_update(Cover, cover_id)
    if cover is None or cover.original is None:
        return None
    if cover.attempts >= MOST_ATTEMPTS:
        cover.original, cover.failed = None, True
        return None
    cover.attempts += 1
    return cover.original


def finish(cover_id: int, *, large: bytes, small: bytes) -> None:
    """Show the encoded cover, if its song or pack is still there."""
    subject = _subject_of(cover_id)
    cover = get_for_update(Cover, cover_id)
    if cover is None or cover.original is None:
        return
    cover.original, cover.large, cover.small = None, large, small
    cover.digest = hashlib.sha256(large + small).hexdigest()
    if subject is not None and subject.user_id == cover.user_id:
        if subject.cover is not None:
            cache_versions.hide()
        subject.cover = cover.digest
        _withdraw_images(subject)


def _withdraw_images(subject: Song | Pack) -> None:
    """Withdraw the share images that show the earlier cover."""
    share_images.withdraw(subject.user_id, (Kind.RELEASE, Kind.PACK, Kind.PROFILE))


def fail(cover_id: int) -> None:
    """Note that a picture cannot be read; the earlier cover stays."""
    cover = get_for_update(Cover, cover_id)
    if cover is not None and cover.original is not None:
        cover.original, cover.failed = None, True


def _subject_of(cover_id: int) -> Song | Pack | None:
    """Return the song or pack of an upload, locked before the upload as in a request."""
    found = db.session.execute(
        sa.select(Cover.song_id, Cover.pack_id).where(Cover.id == cover_id)
    ).one_or_none()
    if found is None:
        return None
    if found.song_id is not None:
        return get_for_update(Song, found.song_id)
    return get_for_update(Pack, found.pack_id)


def abandoned(limit: int, *, all_waiting: bool = False) -> Sequence[int]:
    """Return uploads that were not encoded in time; with `all_waiting` all that are not yet."""
    waiting = sa.select(Cover.id).where(Cover.original.is_not(None))
    if not all_waiting:
        waiting = waiting.where(Cover.uploaded_at <= clock.now() - ENCODING_TAKES)
    return db.session.scalars(waiting.order_by(Cover.uploaded_at).limit(limit)).all()


def prune() -> None:
    """Delete some covers that have not been shown for a day."""
    songs, packs = (
        sa.select(sa.literal(1)).where(table.cover == Cover.digest, table.user_id == Cover.user_id)
        for table in (Song, Pack)
    )
    unused = (
        sa.select(Cover.id)
        .where(
            Cover.uploaded_at < clock.now() - KEPT_UNUSED,
            Cover.original.is_(None),
            ~songs.exists(),
            ~packs.exists(),
        )
        .limit(PRUNED_AT_ONCE)
    )
    ids = db.session.scalars(unused).all()
    if ids:
        db.session.execute(sa.delete(Cover).where(Cover.id.in_(ids)))
