"""Who helps with a song."""

from __future__ import annotations

from trackflow_web.api.core import bodies, schemas
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.packs import schemas as packs_schemas
from trackflow_web.domain.collaborations.queries import helpers_of
from trackflow_web.domain.songs import actions
from trackflow_web.kernel.errors import Forbidden
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.loaders import song_or_404


@api.get("/songs/<id:song_id>/collaborators")
@described(packs_schemas.Collaborators)
def list_collaborators(song_id: int) -> packs_schemas.Collaborators:
    """All who help with a song, by name."""
    helpers = helpers_of(song_or_404(song_id, may="work").id)
    return packs_schemas.Collaborators(
        items=[packs_schemas.Collaborator.of(helper) for helper in helpers]
    )


@api.post("/songs/<id:song_id>/collaborators")
@described(packs_schemas.Collaborator, status=201, body=packs_schemas.NewCollaborator)
def add_collaborator(song_id: int) -> tuple[packs_schemas.Collaborator, int]:
    """Let somebody help with a song."""
    song, wanted = song_or_404(song_id, may="own"), bodies.parse_body(packs_schemas.NewCollaborator)
    helper = actions.add_helper(song, username=wanted.username)
    return packs_schemas.Collaborator.of(helper), 201


@api.post("/songs/<id:song_id>/collaborators/<id:user_id>/delete")
@described(schemas.Deleted)
def remove_collaborator(song_id: int, user_id: int) -> schemas.Deleted:
    """Let somebody help no longer, or leave."""
    song = song_or_404(song_id, may="work")
    if get_current_user().id not in {song.user_id, user_id}:
        raise Forbidden
    actions.remove_helper(song, user_id)
    return schemas.Deleted(deleted=user_id)
