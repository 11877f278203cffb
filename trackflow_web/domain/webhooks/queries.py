"""Queries of webhooks and their deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.webhooks.models import Delivery, Webhook
from trackflow_web.domain.webhooks.queueing import DAY, OVER_LIMIT
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, get_for_update

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


def webhooks_of(user_id: int) -> Sequence[Webhook]:
    """Return a user's webhooks, oldest first."""
    return db.session.scalars(
        sa.select(Webhook).where(Webhook.user_id == user_id).order_by(Webhook.id)
    ).all()


def find_webhook(webhook_id: int, *, for_update: bool = False) -> Webhook | None:
    """Return a webhook, locked until the commit if it is to be changed.

    Others may queue deliveries for a locked one.
    """
    if for_update:
        return get_for_update(Webhook, webhook_id, key_share=True)
    return db.session.get(Webhook, webhook_id)


def deliveries_of(
    webhook_id: int, *, before_id: int | None = None, limit: int
) -> Sequence[Delivery]:
    """Return the latest deliveries of a webhook, newest first, before the one with an id."""
    found = sa.select(Delivery).where(Delivery.webhook_id == webhook_id)
    if before_id is not None:
        found = found.where(Delivery.id < before_id)
    return db.session.scalars(found.order_by(Delivery.id.desc()).limit(limit)).all()


def find_delivery(webhook_id: int, delivery_id: int) -> Delivery | None:
    """Return a delivery of a webhook."""
    return db.session.scalar(
        sa.select(Delivery).where(Delivery.id == delivery_id, Delivery.webhook_id == webhook_id)
    )


def find_deliveries(webhook_id: int, delivery_ids: Sequence[int]) -> Sequence[Delivery]:
    """Return deliveries of a webhook, oldest first."""
    return db.session.scalars(
        sa.select(Delivery)
        .where(Delivery.id.in_(delivery_ids), Delivery.webhook_id == webhook_id)
        .order_by(Delivery.id)
    ).all()


def deliveries_in_message(webhook_id: int, remote_id: str) -> Sequence[Delivery]:
    """Return the deliveries of one message in Discord, oldest first."""
    return db.session.scalars(
        sa.select(Delivery)
        .where(Delivery.webhook_id == webhook_id, Delivery.remote_id == remote_id)
        .order_by(Delivery.id)
    ).all()


def limited_until(user_id: int) -> datetime | None:
    """Return until when a user's webhooks may have missed something: a day from the limit."""
    at = db.session.scalar(
        sa.select(sa.func.max(Delivery.created_at)).where(
            Delivery.user_id == user_id,
            Delivery.created_at > clock.now() - DAY,
            Delivery.error == OVER_LIMIT,
        )
    )
    return None if at is None else at + DAY


def latest_by_webhook(user_id: int) -> dict[int, Delivery]:
    """Return the delivery of each of a user's webhooks that was tried last, by the webhook's id."""
    latest = (
        sa.select(sa.func.max(Delivery.id))
        .where(Delivery.user_id == user_id, Delivery.tried_at.is_not(None))
        .group_by(Delivery.webhook_id)
    )
    rows = db.session.scalars(sa.select(Delivery).where(Delivery.id.in_(latest)))
    return {row.webhook_id: row for row in rows}
