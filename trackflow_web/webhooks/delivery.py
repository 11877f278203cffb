"""Steps of a delivery: its message, the attempt to send it, and what follows from the answer."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from trackflow_web.domain.webhooks import outbox, queries, rules
from trackflow_web.domain.webhooks.models import Kind, Outcome, State
from trackflow_web.domain.webhooks.outbox import Attempt
from trackflow_web.domain.webhooks.ports import Outgoing, SendError
from trackflow_web.kernel import clock
from trackflow_web.webhooks import discord
from trackflow_web.webhooks.content import Content, content_of

if TYPE_CHECKING:
    from trackflow_web.domain.imports.ports import Vault
    from trackflow_web.domain.webhooks.models import Delivery, Webhook
    from trackflow_web.domain.webhooks.ports import Answer, Sender

HIDDEN = "not public"
OFF = "turned off"
# The key that encrypted the address and the secret is lost.
UNREADABLE = "unreadable address: enter it again"
REDIRECT = "redirect: not followed"
# Each of its attempts ended with the worker.
NEVER_ENDED = "too many attempts that never ended"


@dataclass(frozen=True)
class OutgoingDelivery:
    """A delivery with its message; without one, `problem` says why nothing is sent."""

    delivery_id: int
    webhook_id: int
    kind: Kind
    request: Outgoing | None = None
    problem: str = ""


def prepare(
    delivery_id: int, webhook_id: int, vault: Vault, site_url: str
) -> OutgoingDelivery | None:
    """Return the message of a delivery as everyone may see it now; None when that is gone."""
    webhook = queries.find_webhook(webhook_id)
    delivery = queries.find_delivery(webhook_id, delivery_id)
    if webhook is None or delivery is None:
        return None
    kind = Kind(webhook.kind)
    if webhook.state != State.ACTIVE:
        return OutgoingDelivery(delivery_id, webhook_id, kind, problem=OFF)
    if delivery.attempts > rules.MOST_ATTEMPTS:
        return OutgoingDelivery(delivery_id, webhook_id, kind, problem=NEVER_ENDED)
    site = site_url or webhook.base_url
    content = content_of(delivery, site)
    if content is None:
        return OutgoingDelivery(delivery_id, webhook_id, kind, problem=HIDDEN)
    request = _request(webhook, delivery, content, vault, site)
    problem = "" if request else UNREADABLE
    return OutgoingDelivery(delivery_id, webhook_id, kind, request, problem)


def _request(
    webhook: Webhook, delivery: Delivery, content: Content, vault: Vault, site: str
) -> Outgoing | None:
    url = vault.open(webhook.url)
    if url is None:
        return None
    sent = {"content-type": "application/json", "user-agent": f"TrackFlow (+{site})"}
    if webhook.kind == Kind.DISCORD:
        body = _json(discord.message(content, delivery.happened_at))
        return Outgoing(url, sent, body)
    keys = _keys(webhook, vault)
    body = _json(
        {
            "type": delivery.event,
            "timestamp": delivery.happened_at.isoformat().replace("+00:00", "Z"),
            "data": content.data,
        }
    )
    signed = rules.headers(keys, delivery.message_id, clock.now(), body)
    return Outgoing(url, sent | signed, body) if keys else None


def _keys(webhook: Webhook, vault: Vault) -> list[str]:
    """Return the secrets that sign: the new one, and the old one for a day."""
    sealed = [webhook.secret]
    until = webhook.old_secret_until
    if webhook.old_secret and until is not None and until > clock.now():
        sealed.append(webhook.old_secret)
    return [secret for each in sealed if (secret := vault.open(each))]


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def send(prepared: OutgoingDelivery, sender: Sender) -> Attempt:
    """Send a message; never raises SendError, and uses no database."""
    if prepared.request is None:
        return Attempt(None, 0, error=prepared.problem)
    begun = time.monotonic()
    try:
        answer = sender.send(prepared.request)
    except SendError as error:
        return Attempt(None, _milliseconds_since(begun), error=str(error))
    return _attempt(answer, _milliseconds_since(begun), prepared.kind)


def _milliseconds_since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)


def _attempt(answer: Answer, duration_ms: int, kind: Kind) -> Attempt:
    seconds = None
    if kind is Kind.DISCORD and answer.status == rules.TOO_MANY:
        seconds = discord.retry_after(answer)
    return Attempt(
        answer.status,
        duration_ms,
        _excerpt(answer.body),
        REDIRECT if answer.status in rules.REDIRECTS else _phrase(answer.status),
        rules.asked_pause(answer, seconds, clock.now()),
    )


def _phrase(status: int) -> str:
    try:
        return "" if status in rules.OK else HTTPStatus(status).phrase
    except ValueError:
        return "unknown status"


def _excerpt(body: bytes) -> str:
    """Return the beginning of an answer as text that both databases store."""
    text = body[: outbox.LONGEST_RESPONSE].decode("utf-8", "replace")
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text).strip()


def finish(prepared: OutgoingDelivery, attempt: Attempt) -> None:
    """Store how an attempt went; the account, the webhook or the delivery may be gone."""
    webhook = queries.find_webhook(prepared.webhook_id, for_update=True)
    delivery = queries.find_delivery(prepared.webhook_id, prepared.delivery_id)
    if webhook is None or delivery is None:
        return
    if prepared.request is None:
        if delivery.ended_at is None:
            outbox.end(delivery, Outcome.DROPPED, prepared.problem)
        return
    outbox.finish(webhook, delivery, attempt)
