"""Invitations to a song or a pack: send, withdraw, settle and close them.

The caller must lock the subject of an invitation, so that concurrent changes are serialised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.collaborations import queries, rules
from trackflow_web.domain.collaborations.events import (
    InvitationAccepted,
    InvitationDeclined,
    InvitationPayload,
    InvitationSent,
    InvitationWithdrawn,
)
from trackflow_web.domain.collaborations.models import Invitation, WorkedTogether
from trackflow_web.domain.collaborations.rules import State, Subject
from trackflow_web.kernel import clock, rate_limits
from trackflow_web.kernel.database import db, upsert
from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from limits import RateLimitItem

    from trackflow_web.domain.people.models import User

TOO_MANY = "You've sent a lot of invitations. Try again later."
ALREADY_INVITED = "You've already invited this person."
ENDED = {
    State.DECLINED: "This person declined your invitation, so you can't add them again.",
    State.LEFT: "This person left, so you can't add them again.",
}
ALREADY_ACCEPTED = "You've already accepted this invitation. You can leave on the song's page."
ALREADY_ENDED = "You've already declined this invitation."


def check_open(subject: Subject, user: User) -> None:
    """Check that the user has neither declined nor left a song or pack.

    Raises Invalid naming `username`.
    """
    found = queries.find_invitation(subject, user.id)
    if found is not None and State(found.state) in ENDED:
        raise Invalid(username=ENDED[State(found.state)])


def send(
    subject: Subject, user: User, *, owner_id: int, limits: Sequence[RateLimitItem]
) -> Invitation:
    """Invite a user. Raises Invalid naming `username`, TooMany."""
    invitation = queries.find_invitation(subject, user.id)
    if invitation is not None and invitation.state == State.PENDING:
        raise Invalid(username=ALREADY_INVITED)
    rate_limits.enforce_all_within("invitations", str(owner_id), limits, TOO_MANY)
    if invitation is None:
        invitation = Invitation(
            inviter_id=owner_id,
            invitee_id=user.id,
            song_id=subject.song_id,
            pack_id=subject.pack_id,
        )
        db.session.add(invitation)
    # An accepted one is sent again where the two have ended their work together since.
    invitation.state, invitation.created_at = State.PENDING, clock.now()
    invitation.answered_at = None
    db.session.flush()
    _record(InvitationSent, invitation, user_id=owner_id)
    return invitation


def withdraw(subject: Subject, user_id: int) -> bool:
    """Withdraw a pending invitation; return whether there was one."""
    invitation = queries.find_invitation(subject, user_id)
    if invitation is None or invitation.state != State.PENDING:
        return False
    record_withdrawn(invitation)
    db.session.delete(invitation)
    db.session.flush()
    return True


def accept(invitation: Invitation) -> bool:
    """Accept an invitation; return False when it was accepted before.

    Raises Invalid naming `form` when it was declined or left.
    """
    if invitation.state == State.ACCEPTED:
        return False
    if invitation.state != State.PENDING:
        raise Invalid(form=ALREADY_ENDED)
    _answer(invitation, State.ACCEPTED, InvitationAccepted)
    return True


def decline(invitation: Invitation) -> None:
    """Decline an invitation, for good; one that was declined before stays so.

    Raises Invalid naming `form` when it was accepted.
    """
    if invitation.state == State.ACCEPTED:
        raise Invalid(form=ALREADY_ACCEPTED)
    if invitation.state == State.PENDING:
        _answer(invitation, State.DECLINED, InvitationDeclined)
        forget_work(invitation.inviter_id, invitation.invitee_id)


def settle(user_id: int, *, song_ids: Sequence[int] = (), pack_id: int | None = None) -> None:
    """Mark what is pending to these songs or this pack as accepted: the user was added."""
    to_these = Invitation.song_id.in_(song_ids) if song_ids else Invitation.pack_id == pack_id
    db.session.execute(
        sa.update(Invitation)
        .where(Invitation.invitee_id == user_id, Invitation.state == State.PENDING, to_these)
        .values(state=State.ACCEPTED, answered_at=clock.now())
    )


def reopen(song_id: int, user_id: int) -> None:
    """Forget an invitation to a song: the owner removed the collaborator and may add them again."""
    db.session.execute(
        sa.delete(Invitation).where(
            Invitation.song_id == song_id,
            Invitation.invitee_id == user_id,
            Invitation.state.not_in(rules.CLOSED),
        )
    )


def close_left(song_id: int, *, owner_id: int, user_id: int) -> None:
    """Record that a collaborator left a song permanently."""
    now = clock.now()
    db.session.execute(
        upsert(Invitation)
        .values(
            inviter_id=owner_id,
            invitee_id=user_id,
            song_id=song_id,
            state=State.LEFT,
            created_at=now,
            answered_at=now,
        )
        .on_conflict_do_update(
            index_elements=[Invitation.song_id, Invitation.invitee_id],
            set_={"state": State.LEFT, "answered_at": now},
        )
    )
    forget_work(owner_id, user_id)


def forget_leaving(song_id: int, user_id: int) -> None:
    """Forget that a collaborator left a song: they have undone it."""
    db.session.execute(
        sa.delete(Invitation).where(
            Invitation.song_id == song_id,
            Invitation.invitee_id == user_id,
            Invitation.state == State.LEFT,
        )
    )


def remember_work(user_id: int, other_id: int) -> None:
    """Record that two users work together."""
    pairs = sorted(((user_id, other_id), (other_id, user_id)))
    rows = [{"user_id": one, "other_id": other, "since": clock.now()} for one, other in pairs]
    db.session.execute(upsert(WorkedTogether).values(rows).on_conflict_do_nothing())


def forget_work(user_id: int, other_id: int) -> None:
    """Record that one of two users ended their collaboration."""
    both = (user_id, other_id)
    db.session.execute(
        sa.delete(WorkedTogether).where(
            WorkedTogether.user_id.in_(both), WorkedTogether.other_id.in_(both)
        )
    )


def _answer(invitation: Invitation, state: State, payload_type: type[InvitationPayload]) -> None:
    invitation.state, invitation.answered_at = state, clock.now()
    db.session.flush()
    _record(payload_type, invitation, user_id=invitation.invitee_id)


def record_withdrawn(invitation: Invitation) -> None:
    """Record that a pending invitation was withdrawn."""
    _record(InvitationWithdrawn, invitation, user_id=invitation.inviter_id)


def _record(payload_type: type[InvitationPayload], invitation: Invitation, *, user_id: int) -> None:
    is_song = invitation.song_id is not None
    payload = payload_type(
        invitation_id=invitation.id,
        inviter_id=invitation.inviter_id,
        invitee_id=invitation.invitee_id,
        song_id=invitation.song_id,
        pack_id=invitation.pack_id,
    )
    subject_id = invitation.song_id if is_song else invitation.pack_id
    record(
        payload,
        user_id=user_id,
        subject_type="song" if is_song else "pack",
        subject_id=subject_id or 0,
    )
