"""Adding, changing, rotating and deleting webhooks; test deliveries and sending again."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.people.row_limits import RowLimit, require_room
from trackflow_web.domain.webhooks import addresses, outbox, queueing, rules
from trackflow_web.domain.webhooks.events import (
    WebhookChanged,
    WebhookCreated,
    WebhookDeleted,
    WebhookRotated,
)
from trackflow_web.domain.webhooks.models import TEST, Delivery, Kind, State, Webhook
from trackflow_web.kernel import clock, rate_limits, text
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Checks, Invalid
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from limits import RateLimitItem

    from trackflow_web.domain.imports.ports import Vault
    from trackflow_web.domain.people.models import User

NOT_ACTIVE = "This webhook is off. Turn it on first."
NO_SECRET = "Discord's webhooks have no secret: their address is one."  # noqa: S105 -- a message
STILL_WAITING = "This delivery is still waiting to be sent."
TOO_MANY = "You've sent several of these just now. Wait a little and try again."
# What a user chooses; a disabled one was not.
CHOSEN_STATES = (State.ACTIVE, State.PAUSED)


def create(
    user: User,
    vault: Vault,
    *,
    base_url: str,
    loopback: bool = False,
    **sent: object,
) -> tuple[Webhook, str]:
    """Add a webhook with `url`, `kind` and `events`; return it and its secret.

    The secret is shown once; Discord's webhooks have none. Raises Invalid naming the fields,
    LimitReached naming `url`.
    """
    check = Checks()
    kind = check(text.choice, sent.get("kind") or Kind.STANDARD, "kind", Kind)
    url = check(addresses.webhook_url, sent.get("url"), kind or Kind.STANDARD, loopback=loopback)
    events = check(rules.chosen_events, sent.get("events"))
    check.finish()
    require_room(RowLimit.WEBHOOKS, user.id, Webhook.user_id == user.id, field="url")
    secret = rules.new_secret() if kind is Kind.STANDARD else ""
    webhook = Webhook(
        user_id=user.id,
        kind=kind,
        url=vault.seal(url),
        shown_url=addresses.shown(url),
        secret=vault.seal(secret),
        events=events,
        state=State.ACTIVE,
        base_url=base_url[:200],
        created_at=clock.now(),
    )
    db.session.add(webhook)
    db.session.flush()
    record(WebhookCreated(), user_id=user.id, subject_id=webhook.id)
    return webhook, secret


def change(
    webhook: Webhook, vault: Vault, fields: Mapping[str, object], *, loopback: bool = False
) -> None:
    """Change `url`, `events` or `state`; an empty address or what is not sent stays.

    Raises Invalid naming the fields.
    """
    check = Checks()
    kind = Kind(webhook.kind)
    if url := fields.get("url"):
        url = check(addresses.webhook_url, url, kind, loopback=loopback)
    events = check(rules.chosen_events, fields["events"]) if "events" in fields else webhook.events
    state = check(_state, fields["state"]) if "state" in fields else webhook.state
    check.finish()
    if url:
        webhook.url, webhook.shown_url = vault.seal(str(url)), addresses.shown(str(url))
    webhook.events = events
    if state != webhook.state:
        _set_state(webhook, State(state))
    record(WebhookChanged(), user_id=webhook.user_id, subject_id=webhook.id)


def _state(value: object) -> State:
    if value not in CHOSEN_STATES:
        raise Invalid(state=f"This must be one of: {', '.join(CHOSEN_STATES)}.")
    return State(str(value))


def _set_state(webhook: Webhook, state: State) -> None:
    """Pause a webhook, or turn it on with a clean record."""
    webhook.state, webhook.reason = state, ""
    webhook.failures, webhook.failing_since, webhook.wait_until = 0, None, None
    if state is not State.ACTIVE:
        outbox.drop_waiting(webhook.id, "paused")


def rotate(webhook: Webhook, vault: Vault) -> str:
    """Give a webhook a new secret and return it; the old one signs too for a day.

    Raises Invalid naming `form` for one without a secret.
    """
    if webhook.kind == Kind.DISCORD:
        raise Invalid(form=NO_SECRET)
    secret = rules.new_secret()
    webhook.old_secret = webhook.secret
    webhook.old_secret_until = clock.now() + rules.BOTH_SECRETS_FOR
    webhook.secret = vault.seal(secret)
    record(WebhookRotated(), user_id=webhook.user_id, subject_id=webhook.id)
    return secret


def delete(webhook: Webhook) -> None:
    """Delete a webhook with its deliveries."""
    record(WebhookDeleted(), user_id=webhook.user_id, subject_id=webhook.id)
    db.session.execute(sa.delete(Webhook).where(Webhook.id == webhook.id))


def send_test(webhook: Webhook, limits: Iterable[RateLimitItem]) -> Delivery:
    """Queue a test delivery. Raises Invalid naming `form`, TooMany."""
    _require_active(webhook)
    _count(webhook, limits)
    return queueing.add(
        webhook, TEST, webhook.id, key=f"test:{secrets.token_hex(8)}", happened_at=clock.now()
    )


def send_again(webhook: Webhook, delivery: Delivery, limits: Iterable[RateLimitItem]) -> None:
    """Queue a delivery that has ended once more, with the same id. Raises Invalid, TooMany."""
    _require_active(webhook)
    if delivery.ended_at is None:
        raise Invalid(form=STILL_WAITING)
    _count(webhook, limits)
    queueing.restart(delivery)


def _require_active(webhook: Webhook) -> None:
    if webhook.state != State.ACTIVE:
        raise Invalid(form=NOT_ACTIVE)


def _count(webhook: Webhook, limits: Iterable[RateLimitItem]) -> None:
    rate_limits.enforce_all_within("webhook test", str(webhook.user_id), limits, TOO_MANY)
