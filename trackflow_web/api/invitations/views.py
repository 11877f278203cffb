"""Invitations to songs and packs: list, accept, decline."""

from __future__ import annotations

from trackflow_web.api.core import pagination
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.core.schemas import Paging
from trackflow_web.api.invitations import schemas
from trackflow_web.domain.invitations import actions, queries
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.loaders import invitation_or_404


@api.get("/invitations/")
@described(schemas.Invitations, query=Paging)
def list_invitations() -> schemas.Invitations:
    """List the invitations that you haven't answered, newest first."""
    found, following = pagination.fetch(
        lambda before_id, limit: queries.pending_after(
            get_current_user().id, before_id=before_id, limit=limit
        ),
        lambda received: received.invitation.id,
    )
    items = [schemas.Invitation.of(received) for received in found]
    return schemas.Invitations(items=items, next=following)


@api.post("/invitations/<id:invitation_id>/accept")
@described(schemas.Invitation)
def accept_invitation(invitation_id: int) -> schemas.Invitation:
    """Accept an invitation and become a collaborator.

    Accepting twice is the same as once. A declined invitation can't be accepted.
    """
    received = invitation_or_404(invitation_id)
    actions.accept(received.invitation, get_current_user())
    return schemas.Invitation.of(received)


@api.post("/invitations/<id:invitation_id>/decline")
@described(schemas.Invitation)
def decline_invitation(invitation_id: int) -> schemas.Invitation:
    """Decline an invitation, for good.

    Declining twice is the same as once. An accepted invitation can't be declined.
    """
    received = invitation_or_404(invitation_id)
    actions.decline(received.invitation)
    return schemas.Invitation.of(received)
