"""What people do with packs, and when one is complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.collaborations import actions as collaborations
from trackflow_web.domain.packs import queries
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import LONGEST_NAME, Status
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.activity import Fact, Subject, record
from trackflow_web.kernel.database import db, upsert
from trackflow_web.kernel.errors import Duplicate, Invalid, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.domain.people.models import User
    from trackflow_web.kernel.activity import Activity

HAVE_IT_ALREADY = "You have a pack of this name already."
NO_SUCH_SONG = "This is not one of your songs."


def create_pack(owner: User, *, name: object) -> Pack:
    """Give the user a pack. Raises Invalid naming `name`, Duplicate when it is there already."""
    cleaned = text.line(name, "name", longest=LONGEST_NAME)
    key = text.comparison_key(cleaned)
    pack_id = db.session.scalar(
        upsert(Pack)
        .values(user_id=owner.id, name=cleaned, name_key=key, created_at=clock.now())
        .on_conflict_do_nothing()
        .returning(Pack.id)
    )
    if pack_id is None:
        raise _duplicate(owner.id, key)
    pack = db.session.get_one(Pack, pack_id)
    _record(Fact.PACK_CREATED, pack)
    return pack


def rename_pack(pack: Pack, *, name: object) -> None:
    """Give a pack another name. Raises Invalid naming `name`, Duplicate."""
    cleaned = text.line(name, "name", longest=LONGEST_NAME)
    key = text.comparison_key(cleaned)
    existing = queries.find_same(pack.user_id, key)
    if existing is not None and existing.id != pack.id:
        raise _duplicate(pack.user_id, key)
    pack.name, pack.name_key = cleaned, key


def delete_pack(pack: Pack) -> None:
    """Delete a pack; its songs stay, in no pack."""
    _record(Fact.PACK_DELETED, pack, was_complete=pack.completed_at is not None)
    db.session.execute(
        sa.update(Song).where(Song.pack_id == pack.id).values(pack_id=None, is_optional=False)
    )
    db.session.execute(sa.delete(Pack).where(Pack.id == pack.id))


def put_song(pack: Pack, *, song_id: object, optional: bool) -> Song:
    """Put one of the owner's songs into the pack, or change whether it is optional there.

    Raises Invalid naming `song_id`.
    """
    number = text.whole_number(song_id, "song_id", least=1, most=10**18 - 1)
    song = db.session.get(Song, number, with_for_update=True) if number else None
    if song is None or song.user_id != pack.user_id:
        raise Invalid(song_id=NO_SUCH_SONG)
    left = song.pack_id if song.pack_id != pack.id else None
    song.pack_id, song.is_optional = pack.id, optional
    db.session.flush()
    _record(Fact.PACK_CHANGED, pack, packs=[pack.id, *([left] if left else [])])
    return song


def own_pack(owner: User, pack_id: object) -> Pack | None:
    """The owner's pack with this id, held for a change; None for an empty field.

    Raises Invalid naming `pack_id`.
    """
    number = text.whole_number(pack_id, "pack_id", least=1, most=10**18 - 1)
    pack = queries.find_pack(number, for_update=True) if number else None
    if number and (pack is None or pack.user_id != owner.id):
        raise Invalid(pack_id="This is not one of your packs.")
    return pack


def place_song(song: Song, pack: Pack | None) -> None:
    """Put a song into a pack, or into none."""
    if pack is not None and song.pack_id != pack.id:
        put_song(pack, song_id=song.id, optional=False)
    elif pack is None and song.pack_id is not None:
        take_song_out(db.session.get_one(Pack, song.pack_id), song.id)


def take_song_out(pack: Pack, song_id: int) -> None:
    """Take a song out of the pack; raises NotFound when it is not in it."""
    song = db.session.get(Song, song_id, with_for_update=True)
    if song is None or song.pack_id != pack.id:
        message = "This song is not in the pack."
        raise NotFound(message)
    song.pack_id, song.is_optional = None, False
    db.session.flush()
    _record(Fact.PACK_CHANGED, pack, packs=[pack.id])


def release_pack(pack: Pack, actor: User) -> int:
    """Release every song of the pack; gives how many were not yet."""
    unreleased = db.session.scalars(
        sa.select(Song)
        .where(Song.pack_id == pack.id, Song.status != Status.RELEASED)
        .order_by(Song.id)
        .with_for_update()
    ).all()
    for song in unreleased:
        songs.move_song(song, actor, status=Status.RELEASED)
    return len(unreleased)


def add_helper(pack: Pack, *, username: object) -> int:
    """Let somebody help with every song of the pack; gives on how many they are new.

    Raises Invalid naming `username`.
    """
    user = collaborations.person_named(username, pack.user_id)
    return sum(
        collaborations.add(
            song_id=song.id, owner_id=song.user_id, user=user, about=songs.about(song)
        )
        for song in queries.songs_in(pack.id)
    )


# --- when a pack is complete ---------------------------------------------------------------------


def hear(activities: Sequence[Activity]) -> None:
    """Look again at every pack whose songs changed; several times changes nothing more."""
    touched = {pack_id for activity in activities for pack_id in _packs_touched(activity)}
    for pack_id in sorted(touched):
        _settle(pack_id)


def _packs_touched(activity: Activity) -> Sequence[int]:
    if activity.fact == Fact.PACK_CHANGED:
        packs: list[int] = activity.data["packs"]
        return packs
    if activity.fact in {Fact.SONG_AUTHORED, Fact.SONG_NO_LONGER_AUTHORED, Fact.SONG_DELETED}:
        pack_id = activity.data.get("pack_id")
        return [pack_id] if pack_id else []
    return []


def _settle(pack_id: int) -> None:
    pack = queries.find_pack(pack_id, for_update=True)
    if pack is None:
        return
    complete = queries.is_complete(pack_id)
    if complete and pack.completed_at is None:
        pack.completed_at = clock.now()
        _record(Fact.PACK_COMPLETED, pack)
    elif not complete and pack.completed_at is not None:
        pack.completed_at = None
        _record(Fact.PACK_REOPENED, pack)


def _record(fact: Fact, pack: Pack, **more: Any) -> None:  # noqa: ANN401 -- JSON
    record(
        fact,
        user_id=pack.user_id,
        subject=Subject("pack", pack.id),
        data={"name": pack.name, **more},
    )


def _duplicate(user_id: int, key: str) -> Duplicate:
    existing = queries.find_same(user_id, key)
    return Duplicate(existing.id if existing else 0, name=HAVE_IT_ALREADY)
