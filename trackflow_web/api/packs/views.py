"""Packs: the list, one pack, and what is done with them."""

from __future__ import annotations

from flask import url_for

from trackflow_web.api.core import bodies, pagination, schemas
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.packs import schemas as packs_schemas
from trackflow_web.api.songs.views import shown as shown_song
from trackflow_web.domain.packs import actions, queries
from trackflow_web.domain.packs.models import Pack
from trackflow_web.kernel.errors import Checks
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.loaders import pack_or_404


@api.get("/packs/")
@described(packs_schemas.Packs, query=schemas.Paging)
def list_packs() -> packs_schemas.Packs:
    """Your own packs, newest first."""
    check = Checks()
    limit, before_id = check(pagination.limit), check(pagination.place, int)
    check.finish()
    found = queries.overviews_after(get_current_user().id, before_id=before_id, limit=limit + 1)
    return packs_schemas.Packs(
        items=[packs_schemas.Pack.of(overview) for overview in found[:limit]],
        next=pagination.cursor_after(found, limit, lambda overview: overview.pack.id),
    )


@api.post("/packs/")
@described(packs_schemas.Pack, status=201, body=packs_schemas.PackName)
def create_pack() -> tuple[packs_schemas.Pack, int, dict[str, str]]:
    """Start a pack."""
    pack = actions.create_pack(
        get_current_user(), name=bodies.parse_body(packs_schemas.PackName).name
    )
    return _shown(pack), 201, {"Location": url_for("api.show_pack", pack_id=pack.id)}


@api.get("/packs/<id:pack_id>")
@described(packs_schemas.Pack)
def show_pack(pack_id: int) -> packs_schemas.Pack:
    """One pack."""
    return _shown(pack_or_404(pack_id))


@api.post("/packs/<id:pack_id>")
@described(packs_schemas.Pack, body=packs_schemas.PackName)
def rename_pack(pack_id: int) -> packs_schemas.Pack:
    """Give a pack another name."""
    pack = pack_or_404(pack_id)
    actions.rename_pack(pack, name=bodies.parse_body(packs_schemas.PackName).name)
    return _shown(pack)


@api.post("/packs/<id:pack_id>/delete")
@described(schemas.Deleted)
def delete_pack(pack_id: int) -> schemas.Deleted:
    """Delete a pack; its songs stay."""
    actions.delete_pack(pack_or_404(pack_id))
    return schemas.Deleted(deleted=pack_id)


@api.get("/packs/<id:pack_id>/songs")
@described(schemas.Songs, query=schemas.Paging)
def list_songs_of_pack(pack_id: int) -> schemas.Songs:
    """The songs of a pack, newest first."""
    pack, check = pack_or_404(pack_id), Checks()
    limit, before_id = check(pagination.limit), check(pagination.place, int)
    check.finish()
    songs = queries.songs_after(pack.id, before_id=before_id, limit=limit + 1)
    return schemas.Songs(
        items=[shown_song(song) for song in songs[:limit]],
        next=pagination.cursor_after(songs, limit, lambda song: song.id),
    )


@api.post("/packs/<id:pack_id>/songs")
@described(schemas.Song, body=packs_schemas.SongInPack)
def put_song_into_pack(pack_id: int) -> schemas.Song:
    """Put a song into a pack, or change whether it is optional there."""
    pack, wanted = pack_or_404(pack_id), bodies.parse_body(packs_schemas.SongInPack)
    song = actions.put_song(pack, song_id=wanted.song_id, optional=wanted.optional)
    return shown_song(song)


@api.post("/packs/<id:pack_id>/songs/<id:song_id>/delete")
@described(schemas.Song)
def take_song_out_of_pack(pack_id: int, song_id: int) -> schemas.Song:
    """Take a song out of a pack; the song stays."""
    return shown_song(actions.take_song_out(pack_or_404(pack_id), song_id))


@api.post("/packs/<id:pack_id>/release")
@described(packs_schemas.Released)
def release_pack(pack_id: int) -> packs_schemas.Released:
    """Release every song of a pack."""
    released = actions.release_pack(pack_or_404(pack_id), get_current_user())
    return packs_schemas.Released(released=released)


@api.post("/packs/<id:pack_id>/collaborators")
@described(packs_schemas.Added, body=packs_schemas.NewCollaborator)
def add_collaborator_to_pack(pack_id: int) -> packs_schemas.Added:
    """Let somebody help with every song that is in a pack now."""
    pack, wanted = pack_or_404(pack_id), bodies.parse_body(packs_schemas.NewCollaborator)
    return packs_schemas.Added(added=actions.add_helper(pack, username=wanted.username))


def _shown(pack: Pack) -> packs_schemas.Pack:
    return packs_schemas.Pack.of(queries.overview(pack.id))
