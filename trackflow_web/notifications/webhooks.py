"""Notices about webhooks, for their owners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.domain import events
from trackflow_web.notifications.notices import Notice, day_of, key_of
from trackflow_web.notifications.recipients import Audience
from trackflow_web.notifications.types import Reason, Type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trackflow_web.kernel.events import Event

_TOLD: dict[type, tuple[Type, Reason]] = {
    events.WebhookDisabled: (Type.WEBHOOK_DISABLED, Reason.WEBHOOK),
    events.WebhookLimited: (Type.WEBHOOK_LIMITED, Reason.LIMITED),
}


def notices_of(event: Event) -> Iterator[Notice]:
    """Return the notices that follow from an event of a webhook."""
    told = _TOLD.get(type(event.payload))
    if told is None:
        return
    type_, reason = told
    yield Notice(
        type=type_,
        audience=Audience.USER,
        group=f"{type_}:{event.subject_id}:{day_of(event.created_at)}",
        at=event.created_at,
        event_key=key_of(event),
        subject_type=event.subject_type,
        subject_ids=(event.subject_id,),
        owner_id=event.user_id,
        reason=reason,
    )
