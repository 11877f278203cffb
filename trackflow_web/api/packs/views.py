"""Packs: list, show, create, rename, delete, release; their songs and collaborators."""

from __future__ import annotations

from flask import url_for

from trackflow_web.api.collaborations.schemas import Added, NewCollaborator
from trackflow_web.api.core import bodies, pagination
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.core.schemas import Deleted, DeletedForNow, Paging
from trackflow_web.api.packs import schemas
from trackflow_web.api.songs.schemas import Song, Songs
from trackflow_web.api.songs.views import song_document
from trackflow_web.domain.bulk import deletion
from trackflow_web.domain.packs import actions, queries
from trackflow_web.domain.packs.models import Pack
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import settings
from trackflow_web.web.loaders import pack_or_404


@api.get("/packs/")
@described(schemas.Packs, query=Paging)
def list_packs() -> schemas.Packs:
    """List your own packs, newest first."""
    found, following = pagination.fetch(
        lambda before_id, limit: queries.overviews_after(
            get_current_user().id, before_id=before_id, limit=limit
        ),
        lambda overview: overview.pack.id,
    )
    return schemas.Packs(items=[schemas.Pack.of(each) for each in found], next=following)


@api.post("/packs/")
@described(schemas.Pack, status=201, body=schemas.PackName)
def create_pack() -> tuple[schemas.Pack, int, dict[str, str]]:
    """Create a pack."""
    pack = actions.create_pack(get_current_user(), name=bodies.parse_body(schemas.PackName).name)
    return _document(pack), 201, {"Location": url_for("api.show_pack", pack_id=pack.id)}


@api.get("/packs/<id:pack_id>")
@described(schemas.Pack)
def show_pack(pack_id: int) -> schemas.Pack:
    """Show a pack."""
    return _document(pack_or_404(pack_id))


@api.post("/packs/<id:pack_id>")
@described(schemas.Pack, body=schemas.PackName)
def rename_pack(pack_id: int) -> schemas.Pack:
    """Rename a pack."""
    pack = pack_or_404(pack_id)
    actions.rename_pack(pack, name=bodies.parse_body(schemas.PackName).name)
    return _document(pack)


@api.post("/packs/<id:pack_id>/delete")
@described(DeletedForNow)
def delete_pack(pack_id: int) -> DeletedForNow:
    """Delete a pack; its songs stay."""
    outcome = deletion.delete_pack(pack_or_404(pack_id), get_current_user())
    return DeletedForNow(deleted=pack_id, undo=outcome.token)


@api.get("/packs/<id:pack_id>/songs")
@described(Songs, query=Paging)
def list_songs_of_pack(pack_id: int) -> Songs:
    """List the songs of a pack, newest first."""
    pack = pack_or_404(pack_id)
    found, following = pagination.fetch(
        lambda before_id, limit: queries.songs_after(pack.id, before_id=before_id, limit=limit),
        lambda song: song.id,
    )
    return Songs(items=[song_document(song) for song in found], next=following)


@api.post("/packs/<id:pack_id>/songs")
@described(Song, body=schemas.SongInPack)
def put_song_into_pack(pack_id: int) -> Song:
    """Add a song to a pack, or change whether it is optional there."""
    pack, wanted = pack_or_404(pack_id), bodies.parse_body(schemas.SongInPack)
    song = actions.put_song(pack, song_id=wanted.song_id, optional=wanted.optional)
    return song_document(song)


@api.post("/packs/<id:pack_id>/songs/<id:song_id>/delete")
@described(Song)
def take_song_out_of_pack(pack_id: int, song_id: int) -> Song:
    """Remove a song from a pack; the song stays."""
    return song_document(actions.take_song_out(pack_or_404(pack_id), song_id))


@api.post("/packs/<id:pack_id>/release")
@described(schemas.Released)
def release_pack(pack_id: int) -> schemas.Released:
    """Release every song of a pack."""
    released = actions.release_pack(pack_or_404(pack_id), get_current_user())
    return schemas.Released(released=released)


@api.post("/packs/<id:pack_id>/collaborators")
@described(Added, body=NewCollaborator)
def add_collaborator_to_pack(pack_id: int) -> Added:
    """Add a collaborator to every song that is in a pack now.

    Somebody you haven't worked with is invited first, once for all of them.
    """
    pack, wanted = pack_or_404(pack_id), bodies.parse_body(NewCollaborator)
    limits = settings().limit_invitations
    return Added.of(actions.add_collaborator(pack, username=wanted.username, limits=limits))


@api.post("/packs/<id:pack_id>/collaborators/<id:user_id>/delete")
@described(Deleted)
def withdraw_invitation_to_pack(pack_id: int, user_id: int) -> Deleted:
    """Withdraw an invitation to a whole pack that hasn't been answered."""
    actions.withdraw_invitation(pack_or_404(pack_id), user_id)
    return Deleted(deleted=user_id)


def _document(pack: Pack) -> schemas.Pack:
    return schemas.Pack.of(queries.overview(pack.id))
