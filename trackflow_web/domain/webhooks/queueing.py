"""Queueing deliveries in the unit of work of what they are about."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

import sqlalchemy as sa
import structlog

from trackflow_web.domain.people.row_limits import RowLimit, most, room
from trackflow_web.domain.webhooks import rules
from trackflow_web.domain.webhooks.events import WebhookLimited
from trackflow_web.domain.webhooks.models import (
    Delivery,
    EventName,
    Kind,
    Outcome,
    State,
    Webhook,
)
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, dialect, literal_ids, upsert
from trackflow_web.kernel.events import record

DAY = timedelta(days=1)
# What happens within this time is one message in Discord.
GATHERED_FOR = timedelta(seconds=2)
# A message in Discord is edited so long after its release, and so long after a change.
EDITED_FOR = timedelta(days=7)
CHANGES_FOR = timedelta(seconds=30)
# What is hidden leaves its message sooner; several are then hidden by one edit.
SOON = timedelta(seconds=2)
OVER_LIMIT = "daily limit: what came after this wasn't sent"
_QUEUED = "deliveries of webhooks queued"

log = structlog.get_logger()

# The user and the event of deliveries, or all events.
About = tuple[int, EventName | None]


@dataclass(frozen=True)
class Happened:
    """What a user's webhooks may be told of; `key` is the same when it is handled again."""

    user_id: int
    event: str
    subject_id: int
    key: str
    at: datetime


def receivers_of(user_ids: Sequence[int]) -> Sequence[Webhook]:
    """Return the active webhooks of users, which cannot be deleted until the commit."""
    # On SQLite a writing transaction holds the whole file.
    found = _ACTIVE if dialect() == "sqlite" else _ACTIVE_LOCKED
    return db.session.scalars(found, {"user_ids": list(user_ids)}).all()


# Built once: every release and unlocked achievement asks, and mostly there is none.
_ACTIVE = (
    sa.select(Webhook)
    .where(Webhook.user_id.in_(literal_ids("user_ids")), Webhook.state == State.ACTIVE)
    .order_by(Webhook.id)
)
_ACTIVE_LOCKED = _ACTIVE.with_for_update(read=True, key_share=True)


def owners_among(user_ids: Collection[int]) -> set[int]:
    """Return those of these users who have a webhook, also a paused one."""
    return set(db.session.scalars(_OWNERS, {"user_ids": sorted(user_ids)}))


_OWNERS = sa.select(Webhook.user_id).where(Webhook.user_id.in_(literal_ids("user_ids"))).distinct()


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
            room_left = _room(user_id)
            rows += of_user[:room_left]
            if len(of_user) > room_left:
                _note_limit(user_id, of_user[room_left:])
    if rows:
        db.session.execute(upsert(Delivery).on_conflict_do_nothing(), rows)
        _note_queued()


def _room(user_id: int) -> int:
    lately = sa.and_(Delivery.user_id == user_id, Delivery.created_at > clock.now() - DAY)
    return room(RowLimit.DELIVERIES, lately)


def _note_limit(user_id: int, left_out: Sequence[dict[str, object]]) -> None:
    """Tell an owner once a day that the day's limit is reached: in the logs, by an event."""
    key = f"limit:{clock.now():%Y-%m-%d}"
    is_told = sa.select(Delivery.id).where(
        Delivery.user_id == user_id,
        Delivery.created_at > clock.now() - DAY,
        Delivery.event_key == key,
    )
    is_first = db.session.scalar(is_told.limit(1)) is None
    first = {row["webhook_id"]: row for row in reversed(left_out)}
    ended = {"ended_at": clock.now(), "outcome": Outcome.DROPPED, "error": OVER_LIMIT}
    rows = [row | {"event_key": key} | ended for row in first.values()]
    db.session.execute(upsert(Delivery).on_conflict_do_nothing(), rows)
    if is_first:
        record(WebhookLimited(), user_id=user_id, subject_id=min(cast("set[int]", set(first))))
        log.warning("webhook_deliveries_limited", user_id=user_id, limit=most(RowLimit.DELIVERIES))


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
    gathers = GATHERED_FOR if webhook.kind == Kind.DISCORD else timedelta()
    return {
        "webhook_id": webhook.id,
        "user_id": webhook.user_id,
        "message_id": rules.new_message_id(),
        "event": happened.event,
        "subject_id": happened.subject_id,
        "event_key": happened.key,
        "happened_at": happened.at,
        "created_at": now,
        "due_at": max(now + gathers, webhook.wait_until or now),
    }


def restart(delivery: Delivery) -> None:
    """Queue a delivery that has ended once more, as a new message."""
    delivery.remote_id = ""
    delivery.ended_at, delivery.outcome = None, ""
    delivery.attempts, delivery.due_at = 0, clock.now()
    _note_queued()


def edit_messages(about: Mapping[About, Collection[int]], *, after: timedelta = SOON) -> None:
    """Queue edits of the messages in Discord about these subjects; 0 stands for all of an event.

    The delivery is the same one: its message is edited once, however much changes meanwhile.
    """
    for (user_id, event), subject_ids in sorted(about.items(), key=str):
        which = [Delivery.user_id == user_id]
        if event is not None:
            which.append(Delivery.event == event)
        if 0 not in subject_ids:
            which.append(Delivery.subject_id.in_(sorted(subject_ids)))
        _edit(user_id, which, after)


def _edit(user_id: int, which: Sequence[sa.ColumnElement[bool]], after: timedelta) -> None:
    now = clock.now()
    of_discord = sa.select(Webhook.id).where(
        Webhook.user_id == user_id,
        Webhook.kind == Kind.DISCORD,
        Webhook.state == State.ACTIVE,
    )
    queued = db.session.scalars(
        sa.update(Delivery)
        .where(
            *which,
            Delivery.created_at > now - EDITED_FOR,
            Delivery.remote_id != "",
            Delivery.ended_at.is_not(None),
            Delivery.webhook_id.in_(of_discord),
        )
        .values(ended_at=None, outcome="", attempts=0, due_at=now + after)
        .returning(Delivery.id)
        .execution_options(synchronize_session="fetch")
    ).all()
    if queued:
        _note_queued()


def edit_again(delivery: Delivery) -> None:
    """Queue the edit of a message that shows what was hidden, or lacks what was shown meanwhile."""
    delivery.ended_at, delivery.outcome = None, ""
    delivery.attempts, delivery.due_at = 0, clock.now() + SOON
    _note_queued()


def negate_ids(about: Mapping[About, Collection[int]]) -> None:
    """Change the sign of the ids of these subjects in the recent deliveries about them."""
    for (user_id, event), subject_ids in about.items():
        db.session.execute(
            sa.update(Delivery)
            .where(
                Delivery.user_id == user_id,
                Delivery.created_at > clock.now() - EDITED_FOR,
                Delivery.event == event,
                Delivery.subject_id.in_(sorted(subject_ids)),
            )
            .values(subject_id=-Delivery.subject_id)
            .execution_options(synchronize_session="fetch")
        )


def _note_queued() -> None:
    db.session().info[_QUEUED] = True


def has_queued() -> bool:
    """Return whether this unit of work has queued a delivery."""
    return bool(db.session().info.get(_QUEUED))
