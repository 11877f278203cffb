"""Actions on feature requests and bug reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.comments import actions as comments
from trackflow_web.domain.feedback import rules
from trackflow_web.domain.feedback.events import (
    BugReportDropped,
    BugReported,
    BugReportTakenUp,
    FeatureRequestDropped,
    FeatureRequested,
    FeatureRequestTakenUp,
    FeedbackDecided,
    FeedbackPayload,
    FeedbackVoted,
    FeedbackVoteRemoved,
)
from trackflow_web.domain.feedback.models import Feedback, FeedbackVote
from trackflow_web.domain.feedback.rules import Kind, Status
from trackflow_web.domain.feedback.subjects import THREADS
from trackflow_web.domain.people.row_limits import RowLimit, require_room_among
from trackflow_web.domain.subjects import Subject
from trackflow_web.kernel import clock, rate_limits
from trackflow_web.kernel.database import db, upsert
from trackflow_web.kernel.errors import Forbidden
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from limits import RateLimitItem

    from trackflow_web.domain.comments.models import Comment
    from trackflow_web.domain.people.models import User

TOO_MANY = "You've sent a lot in a short time. Try again later."
ONLY_THE_AUTHOR = "Only the author can withdraw this."
ONLY_ADMINISTRATORS = "Only administrators can change the status."


@dataclass(frozen=True)
class EventTypes:
    """The events of a kind: it starts to count, stops counting, and counts again."""

    submitted: type[FeedbackPayload]
    dropped: type[FeedbackPayload]
    taken_up: type[FeedbackPayload]


EVENT_TYPES = {
    Kind.FEATURE: EventTypes(
        submitted=FeatureRequested,
        dropped=FeatureRequestDropped,
        taken_up=FeatureRequestTakenUp,
    ),
    Kind.BUG: EventTypes(
        submitted=BugReported,
        dropped=BugReportDropped,
        taken_up=BugReportTakenUp,
    ),
}


def submit(
    author: User, kind: Kind, *, title: object, description: object, limit: RateLimitItem
) -> Feedback:
    """Submit a feature request or bug report; both share the limit.

    Raises Invalid naming the fields, TooMany, LimitReached.
    """
    draft = rules.draft(title=title, description=description)
    # Its row is locked from here on, so that the author's other submissions wait.
    rate_limits.enforce_within("feedback", str(author.id), limit, TOO_MANY)
    require_room_among(RowLimit.REQUESTS, Feedback.user_id == author.id)
    now = clock.now()
    item = Feedback(
        kind=kind,
        user_id=author.id,
        title=draft.title,
        description=draft.description,
        search_key=draft.search_key,
        status=Status.OPEN,
        reason="",
        counted_at=now,
        created_at=now,
        updated_at=now,
    )
    db.session.add(item)
    db.session.flush()
    _record(EVENT_TYPES[kind].submitted, item, author)
    return item


def thread_of(item: Feedback) -> Subject:
    """Return a request or report as the subject of its comments."""
    return Subject(THREADS[Kind(item.kind)], item.id, item.user_id)


def vote(item: Feedback, voter: User, *, wanted: bool = True) -> None:
    """Add the voter's vote, or remove it unless it is `wanted`; one that is so already stays so.

    Authors cannot vote for their own. The item must have been loaded for update: two votes at once
    are one after the other.
    """
    if item.user_id == voter.id:
        return
    added = (
        upsert(FeedbackVote)
        .values(feedback_id=item.id, user_id=voter.id, at=clock.now())
        .on_conflict_do_nothing()
    )
    removed = sa.delete(FeedbackVote).where(
        FeedbackVote.feedback_id == item.id, FeedbackVote.user_id == voter.id
    )
    change = added if wanted else removed
    if db.session.scalar(change.returning(FeedbackVote.user_id)) is None:
        return
    payload_type = FeedbackVoted if wanted else FeedbackVoteRemoved
    payload = payload_type(author_id=item.user_id)
    record(payload, user_id=voter.id, subject_type=item.kind, subject_id=item.id)


def withdraw(item: Feedback, actor: User) -> None:
    """Withdraw the user's own request or report, loaded for update. Raises Forbidden."""
    if item.user_id != actor.id:
        raise Forbidden(ONLY_THE_AUTHOR)
    if item.status == Status.WITHDRAWN:
        return
    _move(item, actor, Status.WITHDRAWN)
    item.reason = ""
    _add_step(item, actor, "", Status.WITHDRAWN)


def decide(item: Feedback, actor: User, *, status: object, reason: object = "") -> None:
    """Set the status and its reason, as an administrator; what was withdrawn can count again.

    The item must have been loaded for update. Raises Forbidden, Invalid naming `status` or
    `reason`.
    """
    if not actor.is_admin:
        raise Forbidden(ONLY_ADMINISTRATORS)
    decided, why = rules.decision(Kind(item.kind), status=status, reason=reason)
    if (decided, why) in {(item.status, item.reason), (item.status, "")}:
        return
    before = Status(item.status)
    _move(item, actor, decided)
    item.reason = why
    added = _add_step(item, actor, why, decided)
    record(
        FeedbackDecided(status=decided, status_before=before, comment_id=added.id),
        user_id=item.user_id,
        actor_id=actor.id,
        subject_type=item.kind,
        subject_id=item.id,
    )


def _move(item: Feedback, actor: User, status: Status) -> None:
    """Set the status; its author's counter changes when it starts or stops counting."""
    item.status, item.updated_at = status, clock.now()
    if rules.counts(status) and item.counted_at is None:
        item.counted_at = item.updated_at
        _record(EVENT_TYPES[Kind(item.kind)].taken_up, item, actor)
    elif not rules.counts(status) and item.counted_at is not None:
        item.counted_at = None
        _record(EVENT_TYPES[Kind(item.kind)].dropped, item, actor)


def _add_step(item: Feedback, actor: User, reason: str, status: Status) -> Comment:
    return comments.add_step(thread_of(item), actor, status=status, reason=reason)


def _record(event_type: type[FeedbackPayload], item: Feedback, actor: User) -> None:
    record(
        event_type(title=item.title),
        user_id=item.user_id,
        actor_id=actor.id,
        subject_type=item.kind,
        subject_id=item.id,
    )
