"""Actions on packs, and when one is complete.

Rows are locked in one order everywhere, so that there are no deadlocks: songs by their ids, then
packs by theirs, then the users' counters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from trackflow_web.domain.collaborations import actions as collaborations
from trackflow_web.domain.collaborations import invitations
from trackflow_web.domain.collaborations.queries import closed_songs, may_be_added_by
from trackflow_web.domain.collaborations.rules import Addition, Subject
from trackflow_web.domain.packs import queries
from trackflow_web.domain.packs.events import (
    PackChanged,
    PackCompleted,
    PackCreated,
    PackDeleted,
    PackPayload,
    PackReopened,
    PackRestored,
)
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.row_limits import RowLimit, require_room
from trackflow_web.domain.share_images import actions as share_images
from trackflow_web.domain.share_images.models import Kind as ShareKind
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs import collaborators
from trackflow_web.domain.songs.events import (
    SongAuthored,
    SongDeleted,
    SongNoLongerAuthored,
    SongRestored,
)
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.domain.songs.rules import LONGEST_NAME, Status
from trackflow_web.kernel import cache_versions, clock, text
from trackflow_web.kernel.database import db, upsert
from trackflow_web.kernel.errors import Duplicate, Invalid, NotFound
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from limits import RateLimitItem

    from trackflow_web.domain.people.models import User
    from trackflow_web.kernel.events import Event

ALREADY_EXISTS = "You already have a pack with this name."
NOT_IN_PACK = "This song isn't in the pack."
NO_SUCH_SONG = "This isn't one of your songs."
EMPTY = "This pack is empty. Add songs first."
NOTHING_TO_ADD = "This person left all of these songs, so you can't add them again."
# Events of a song that decide whether its pack is complete.
OF_A_SONG = (SongAuthored, SongNoLongerAuthored, SongDeleted, SongRestored)


def create_pack(owner: User, *, name: object) -> Pack:
    """Create a pack. Raises Invalid naming `name`, Duplicate when it is there, LimitReached."""
    cleaned = text.line(name, "name", longest=LONGEST_NAME)
    key = text.comparison_key(cleaned)
    require_room(RowLimit.PACKS, owner.id, Pack.user_id == owner.id)
    pack_id = db.session.scalar(
        upsert(Pack)
        .values(user_id=owner.id, name=cleaned, name_key=key, created_at=clock.now())
        .on_conflict_do_nothing()
        .returning(Pack.id)
    )
    if pack_id is None:
        raise _duplicate(owner.id, key)
    pack = db.session.get_one(Pack, pack_id)
    _record(PackCreated(name=pack.name), pack)
    return pack


def rename_pack(pack: Pack, *, name: object) -> None:
    """Rename a pack. Raises Invalid naming `name`, Duplicate, NotFound."""
    cleaned = text.line(name, "name", longest=LONGEST_NAME)
    key = text.comparison_key(cleaned)
    _lock(pack)
    existing = queries.find_same(pack.user_id, key)
    if existing is not None and existing.id != pack.id:
        raise _duplicate(pack.user_id, key)
    try:
        with db.session.begin_nested():
            pack.name, pack.name_key = cleaned, key
    except IntegrityError:  # another request was first with the same name
        raise _duplicate(pack.user_id, key) from None
    share_images.withdraw_pages(ShareKind.PACK, [pack.id])
    cache_versions.hide()  # the earlier name


def delete_pack(pack: Pack) -> None:
    """Delete a pack; its songs stay, in no pack. Raises NotFound if it is already deleted."""
    queries.lock_songs(pack.id)
    _lock(pack)
    _record(PackDeleted(name=pack.name, was_complete=pack.completed_at is not None), pack)
    db.session.execute(
        sa.update(Song).where(Song.pack_id == pack.id).values(pack_id=None, is_optional=False)
    )
    db.session.execute(sa.delete(Pack).where(Pack.id == pack.id))


def return_songs(pack: Pack, optional: Mapping[int, bool]) -> None:
    """Put songs into a pack that was restored: by their ids, whether they are optional there.

    The songs must be locked.
    """
    for song_id, is_optional in optional.items():
        song = db.session.get_one(Song, song_id)
        song.pack_id, song.is_optional = pack.id, is_optional
    db.session.flush()
    _record(PackRestored(name=pack.name, was_complete=pack.completed_at is not None), pack)
    _update_completion(pack.id)


def put_song(pack: Pack, *, song_id: object, optional: bool) -> Song:
    """Put one of the owner's songs into the pack, or change whether it is optional there.

    Raises Invalid naming `song_id`.
    """
    number = text.whole_number(song_id, "song_id", least=1, most=text.LARGEST_ID)
    song = find_song(number, for_update=True) if number else None
    if song is None or song.user_id != pack.user_id:
        raise Invalid(song_id=NO_SUCH_SONG)
    left = song.pack_id if song.pack_id != pack.id else None
    song.pack_id, song.is_optional = pack.id, optional
    db.session.flush()
    _changed(pack, {pack.id, left or pack.id})
    return song


def own_pack(owner: User, pack_id: object) -> Pack | None:
    """Return the owner's pack with this id; None for an empty field.

    Raises Invalid naming `pack_id`.
    """
    number = text.whole_number(pack_id, "pack_id", least=1, most=text.LARGEST_ID)
    pack = queries.find_pack(number) if number else None
    if number and (pack is None or pack.user_id != owner.id):
        raise Invalid(pack_id="This isn't one of your packs.")
    return pack


def place_song(song: Song, pack: Pack | None) -> None:
    """Put a song into a pack, or into none."""
    if pack is not None and song.pack_id != pack.id:
        put_song(pack, song_id=song.id, optional=False)
    elif pack is None and song.pack_id is not None:
        take_song_out(db.session.get_one(Pack, song.pack_id), song.id)


def take_song_out(pack: Pack, song_id: int) -> Song:
    """Take a song out of the pack; raises NotFound when it is not in it."""
    song = find_song(song_id, for_update=True)
    if song is None or song.pack_id != pack.id:
        raise NotFound(NOT_IN_PACK)
    song.pack_id, song.is_optional = None, False
    db.session.flush()
    _changed(pack, {pack.id})
    return song


def release_pack(pack: Pack, actor: User) -> int:
    """Release every song of the pack; return how many were not yet."""
    unreleased = [song for song in queries.lock_songs(pack.id) if song.status != Status.RELEASED]
    for song in unreleased:
        songs.move_song(song, actor, status=Status.RELEASED)
    return len(unreleased)


def add_collaborator(pack: Pack, *, username: object, limits: Sequence[RateLimitItem]) -> Addition:
    """Add a collaborator to every song of the pack, or invite them once, within the limits.

    Songs that they have declined or left are left out. Raises Invalid naming `username`, TooMany.
    """
    user = collaborations.get_addable_user(username, pack.user_id)
    inside, subject = queries.lock_songs(pack.id), Subject(pack_id=pack.id)
    _lock(pack)
    invitations.check_open(subject, user)
    if may_be_added_by(user.id, pack.user_id):
        added = collaborators.join(inside, user)
        invitations.settle(user.id, pack_id=pack.id)
        return Addition(user, invited=False, songs=added)
    if not {song.id for song in inside} - closed_songs(user.id, [song.id for song in inside]):
        raise Invalid(username=NOTHING_TO_ADD if inside else EMPTY)
    invitations.send(subject, user, owner_id=pack.user_id, limits=limits)
    return Addition(user, invited=True, songs=0)


def withdraw_invitation(pack: Pack, user_id: int) -> None:
    """Withdraw an invitation to the whole pack. Raises NotFound when none is pending."""
    _lock(pack)
    if not invitations.withdraw(Subject(pack_id=pack.id), user_id):
        raise NotFound


# --- when a pack is complete ---------------------------------------------------------------------


def handle(events: Sequence[Event]) -> None:
    """Update completion of every pack of which a song changed; idempotent."""
    payloads = [event.payload for event in events]
    touched = {each.pack_id for each in payloads if isinstance(each, OF_A_SONG) and each.pack_id}
    for pack_id in sorted(touched):
        _update_completion(pack_id)


def update_completions(pack_ids: Iterable[int]) -> None:
    """Update completion of packs whose songs were changed without an event for each."""
    db.session.flush()
    for pack_id in sorted(pack_ids):
        _update_completion(pack_id)


def _changed(pack: Pack, touched: set[int]) -> None:
    """Record the change and update completion at once: the response shows it."""
    _record(PackChanged(name=pack.name), pack)
    for pack_id in sorted(touched):
        _update_completion(pack_id)


def _update_completion(pack_id: int) -> None:
    pack = queries.find_to_settle(pack_id)
    if pack is None:
        return
    complete = queries.is_complete(pack_id)
    if complete and pack.completed_at is None:
        pack.completed_at = clock.now()
        _record(PackCompleted(name=pack.name), pack)
    elif not complete and pack.completed_at is not None:
        pack.completed_at = None
        _record(PackReopened(name=pack.name), pack)


def _lock(pack: Pack) -> None:
    """Lock a pack and reload it. Raises NotFound if it is deleted."""
    if queries.find_pack(pack.id, for_update=True) is None:
        raise NotFound


def _record(payload: PackPayload, pack: Pack) -> None:
    record(payload, user_id=pack.user_id, subject_id=pack.id)


def _duplicate(user_id: int, key: str) -> Duplicate:
    existing = queries.find_same(user_id, key)
    return Duplicate(existing.id if existing else 0, name=ALREADY_EXISTS)
