"""Songs: list, show, add, change, move, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from trackflow_web.api.core import bodies, pagination
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.core.schemas import Deleted
from trackflow_web.api.songs import schemas
from trackflow_web.domain.authoring.queries import is_missing
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.bulk import actions as bulk
from trackflow_web.domain.packs import song_editing
from trackflow_web.domain.songs import actions, queries, rules
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.listing import ListArguments
from trackflow_web.web.loaders import song_or_404

if TYPE_CHECKING:
    from trackflow_web.domain.songs.models import Song


@api.get("/songs/")
@described(schemas.Songs, query=schemas.SongArguments)
def list_songs() -> schemas.Songs:
    """List your own songs and those that you collaborate on, newest first."""
    arguments = ListArguments()
    status, q = arguments.optional("status", rules.status), arguments.search()
    missing = arguments.choice("missing", Part)
    found, following = pagination.fetch(
        lambda before_id, limit: queries.songs_after(
            get_current_user().id,
            status=status,
            q=q,
            before_id=before_id,
            limit=limit,
            only=(is_missing(missing),) if missing else (),
        ),
        lambda song: song.id,
        arguments,
    )
    return schemas.Songs(items=[song_document(song) for song in found], next=following)


@api.post("/songs/")
@described(schemas.Song, status=201, body=schemas.NewSong)
def add_song() -> tuple[schemas.Song, int, dict[str, str]]:
    """Add a song."""
    song = song_editing.add_song(
        get_current_user(), **bodies.parse_body(schemas.NewSong).model_dump()
    )
    return song_document(song), 201, {"Location": url_for("api.show_song", song_id=song.id)}


@api.get("/songs/<id:song_id>")
@described(schemas.Song)
def show_song(song_id: int) -> schemas.Song:
    """Show a song."""
    return song_document(song_or_404(song_id, may="work"))


@api.post("/songs/<id:song_id>")
@described(schemas.Song, body=schemas.SongChanges)
def change_song(song_id: int) -> schemas.Song:
    """Change a song; fields that are not sent stay as they are."""
    song = song_or_404(song_id, may="own")
    song_editing.change_song(
        song, get_current_user(), bodies.sent(bodies.parse_body(schemas.SongChanges))
    )
    return song_document(song)


@api.post("/songs/<id:song_id>/status")
@described(schemas.Song, body=schemas.Move)
def move_song(song_id: int) -> schemas.Song:
    """Move a song to Future Plans, WIP or Released."""
    song = song_or_404(song_id, may="work")
    actions.move_song(song, get_current_user(), status=bodies.parse_body(schemas.Move).status)
    return song_document(song)


@api.post("/songs/<id:song_id>/delete")
@described(Deleted)
def delete_song(song_id: int) -> Deleted:
    """Delete a song with its parts and collaborations; POST /api/songs/bulk can be undone."""
    song = song_or_404(song_id, may="own")
    actions.delete_song(song, get_current_user())
    return Deleted(deleted=song_id)


@api.post("/songs/bulk")
@described(schemas.BulkOutcome, body=schemas.BulkChange)
def change_songs() -> schemas.BulkOutcome:
    """Move, place, mark or delete several songs at once."""
    body = bodies.parse_body(schemas.BulkChange).model_dump()
    return schemas.BulkOutcome.of(bulk.perform(get_current_user(), body.pop("songs"), body))


def song_document(song: Song) -> schemas.Song:
    """Return a song as the caller sees it: only its owner sees the pack."""
    if song.user_id == get_current_user().id:
        return schemas.Song.of(song, owner=get_current_user().username)
    return schemas.Song.of(song, owner=song.owner.username, shared=True)
