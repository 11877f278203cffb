"""Which notices follow from which events."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from trackflow_web.domain import events
from trackflow_web.domain.feedback.rules import Kind, Status
from trackflow_web.domain.moderation.rules import UPHOLDING, Action
from trackflow_web.notifications.recipients import Audience
from trackflow_web.notifications.types import Reason, Type

if TYPE_CHECKING:
    from trackflow_web.kernel.events import Event

# Texts are typed again and again: changes of one song within so long are one.
EDITS_ARE_ONE_FOR = timedelta(minutes=5)


@dataclass(frozen=True)
class Notice:
    """What to tell an audience; `group` is the key under which unread ones are one row.

    With `quiet_for` an event so soon after the row's latest one is left out.
    """

    type: Type
    audience: Audience
    group: str
    at: datetime
    event_key: str
    subject_type: str
    subject_ids: tuple[int, ...]
    actor_id: int | None = None
    owner_id: int = 0
    reason: str = ""
    n: int = 1
    data: dict[str, Any] = field(default_factory=dict)
    quiet_for: timedelta = timedelta()

    def to_json(self) -> dict[str, Any]:
        """Return the notice as plain values, for a job."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "at": self.at.isoformat(),
            "subject_ids": list(self.subject_ids),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Notice:
        """Return a notice from its plain values."""
        return cls(
            **{name: value[name] for name in _PLAIN if name not in {"type", "audience"}},
            type=Type(value["type"]),
            audience=Audience(value["audience"]),
            at=datetime.fromisoformat(value["at"]),
            subject_ids=tuple(value["subject_ids"]),
        )


_PLAIN = (
    "type",
    "audience",
    "group",
    "event_key",
    "subject_type",
    "actor_id",
    "owner_id",
    "reason",
    "n",
    "data",
)


def notices_of(event: Event) -> Iterator[Notice]:
    """Return the notices that follow from an event."""
    rule = _RULES.get(type(event.payload))
    if rule is not None:
        yield from rule(event)


def merged(notices: list[Notice]) -> list[Notice]:
    """Return notices of one action that go to the same row as one: twenty songs of a pack."""
    found: dict[tuple[object, ...], Notice] = {}
    for notice in notices:
        key = (notice.type, notice.audience, notice.owner_id, notice.group, notice.actor_id)
        same = found.get(key)
        found[key] = notice if same is None else _sum(same, notice)
    return list(found.values())


def _sum(first: Notice, second: Notice) -> Notice:
    new = tuple(id_ for id_ in second.subject_ids if id_ not in first.subject_ids)
    return replace(
        first, n=first.n + second.n, subject_ids=(*new, *first.subject_ids), data=second.data
    )


def key_of(event: Event) -> str:
    """Return a short name of an event that is the same when it is delivered again."""
    about = [event.name, event.actor_id, event.user_id, event.subject_id, event.data]
    said = f"{event.created_at} {json.dumps(about, sort_keys=True)}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def day_of(at: datetime) -> str:
    """Return the UTC day, for keys."""
    return f"{at:%Y-%m-%d}"


def week_of(at: datetime) -> str:
    """Return the ISO week, for keys."""
    return f"{at:%G-W%V}"


def _about(event: Event, type_: Type, audience: Audience, **more: Any) -> Notice:  # noqa: ANN401 -- fields of Notice
    fields: dict[str, Any] = {
        "group": f"{type_}:{event.subject_id}",
        "at": event.created_at,
        "event_key": key_of(event),
        "subject_type": event.subject_type,
        "subject_ids": (event.subject_id,),
        "actor_id": event.actor_id,
    }
    return Notice(type=type_, audience=audience, **(fields | more))


# --- one rule for each event type ----------------------------------------------------------------


def _released(event: Event) -> Iterator[Notice]:
    """A release is told to those of the song, and as a new release to all others who may care."""
    owner = event.user_id
    yield _about(event, Type.COLLABORATED_SONG_RELEASED, Audience.SONG, owner_id=owner)
    yield _about(
        event,
        Type.NEW_RELEASE,
        Audience.RELEASE,
        group=f"release:{owner}:{day_of(event.created_at)}",
        owner_id=owner,
        # Whoever moved it: the release is the owner's.
        actor_id=owner,
    )


def _worked_on(event: Event) -> Iterator[Notice]:
    quiet = EDITS_ARE_ONE_FOR if isinstance(event.payload, events.SongEdited) else timedelta()
    group = f"{Type.COLLABORATION_SONG_UPDATED}:{event.subject_id}:{day_of(event.created_at)}"
    yield _about(
        event, Type.COLLABORATION_SONG_UPDATED, Audience.SONG, group=group, quiet_for=quiet
    )


def _joined(event: Event) -> Iterator[Notice]:
    """Whoever was added is told; who has accepted an invitation acts, and knows."""
    yield _about(
        event,
        Type.COLLABORATION_ADDED,
        Audience.USER,
        group=f"added:{event.actor_id}:{day_of(event.created_at)}",
        owner_id=event.user_id,
        reason=Reason.ADDED,
    )


def _invited(event: Event) -> Iterator[Notice]:
    yield _about(
        event,
        Type.COLLABORATION_ADDED,
        Audience.USER,
        group=invited_group(event),
        owner_id=cast("events.InvitationSent", event.payload).invitee_id,
        reason=Reason.INVITED,
    )


def invited_group(event: Event) -> str:
    """Return the key of an invitation to the event's subject."""
    return f"invited:{event.subject_type}:{event.subject_id}"


def _answered(event: Event) -> Iterator[Notice]:
    payload = cast("events.InvitationAccepted", event.payload)
    is_accepted = isinstance(payload, events.InvitationAccepted)
    yield _about(
        event,
        Type.INVITATION_ANSWERED,
        Audience.USER,
        group=f"{Type.INVITATION_ANSWERED}:{payload.invitation_id}",
        owner_id=payload.inviter_id,
        reason=Reason.INVITER,
        data={"answer": "accepted" if is_accepted else "declined"},
    )


def _commented(event: Event) -> Iterator[Notice]:
    is_request = event.subject_type == Kind.FEATURE
    type_ = Type.FEATURE_REQUEST_COMMENT if is_request else Type.BUG_REPORT_RESPONSE
    yield _about(event, type_, Audience.THREAD)


def _decided(event: Event) -> Iterator[Notice]:
    payload = cast("events.FeedbackDecided", event.payload)
    data = {"status": str(payload.status)}
    if event.subject_type == Kind.FEATURE:
        yield _about(event, Type.FEATURE_REQUEST_ANSWERED, Audience.VOTERS, data=data)
    elif payload.status == Status.FIXED:
        yield _about(event, Type.BUG_FIXED, Audience.THREAD, data=data)
    else:
        yield _about(event, Type.BUG_REPORT_RESPONSE, Audience.THREAD, data=data)


def _followed(event: Event) -> Iterator[Notice]:
    if cast("events.UserFollowed", event.payload).is_told:
        yield follower_notice(event.subject_id, event.user_id, event.created_at, key_of(event))


def follower_notice(user_id: int, follower_id: int, at: datetime, event_key: str) -> Notice:
    """Return the notice of a follower, now or when their account is old enough."""
    return Notice(
        type=Type.NEW_FOLLOWER,
        audience=Audience.USER,
        group=f"follow:{week_of(at)}",
        at=at,
        event_key=event_key,
        subject_type="user",
        subject_ids=(follower_id,),
        actor_id=follower_id,
        owner_id=user_id,
        reason=Reason.FOLLOWER,
    )


def _moderated(event: Event) -> Iterator[Notice]:
    """The owner is told what was done; whoever reported it, whether something was."""
    payload = cast("events.ModerationDecided", event.payload)
    if payload.action != Action.DISMISS:
        yield _decision(event, event.user_id, Reason.MODERATED, f"owner:{payload.action}")
    answer = "acted" if payload.action in UPHOLDING else "not"
    for reporter_id in payload.reporter_ids:
        yield _decision(event, reporter_id, Reason.REPORTED, f"reporter:{answer}")


def _held(event: Event) -> Iterator[Notice]:
    """Administrators are told that reports have hidden something, and not whose it is."""
    yield _decision(event, 0, Reason.MODERATOR, "moderator:held", Audience.ADMINISTRATORS)


def _decision(
    event: Event, user_id: int, reason: Reason, decision: str, to: Audience = Audience.USER
) -> Notice:
    """Return a notice about an entry of the log; whose it is, is not told."""
    action_id = cast("events.ModerationDecided | events.SubjectHeld", event.payload).action_id
    return _about(
        event,
        Type.MODERATION_DECISION,
        to,
        group=f"moderation:{action_id}",
        owner_id=user_id,
        reason=reason,
        actor_id=None,
        subject_type="decision",
        subject_ids=(action_id,),
        data={"decision": decision},
    )


_RULES = {
    events.SongReleased: _released,
    events.PartDone: _worked_on,
    events.SongEdited: _worked_on,
    events.SongStarted: _worked_on,
    events.CollaborationJoined: _joined,
    events.InvitationSent: _invited,
    events.InvitationAccepted: _answered,
    events.InvitationDeclined: _answered,
    events.FeedbackCommented: _commented,
    events.FeedbackDecided: _decided,
    events.UserFollowed: _followed,
    events.ModerationDecided: _moderated,
    events.SubjectHeld: _held,
}
