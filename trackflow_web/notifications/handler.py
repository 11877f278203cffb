"""The notification handler: what follows from events for those who want to hear of it.

It runs inside the action's unit of work, after the achievement handler, whose events it gets in the
next round. A round that fails is rolled back with its notifications, so that redelivery sends them
once; a row also remembers its latest event, and the same one again changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, cast

import sqlalchemy as sa

from trackflow_web.achievements.events import (
    AchievementRestored,
    AchievementsWithdrawn,
)
from trackflow_web.domain import events
from trackflow_web.domain.feedback.models import FeedbackVote
from trackflow_web.domain.feedback.rules import Kind
from trackflow_web.kernel.database import db
from trackflow_web.notifications import awards, fan_out, talk, webhooks, withdraw, write
from trackflow_web.notifications.models import Notification
from trackflow_web.notifications.notices import (
    Notice,
    invited_group,
    key_of,
    merged,
    notices_of,
)
from trackflow_web.notifications.recipients import Audience, shared_among
from trackflow_web.notifications.types import POPULAR_AT, TYPES, Reason, Type

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trackflow_web.kernel.events import Event

# As many users are told of by one action; a recheck tells hundreds.
FEW = 10


def handle(recorded: Sequence[Event]) -> None:
    """Write the notifications that follow from events, and withdraw what they undo."""
    for event in recorded:
        _withdraw(event)
        talk.withdraw_undone(event)
    notices = _heard([notice for event in recorded for notice in notices_of(event)], recorded)
    notices += [notice for event in recorded for notice in _popular(event)]
    notices += awards.notices_of(recorded)
    notices += [notice for event in recorded for notice in talk.notices_of(event)]
    notices += [notice for event in recorded for notice in webhooks.notices_of(event)]
    wanted = merged(notices)
    each = [notice for notice in wanted if notice.audience is Audience.USER]
    if len(each) > FEW:
        write.send_to_each(each)
        wanted = [notice for notice in wanted if notice.audience is not Audience.USER]
    for notice in wanted:
        if not (TYPES[notice.type].fans_out and fan_out.is_left_to_job(notice)):
            write.send(notice)


def _heard(notices: Sequence[Notice], recorded: Sequence[Event]) -> list[Notice]:
    """Leave out notices to those of a song on which nobody else works."""
    added = {event.subject_id for event in recorded if isinstance(event.payload, events.SongAdded)}
    songs: dict[int | None, set[int]] = defaultdict(set)
    for notice in notices:
        if notice.audience is Audience.SONG:
            songs[notice.actor_id].update(set(notice.subject_ids) - added)
    shared = {actor_id: shared_among(ids, actor_id) for actor_id, ids in songs.items()}
    return [
        notice
        for notice in notices
        if notice.audience is not Audience.SONG
        or not shared[notice.actor_id].isdisjoint(notice.subject_ids)
    ]


def reconcile(redelivered: Sequence[Event]) -> None:
    """Handle redelivered events; their first dispatch left nothing."""
    handle([event for event in redelivered if event.delivered_at is None])


# --- undone actions ------------------------------------------------------------------------------


def _withdraw(event: Event) -> None:
    undo = _UNDONE.get(type(event.payload))
    if undo is not None:
        undo(event)


def _withdraw_release(event: Event) -> None:
    withdraw.release(event.user_id, event.subject_id)


def _withdraw_collaboration(event: Event) -> None:
    if event.subject_type == "song":
        withdraw.collaboration(event.user_id, event.subject_id)


def _withdraw_invitation(event: Event) -> None:
    invitee_id = cast("events.InvitationWithdrawn", event.payload).invitee_id
    withdraw.invitation(invitee_id, invited_group(event))


def _withdraw_follower(event: Event) -> None:
    withdraw.follower(event.subject_id, event.user_id)


def _withdraw_between(event: Event) -> None:
    withdraw.between(event.user_id, event.subject_id)


def _withdraw_revocation(event: Event) -> None:
    withdraw.revocation(event.user_id, event.subject_id)


def _withdraw_unlocks(event: Event) -> None:
    withdraw.unlocks(event.user_id, cast("AchievementsWithdrawn", event.payload).codes)


def _withdraw_popularity(event: Event) -> None:
    if event.subject_type == Kind.FEATURE:
        author_id = cast("events.FeedbackVoteRemoved", event.payload).author_id
        withdraw.popular(event.subject_id, _votes(event.subject_id), author_id)


_UNDONE = {
    events.SongUnreleased: _withdraw_release,
    events.SongDeleted: _withdraw_release,
    events.CollaborationLeft: _withdraw_collaboration,
    events.InvitationWithdrawn: _withdraw_invitation,
    events.UserUnfollowed: _withdraw_follower,
    events.UserBlocked: _withdraw_between,
    events.FeedbackVoteRemoved: _withdraw_popularity,
    AchievementRestored: _withdraw_revocation,
    AchievementsWithdrawn: _withdraw_unlocks,
}


# --- votes ---------------------------------------------------------------------------------------


def _popular(event: Event) -> Iterator[Notice]:
    """Return that a request has reached a threshold, once: its row is locked by the vote."""
    if not isinstance(event.payload, events.FeedbackVoted) or event.subject_type != Kind.FEATURE:
        return
    votes, author_id = _votes(event.subject_id), event.payload.author_id
    group = f"{Type.FEATURE_REQUEST_POPULAR}:{event.subject_id}:{votes}"
    if votes not in POPULAR_AT or _was_told(author_id, group):
        return
    yield Notice(
        type=Type.FEATURE_REQUEST_POPULAR,
        audience=Audience.USER,
        group=group,
        at=event.created_at,
        event_key=key_of(event),
        subject_type=event.subject_type,
        subject_ids=(event.subject_id,),
        owner_id=author_id,
        reason=Reason.AUTHOR,
        data={"votes": votes},
    )


def _votes(feature_id: int) -> int:
    found = sa.select(sa.func.count()).where(FeedbackVote.feedback_id == feature_id)
    return db.session.scalar(found) or 0


def _was_told(user_id: int, group: str) -> bool:
    found = sa.select(Notification.id).where(
        Notification.user_id == user_id, Notification.group_key == group
    )
    return db.session.scalar(found.limit(1)) is not None
