"""The outbox: deliveries that are due are acquired for an attempt, and ended.

`queueing` puts them there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

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
from trackflow_web.kernel.database import db
from trackflow_web.kernel.events import record

# A worker without a report for this long is dead: longer than any attempt may take.
ATTEMPT_TAKES = timedelta(minutes=2)
KEPT_FOR = timedelta(days=7)
# Waiting deliveries that one search looks at.
LOOKED_AT = 500
# Deliveries in one message of Discord, which has at most ten embeds.
MOST_TOGETHER = 10
LONGEST_RESPONSE = 1000
MESSAGE_GONE = "the message was deleted in Discord"


@dataclass(frozen=True)
class Attempt:
    """How one attempt went; without a status there was no answer.

    `remote_id` is that of the message that Discord has made; `is_message_gone` whether the one to
    be edited was deleted there.
    """

    status: int | None
    duration_ms: int
    response: str = ""
    error: str = ""
    asked_pause: timedelta | None = None
    remote_id: str = ""
    is_message_gone: bool = False

    @property
    def is_delivered(self) -> bool:
        """Return whether the receiver took it."""
        return self.status in rules.OK


def acquire_due(limit: int) -> Sequence[Delivery]:
    """Acquire deliveries that are due, of up to `limit` webhooks, for one attempt each.

    A receiver gets one request at a time: one delivery, or several for one message of Discord. The
    attempt counts from here, so that a delivery that kills its worker does not do so for ever.
    """
    is_due = _is_due()
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
    acquired = _acquire(Delivery.id.in_(first.scalar_subquery()))
    for webhook_id, remote_id in _of_discord(acquired):
        acquired += _acquire(Delivery.id.in_(_together_with(webhook_id, remote_id)))
    found = sa.select(Delivery).where(Delivery.id.in_(acquired))
    in_order = found.order_by(Delivery.webhook_id, Delivery.id)
    return db.session.scalars(in_order.execution_options(populate_existing=True)).all()


def _is_due() -> sa.ColumnElement[bool]:
    return sa.and_(Delivery.ended_at.is_(None), Delivery.due_at <= clock.now())


def _acquire(which: sa.ColumnElement[bool]) -> list[int]:
    now = clock.now()
    acquired = db.session.scalars(
        sa.update(Delivery)
        .where(which, _is_due())
        .values(due_at=now + ATTEMPT_TAKES, attempts=Delivery.attempts + 1, tried_at=now)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return list(acquired)


def _of_discord(delivery_ids: Sequence[int]) -> Sequence[sa.Row[int, str]]:
    """Return the webhooks of deliveries that go to Discord, each with the message to be edited."""
    return db.session.execute(
        sa.select(Delivery.webhook_id, Delivery.remote_id)
        .join(Webhook, Webhook.id == Delivery.webhook_id)
        .where(Delivery.id.in_(delivery_ids), Webhook.kind == Kind.DISCORD)
        .order_by(Delivery.webhook_id)
    ).all()


def _together_with(webhook_id: int, remote_id: str) -> sa.Select[int]:
    """Return the SELECT of what is due in the same message."""
    return (
        sa.select(Delivery.id)
        .where(Delivery.webhook_id == webhook_id, Delivery.remote_id == remote_id, _is_due())
        .order_by(Delivery.id)
        .limit(MOST_TOGETHER - 1)
    )


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


def finish(webhook: Webhook, deliveries: Sequence[Delivery], attempt: Attempt) -> None:
    """Store how an attempt went: end the deliveries of a message, or try again later.

    The webhook is locked. It is disabled when its receiver says so, or fails for too long.
    """
    # The others have ended meanwhile: paused, or by another worker.
    tried = [delivery for delivery in deliveries if delivery.ended_at is None]
    for delivery in tried:
        delivery.status, delivery.duration_ms = attempt.status, attempt.duration_ms
        delivery.response = attempt.response[:LONGEST_RESPONSE]
        delivery.error = attempt.error[:100]
    if not tried:
        return
    if attempt.is_delivered:
        _deliver(webhook, tried, attempt)
    elif attempt.is_message_gone:
        _forget_message(webhook, tried)
    elif rules.is_gone(Kind(webhook.kind), attempt.status):
        _end_all(tried, Outcome.FAILED)
        disable(webhook, Reason.GONE)
    else:
        _fail(webhook, tried, attempt)


def _deliver(webhook: Webhook, tried: Sequence[Delivery], attempt: Attempt) -> None:
    webhook.failures, webhook.failing_since, webhook.wait_until = 0, None, None
    for delivery in tried:
        delivery.remote_id = attempt.remote_id or delivery.remote_id
    _end_all(tried, Outcome.DELIVERED)
    if attempt.asked_pause:  # it was the last request that is allowed for now
        _hold_others(webhook, tried, attempt.asked_pause)


def _forget_message(webhook: Webhook, tried: Sequence[Delivery]) -> None:
    """End edits of a message that was deleted; what was in it is edited no more."""
    db.session.execute(
        sa.update(Delivery)
        .where(Delivery.webhook_id == webhook.id, Delivery.remote_id == tried[0].remote_id)
        .values(remote_id="")
        .execution_options(synchronize_session="fetch")
    )
    _end_all(tried, Outcome.DROPPED, MESSAGE_GONE)


def _fail(webhook: Webhook, tried: Sequence[Delivery], attempt: Attempt) -> None:
    now = clock.now()
    if attempt.status != rules.TOO_MANY:  # whoever says so is there
        webhook.failures += 1
        webhook.failing_since = webhook.failing_since or now
    attempts = max(delivery.attempts for delivery in tried)
    pause = rules.pause_after(attempts, attempt.asked_pause)
    if pause is None:
        _end_all(tried, Outcome.FAILED)
    else:
        for delivery in tried:
            delivery.due_at = now + pause
    since = webhook.failing_since or now
    if webhook.failures >= rules.MOST_FAILURES and now - since > rules.FAILING_FOR:
        disable(webhook, Reason.FAILING)
    elif pause is not None and (
        attempt.asked_pause or webhook.failures >= rules.FAILURES_THAT_HOLD_OTHERS
    ):
        _hold_others(webhook, tried, attempt.asked_pause or pause)


def _hold_others(webhook: Webhook, tried: Sequence[Delivery], pause: timedelta) -> None:
    """Let what waits for a webhook wait as long as what was tried."""
    until = clock.now() + pause
    webhook.wait_until = until
    db.session.execute(
        sa.update(Delivery)
        .where(
            Delivery.webhook_id == webhook.id,
            Delivery.ended_at.is_(None),
            Delivery.due_at < until,
            Delivery.id.not_in([delivery.id for delivery in tried]),
        )
        .values(due_at=until)
        .execution_options(synchronize_session=False)
    )


def _end_all(deliveries: Sequence[Delivery], outcome: Outcome, error: str = "") -> None:
    for delivery in deliveries:
        end(delivery, outcome, error)


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
    """Delete deliveries that ended a week ago, and secrets that no longer sign.

    A message that waits to be edited is made again from all that is in it.
    """
    now = clock.now()
    edited = sa.select(Delivery.webhook_id, Delivery.remote_id).where(
        Delivery.ended_at.is_(None), Delivery.remote_id != ""
    )
    in_message = sa.tuple_(Delivery.webhook_id, Delivery.remote_id)
    db.session.execute(
        sa.delete(Delivery)
        .where(Delivery.ended_at < now - KEPT_FOR, in_message.not_in(edited))
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        sa.update(Webhook)
        .where(Webhook.old_secret_until <= now)
        .values(old_secret=None, old_secret_until=None)
        .execution_options(synchronize_session=False)
    )
