"""Songs: the list, one song, and what is done with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request, url_for

from trackflow_web.api.core import bodies, pagination, schemas
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.songs import actions, queries, rules
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Checks
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.loaders import song_or_404

if TYPE_CHECKING:
    from trackflow_web.domain.songs.models import Song

LONGEST_SEARCH = 100


@api.get("/songs/")
@described(schemas.Songs, query=schemas.SongsWanted)
def list_songs() -> schemas.Songs:
    """Your own songs and those that you help with, newest first."""
    args, check = request.args, Checks()
    status = check(rules.status, args["status"]) if args.get("status") else None
    q = check(text.line, args.get("q"), "q", longest=LONGEST_SEARCH, required=False)
    limit, before_id = check(pagination.limit), check(pagination.place, int)
    check.finish()
    songs = queries.songs_after(
        get_current_user().id, status=status, q=q, before_id=before_id, limit=limit + 1
    )
    return schemas.Songs(
        items=[shown(song) for song in songs[:limit]],
        next=pagination.cursor_after(songs, limit, lambda song: song.id),
    )


@api.post("/songs/")
@described(schemas.Song, status=201, body=schemas.NewSong)
def add_song() -> tuple[schemas.Song, int, dict[str, str]]:
    """Add a song."""
    draft = bodies.parse_body(schemas.NewSong).model_dump()
    pack = packs.own_pack(get_current_user(), draft.pop("pack_id"))
    song = actions.add_song(get_current_user(), **draft)
    packs.place_song(song, pack)
    return shown(song), 201, {"Location": url_for("api.show_song", song_id=song.id)}


@api.get("/songs/<id:song_id>")
@described(schemas.Song)
def show_song(song_id: int) -> schemas.Song:
    """One song."""
    return shown(song_or_404(song_id, may="work"))


@api.post("/songs/<id:song_id>")
@described(schemas.Song, body=schemas.SongChanges)
def change_song(song_id: int) -> schemas.Song:
    """Say something else of a song; fields that are not sent stay as they are."""
    song = song_or_404(song_id, may="own")
    changes = bodies.sent(bodies.parse_body(schemas.SongChanges))
    status, pack_id = changes.pop("status", song.status), changes.pop("pack_id", song.pack_id)
    if changes:
        said = {"title": song.title, "artist": song.artist, "album": song.album, "year": song.year}
        actions.edit_song(song, get_current_user(), **said | changes)
    actions.move_song(song, get_current_user(), status=status)
    packs.place_song(song, packs.own_pack(get_current_user(), pack_id))
    return shown(song)


@api.post("/songs/<id:song_id>/status")
@described(schemas.Song, body=schemas.Move)
def move_song(song_id: int) -> schemas.Song:
    """Move a song to Future Plans, WIP or Released."""
    song = song_or_404(song_id, may="work")
    actions.move_song(song, get_current_user(), status=bodies.parse_body(schemas.Move).status)
    return shown(song)


@api.post("/songs/<id:song_id>/delete")
@described(schemas.Deleted)
def delete_song(song_id: int) -> schemas.Deleted:
    """Delete a song with all that belongs to it."""
    song = song_or_404(song_id, may="own")
    actions.delete_song(song, get_current_user())
    return schemas.Deleted(deleted=song_id)


def shown(song: Song) -> schemas.Song:
    """A song as the caller sees it: the pack is the owner's affair."""
    if song.user_id == get_current_user().id:
        return schemas.Song.of(song, owner=get_current_user().username)
    return schemas.Song.of(song, owner=song.owner.username, shared=True)
