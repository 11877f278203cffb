"""The outbox: deliveries are queued with the event, acquired for an attempt, and ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from trackflow_web.domain.people.row_limits import RowLimit, room
from trackflow_web.domain.webhooks import rules
from trackflow_web.domain.webhooks.events import WebhookDisabled
from trackflow_web.domain.webhooks.models import (
    Delivery,
    Kind,
    Outcome,
    Reason,
    State,
    Webhook,
)
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, dialect, upsert
from trackflow_web.kernel.events import record

# A worker without a report for this long is dead: longer than any attempt may take.
ATTEMPT_TAKES = timedelta(minutes=2)
KEPT_FOR = timedelta(days=7)
DAY = timedelta(days=1)
# Waiting deliveries that one search looks at.
LOOKED_AT = 500
LONGEST_RESPONSE = 1000
_QUEUED = "deliveries of webhooks queued"


@dataclass(frozen=True)
class Happened:
    """What a user's webhooks may be told of; `key` is the same when it is handled again."""

    user_id: int
    event: str
    subject_id: int
    key: str
    at: datetime


@dataclass(frozen=True)
class Attempt:
    """How one attempt went; without a status there was no answer."""

    status: int | None
    duration_ms: int
    response: str = ""
    error: str = ""
    asked_pause: timedelta | None = None

    @property
    def is_delivered(self) -> bool:
        """Return whether the receiver took it."""
        return self.status in rules.OK


# --- queueing ------------------------------------------------------------------------------------


def receivers_of(user_ids: Sequence[int]) -> Sequence[Webhook]:
    """Return the active webhooks of users, which cannot be deleted until the commit."""
    found = sa.select(Webhook).where(Webhook.user_id.in_(user_ids), Webhook.state == State.ACTIVE)
    if dialect() != "sqlite":  # there a writing transaction holds the whole file
        found = found.with_for_update(read=True, key_share=True)
    return db.session.scalars(found.order_by(Webhook.id)).all()


def queue(webhooks: Sequence[Webhook], happened: Sequence[Happened]) -> None:
    """Queue what happened for the webhooks that want it, within the day's limit of each user."""
    rows: list[dict[str, object]] = []
    for user_id in {webhook.user_id for webhook in webhooks}:
        of_user = [
            _row(webhook, each)
            for each in happened
            if each.user_id == user_id
            for webhook in webhooks
            if webhook.user_id == user_id and each.event in webhook.event_names
        ]
        if of_user:
            rows += of_user[: _room(user_id)]
    if rows:
        db.session.execute(upsert(Delivery).on_conflict_do_nothing(), rows)
        _note_queued()


def _room(user_id: int) -> int:
    lately = sa.and_(Delivery.user_id == user_id, Delivery.created_at > clock.now() - DAY)
    return room(RowLimit.DELIVERIES, lately)


def add(
    webhook: Webhook, event: str, subject_id: int, *, key: str, happened_at: datetime
) -> Delivery:
    """Queue one delivery."""
    happened = Happened(webhook.user_id, event, subject_id, key, happened_at)
    delivery = Delivery(**_row(webhook, happened) | {"due_at": clock.now()})
    db.session.add(delivery)
    db.session.flush()
    _note_queued()
    return delivery


def _row(webhook: Webhook, happened: Happened) -> dict[str, object]:
    now = clock.now()
    return {
        "webhook_id": webhook.id,
        "user_id": webhook.user_id,
        "message_id": rules.new_message_id(),
        "event": happened.event,
        "subject_id": happened.subject_id,
        "event_key": happened.key,
        "happened_at": happened.at,
        "created_at": now,
        "due_at": max(now, webhook.wait_until or now),
    }


def restart(delivery: Delivery) -> None:
    """Queue a delivery that has ended once more."""
    delivery.ended_at, delivery.outcome = None, ""
    delivery.attempts, delivery.due_at = 0, clock.now()
    _note_queued()


def _note_queued() -> None:
    db.session().info[_QUEUED] = True


def has_queued() -> bool:
    """Return whether this unit of work has queued a delivery."""
    return bool(db.session().info.get(_QUEUED))


# --- attempts ------------------------------------------------------------------------------------


def acquire_due(limit: int) -> Sequence[Delivery]:
    """Acquire up to `limit` deliveries that are due, one per webhook, for one attempt each.

    A receiver gets one request at a time. The attempt counts from here, so that a delivery that
    kills its worker does not do so for ever.
    """
    now = clock.now()
    is_due = sa.and_(Delivery.ended_at.is_(None), Delivery.due_at <= now)
    due = (
        sa.select(Delivery.id, Delivery.webhook_id, Delivery.due_at)
        .where(is_due)
        .order_by(Delivery.due_at)
        .limit(LOOKED_AT)
        .subquery()
    )
    first = (
        sa.select(sa.func.min(due.c.id))
        .group_by(due.c.webhook_id)
        .order_by(sa.func.min(due.c.due_at))
        .limit(limit)
    )
    acquired = db.session.scalars(
        sa.update(Delivery)
        .where(Delivery.id.in_(first.scalar_subquery()), is_due)
        .values(due_at=now + ATTEMPT_TAKES, attempts=Delivery.attempts + 1, tried_at=now)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    ).all()
    found = sa.select(Delivery).where(Delivery.id.in_(acquired)).order_by(Delivery.webhook_id)
    return db.session.scalars(found.execution_options(populate_existing=True)).all()


def next_due_at() -> datetime | None:
    """Return when the next delivery is due; None when none waits."""
    return db.session.scalar(
        sa.select(sa.func.min(Delivery.due_at)).where(Delivery.ended_at.is_(None))
    )


def is_due() -> bool:
    """Return whether a delivery is due."""
    at = next_due_at()
    return at is not None and at <= clock.now()


def count_waiting() -> int:
    """Return how many deliveries have not ended."""
    waiting = sa.select(sa.func.count()).where(Delivery.ended_at.is_(None))
    return db.session.scalar(waiting) or 0


def finish(webhook: Webhook, delivery: Delivery, attempt: Attempt) -> None:
    """Store how an attempt went: end the delivery, or try again later.

    The webhook is locked. It is disabled when its receiver says so, or fails for too long.
    """
    if delivery.ended_at is not None:  # ended meanwhile: paused, or by another worker
        return
    delivery.status, delivery.duration_ms = attempt.status, attempt.duration_ms
    delivery.response = attempt.response[:LONGEST_RESPONSE]
    delivery.error = attempt.error[:100]
    if attempt.is_delivered:
        webhook.failures, webhook.failing_since, webhook.wait_until = 0, None, None
        end(delivery, Outcome.DELIVERED)
    elif rules.is_gone(Kind(webhook.kind), attempt.status):
        end(delivery, Outcome.FAILED)
        disable(webhook, Reason.GONE)
    else:
        _fail(webhook, delivery, attempt)


def _fail(webhook: Webhook, delivery: Delivery, attempt: Attempt) -> None:
    now = clock.now()
    if attempt.status != rules.TOO_MANY:  # whoever says so is there
        webhook.failures += 1
        webhook.failing_since = webhook.failing_since or now
    pause = rules.pause_after(delivery.attempts, attempt.asked_pause)
    if pause is None:
        end(delivery, Outcome.FAILED)
    else:
        delivery.due_at = now + pause
    since = webhook.failing_since or now
    if webhook.failures >= rules.MOST_FAILURES and now - since > rules.FAILING_FOR:
        disable(webhook, Reason.FAILING)
    elif pause is not None and (
        attempt.asked_pause or webhook.failures >= rules.FAILURES_THAT_HOLD_OTHERS
    ):
        _hold_others(webhook, delivery, attempt.asked_pause or pause)


def _hold_others(webhook: Webhook, tried: Delivery, pause: timedelta) -> None:
    """Let what waits for a webhook wait as long as the one that failed."""
    until = clock.now() + pause
    webhook.wait_until = until
    db.session.execute(
        sa.update(Delivery)
        .where(
            Delivery.webhook_id == webhook.id,
            Delivery.ended_at.is_(None),
            Delivery.due_at < until,
            Delivery.id != tried.id,
        )
        .values(due_at=until)
        .execution_options(synchronize_session=False)
    )


def end(delivery: Delivery, outcome: Outcome, error: str = "") -> None:
    """Mark a delivery as ended."""
    delivery.ended_at, delivery.outcome = clock.now(), outcome
    if error:
        delivery.error = error


def disable(webhook: Webhook, reason: Reason) -> None:
    """Turn a webhook off, drop what waits for it, and record that for its owner."""
    webhook.state, webhook.reason = State.DISABLED, reason
    drop_waiting(webhook.id, "disabled")
    record(WebhookDisabled(status=reason), user_id=webhook.user_id, subject_id=webhook.id)


def drop_waiting(webhook_id: int, error: str) -> None:
    """End what waits for a webhook without sending it."""
    db.session.execute(
        sa.update(Delivery)
        .where(Delivery.webhook_id == webhook_id, Delivery.ended_at.is_(None))
        .values(ended_at=clock.now(), outcome=Outcome.DROPPED, error=error)
        .execution_options(synchronize_session="fetch")
    )


def prune() -> None:
    """Delete deliveries that ended a week ago, and secrets that no longer sign."""
    now = clock.now()
    db.session.execute(
        sa.delete(Delivery)
        .where(Delivery.ended_at < now - KEPT_FOR)
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        sa.update(Webhook)
        .where(Webhook.old_secret_until <= now)
        .values(old_secret=None, old_secret_until=None)
        .execution_options(synchronize_session=False)
    )
