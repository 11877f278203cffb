"""Events of collaborations: one for the owner of the song and one for the collaborator.

When an account is deleted, its collaborations end together: the subject is then the account, `n`
the number of songs, and the fields about the song are empty. The actor of an added collaborator is
the owner who added them, or the collaborator who accepted an invitation.
"""

from __future__ import annotations

from trackflow_web.kernel.event_types import Payload, event_type, payload_fields


@payload_fields
class CollaborationPayload(Payload):
    """The song as it was when the event was recorded."""

    title: str = ""
    artist: str = ""
    artist_key: str = ""
    year: int | None = None
    account_deleted: bool = False


@event_type("collaborator_added", "song", former_names={"with": "collaborator_id"})
class CollaboratorAdded(CollaborationPayload):
    """An owner's song has one more collaborator."""

    collaborator_id: int


@event_type("collaborator_removed", "song", "account", former_names={"with": "collaborator_id"})
class CollaboratorRemoved(CollaborationPayload):
    """An owner's song, or several when an account is deleted, has one collaborator less."""

    collaborator_id: int | None = None


@event_type("collaboration_joined", "song", former_names={"of": "owner_id"})
class CollaborationJoined(CollaborationPayload):
    """A user became a collaborator on a song of another user."""

    owner_id: int


@event_type("collaboration_left", "song", "account", former_names={"of": "owner_id"})
class CollaborationLeft(CollaborationPayload):
    """A user is no longer a collaborator on a song, or several when an account is deleted."""

    owner_id: int | None = None


@payload_fields
class InvitationPayload(Payload):
    """An invitation: the subject of the event is the song or the pack."""

    invitation_id: int
    inviter_id: int
    invitee_id: int
    song_id: int | None = None
    pack_id: int | None = None


@event_type("invitation_sent", "song", "pack")
class InvitationSent(InvitationPayload):
    """A user invited another one to a song or to a whole pack; the event is the inviter's."""


@event_type("invitation_withdrawn", "song", "pack")
class InvitationWithdrawn(InvitationPayload):
    """The inviter withdrew an invitation that was pending; the event is the inviter's."""


@event_type("invitation_accepted", "song", "pack")
class InvitationAccepted(InvitationPayload):
    """The invitee accepted an invitation; the event is the invitee's."""


@event_type("invitation_declined", "song", "pack")
class InvitationDeclined(InvitationPayload):
    """The invitee declined an invitation; the event is the invitee's."""
