"""Events of webhooks."""

from __future__ import annotations

from trackflow_web.kernel.event_types import Payload, event_type


@event_type("webhook_created", "webhook")
class WebhookCreated(Payload):
    """A user added a webhook."""


@event_type("webhook_changed", "webhook")
class WebhookChanged(Payload):
    """A user gave a webhook another address, other event types, or paused or resumed it."""


@event_type("webhook_rotated", "webhook")
class WebhookRotated(Payload):
    """A webhook got a new secret; the old one signs too for a day."""


@event_type("webhook_deleted", "webhook")
class WebhookDeleted(Payload):
    """A user deleted a webhook."""


@event_type("webhook_disabled", "webhook")
class WebhookDisabled(Payload):
    """A webhook was disabled; `status` is why: its receiver ended it, or failed for too long."""

    status: str


@event_type("webhook_limited", "webhook")
class WebhookLimited(Payload):
    """A user's webhooks were told of as much as they may be in a day; recorded once a day."""
