"""Request and response bodies of webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from trackflow_web.api.core.schemas import without_defaults
from trackflow_web.domain.webhooks.addresses import LONGEST_URL
from trackflow_web.domain.webhooks.models import Delivery as Row
from trackflow_web.domain.webhooks.models import EventName, Kind, Outcome, Reason, State
from trackflow_web.domain.webhooks.models import Webhook as WebhookRow

EVENTS: dict[str, Any] = {"items": {"type": "string", "enum": [str(name) for name in EventName]}}
ADDRESS: dict[str, Any] = {"maxLength": LONGEST_URL}


class Webhook(BaseModel):
    """A webhook; its address is shortened, because that of a Discord channel is a secret."""

    id: int
    kind: Kind
    address: str = Field(description="The host and the last characters of the address.")
    events: list[EventName]
    state: State
    reason: Reason | None = Field(description="Why it was disabled.")
    old_secret_until: datetime | None = Field(description="How long the old secret signs, too.")
    created_at: datetime

    @classmethod
    def of(cls, row: WebhookRow, **more: object) -> Self:
        """Return a webhook as the API shows it."""
        fields: dict[str, Any] = {
            "id": row.id,
            "kind": Kind(row.kind),
            "address": row.shown_url,
            "events": list(row.event_names),
            "state": State(row.state),
            "reason": Reason(row.reason) if row.reason else None,
            "old_secret_until": row.old_secret_until,
            "created_at": row.created_at,
        }
        return cls(**fields, **more)


class WebhookWithSecret(Webhook):
    """A webhook with its new secret, which is shown once; Discord's have none."""

    secret: str | None


class Webhooks(BaseModel):
    """Your webhooks, oldest first."""

    items: list[Webhook]
    next: str | None = Field(description="The cursor of the next part.")


class NewWebhook(BaseModel):
    """A webhook to add."""

    url: str = Field(json_schema_extra=ADDRESS)
    kind: str = Field(Kind.STANDARD, json_schema_extra={"enum": [str(kind) for kind in Kind]})
    events: list[str] = Field(json_schema_extra=EVENTS)


class WebhookChanges(BaseModel):
    """Changes of a webhook; what is not sent stays."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    url: str = Field("", json_schema_extra=ADDRESS)
    events: list[str] = Field([], json_schema_extra=EVENTS)
    state: str = Field("", json_schema_extra={"enum": [State.ACTIVE.value, State.PAUSED.value]})


class WebhookDelivery(BaseModel):
    """What was sent to a webhook, or waits; the status and so on are of the latest attempt."""

    id: int
    message_id: str = Field(description="The header webhook-id, the same in every attempt.")
    event: str
    outcome: Outcome | None = Field(description="Without one, it waits for the next attempt.")
    attempts: int
    next_at: datetime | None
    status: int | None
    duration_ms: int | None
    error: str
    response: str = Field(description="The beginning of what the receiver answered.")
    created_at: datetime

    @classmethod
    def of(cls, row: Row) -> WebhookDelivery:
        """Return a delivery as the API shows it."""
        return cls(
            id=row.id,
            message_id=row.message_id,
            event=row.event,
            outcome=Outcome(row.outcome) if row.outcome else None,
            attempts=row.attempts,
            next_at=row.due_at if row.ended_at is None else None,
            status=row.status,
            duration_ms=row.duration_ms,
            error=row.error,
            response=row.response,
            created_at=row.created_at,
        )


class WebhookDeliveries(BaseModel):
    """Deliveries of a webhook, newest first; they are kept for a week."""

    items: list[WebhookDelivery]
    next: str | None = Field(description="The cursor of the next part.")
