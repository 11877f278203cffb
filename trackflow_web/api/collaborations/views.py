"""The collaborators of a song: list, add or invite, remove."""

from __future__ import annotations

from trackflow_web.api.collaborations import schemas
from trackflow_web.api.core import bodies, pagination
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.core.schemas import Deleted, Paging
from trackflow_web.domain.collaborations.queries import helpers_of
from trackflow_web.domain.songs import collaborators
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import settings
from trackflow_web.web.loaders import song_or_404


@api.get("/songs/<id:song_id>/collaborators")
@described(schemas.Collaborators, query=Paging)
def list_collaborators(song_id: int) -> schemas.Collaborators:
    """List the collaborators of a song, by name."""
    song = song_or_404(song_id, may="work")
    helpers = helpers_of(song.id, owner_id=song.user_id, viewer_id=get_current_user().id)
    # By number: a cursor can be read, and not all of them are named to the caller.
    found, following = pagination.piece([*enumerate(helpers)], lambda each: str(each[0]))
    items = [schemas.Collaborator.of(helper) for _, helper in found]
    return schemas.Collaborators(items=items, next=following)


@api.post("/songs/<id:song_id>/collaborators")
@described(schemas.NewlyAdded, status=201, body=schemas.NewCollaborator)
def add_collaborator(song_id: int) -> tuple[schemas.NewlyAdded, int]:
    """Add a collaborator to a song.

    Somebody you haven't worked with is invited first.
    """
    song, wanted = song_or_404(song_id, may="own"), bodies.parse_body(schemas.NewCollaborator)
    addition = collaborators.add_collaborator(
        song, username=wanted.username, limits=settings().limit_invitations
    )
    return schemas.NewlyAdded.of(addition), 201


@api.post("/songs/<id:song_id>/collaborators/<id:user_id>/delete")
@described(Deleted)
def remove_collaborator(song_id: int, user_id: int) -> Deleted:
    """Remove a collaborator from a song, withdraw an invitation, or leave.

    Whoever leaves can't be added again.
    """
    song = song_or_404(song_id, may="work")
    collaborators.remove_collaborator(song, get_current_user(), user_id)
    return Deleted(deleted=user_id)
