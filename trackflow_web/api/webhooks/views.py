"""Webhooks: list, add, change, rotate, delete, test; their deliveries."""

from __future__ import annotations

from flask import url_for

from trackflow_web.api.core import bodies, pagination
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.core.schemas import Paging
from trackflow_web.api.webhooks import schemas
from trackflow_web.domain.webhooks import actions, queries
from trackflow_web.web import repeats
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import jobs, settings
from trackflow_web.web.loaders import delivery_or_404, webhook_or_404
from trackflow_web.web.urls import site_url

NO_CONTENT = ("", 204)


@api.get("/settings/webhooks")
@described(schemas.Webhooks, query=Paging)
def list_webhooks() -> schemas.Webhooks:
    """List your webhooks, oldest first."""
    newest, following = pagination.piece(
        queries.webhooks_of(get_current_user().id), lambda webhook: str(webhook.id)
    )
    return schemas.Webhooks(items=[schemas.Webhook.of(row) for row in newest], next=following)


@api.post("/settings/webhooks")
@described(schemas.WebhookWithSecret, status=201, body=schemas.NewWebhook)
def create_webhook() -> tuple[schemas.WebhookWithSecret, int, dict[str, str]]:
    """Add a webhook. Only this response has its secret: in a repeat with its key it is null."""
    sent = bodies.sent(bodies.parse_body(schemas.NewWebhook))
    webhook, secret = actions.create(
        get_current_user(),
        jobs().tools.vault,
        base_url=site_url(),
        loopback=settings().webhook_loopback,
        **sent,
    )
    repeats.keep_instead(schemas.WebhookWithSecret.of(webhook, secret=None).model_dump_json())
    address = url_for("api.show_webhook", webhook_id=webhook.id)
    created = schemas.WebhookWithSecret.of(webhook, secret=secret or None)
    return created, 201, {"Location": address}


@api.get("/settings/webhooks/<id:webhook_id>")
@described(schemas.Webhook)
def show_webhook(webhook_id: int) -> schemas.Webhook:
    """Show a webhook."""
    return schemas.Webhook.of(webhook_or_404(webhook_id))


@api.patch("/settings/webhooks/<id:webhook_id>")
@described(schemas.Webhook, body=schemas.WebhookChanges)
def change_webhook(webhook_id: int) -> schemas.Webhook:
    """Change the address or the events of a webhook, pause it, or turn it on."""
    webhook = webhook_or_404(webhook_id)
    changes = bodies.sent(bodies.parse_body(schemas.WebhookChanges))
    actions.change(webhook, jobs().tools.vault, changes, loopback=settings().webhook_loopback)
    return schemas.Webhook.of(webhook)


@api.delete("/settings/webhooks/<id:webhook_id>")
@described(None, status=204)
def delete_webhook(webhook_id: int) -> tuple[str, int]:
    """Delete a webhook with its deliveries."""
    actions.delete(webhook_or_404(webhook_id))
    return NO_CONTENT


@api.post("/settings/webhooks/<id:webhook_id>/rotate")
@described(schemas.WebhookWithSecret)
def rotate_webhook(webhook_id: int) -> schemas.WebhookWithSecret:
    """Make a new secret. Only this response has it; the old one signs too for a day."""
    webhook = webhook_or_404(webhook_id)
    secret = actions.rotate(webhook, jobs().tools.vault)
    repeats.keep_instead(schemas.WebhookWithSecret.of(webhook, secret=None).model_dump_json())
    return schemas.WebhookWithSecret.of(webhook, secret=secret)


@api.post("/settings/webhooks/<id:webhook_id>/test")
@described(schemas.WebhookDelivery)
def test_webhook(webhook_id: int) -> schemas.WebhookDelivery:
    """Send a test delivery."""
    webhook = webhook_or_404(webhook_id)
    return schemas.WebhookDelivery.of(actions.send_test(webhook, settings().limit_webhook_tests))


@api.get("/settings/webhooks/<id:webhook_id>/deliveries")
@described(schemas.WebhookDeliveries, query=Paging)
def list_webhook_deliveries(webhook_id: int) -> schemas.WebhookDeliveries:
    """List the deliveries of a webhook, newest first."""
    webhook = webhook_or_404(webhook_id)
    found, following = pagination.fetch(
        lambda before_id, limit: queries.deliveries_of(
            webhook.id, before_id=before_id, limit=limit
        ),
        lambda delivery: delivery.id,
    )
    return schemas.WebhookDeliveries(
        items=[schemas.WebhookDelivery.of(row) for row in found], next=following
    )


@api.post("/settings/webhooks/<id:webhook_id>/deliveries/<id:delivery_id>/send")
@described(schemas.WebhookDelivery)
def send_webhook_delivery_again(webhook_id: int, delivery_id: int) -> schemas.WebhookDelivery:
    """Send a delivery that has ended once more, with the same id."""
    webhook = webhook_or_404(webhook_id)
    delivery = delivery_or_404(webhook, delivery_id)
    actions.send_again(webhook, delivery, settings().limit_webhook_tests)
    return schemas.WebhookDelivery.of(delivery)
