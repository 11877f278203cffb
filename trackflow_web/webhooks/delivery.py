"""Steps of a delivery: its message, the attempt to send it, and what follows from the answer."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from trackflow_web.domain.webhooks import outbox, queries, queueing, rules
from trackflow_web.domain.webhooks.models import Kind, Outcome, State
from trackflow_web.domain.webhooks.outbox import Attempt
from trackflow_web.domain.webhooks.ports import Outgoing, SendError
from trackflow_web.kernel import clock
from trackflow_web.webhooks import discord
from trackflow_web.webhooks.content import Content, content_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    """A message with the deliveries in it; without one, `problem` says why nothing is sent.

    `hidden_ids` are deliveries that are not in it, because they are not public (any more). An edit
    takes them out of the message.
    """

    delivery_ids: Sequence[int]
    webhook_id: int
    kind: Kind
    request: Outgoing | None = None
    problem: str = ""
    hidden_ids: Sequence[int] = ()
    is_edit: bool = False


def prepare(
    delivery_ids: Sequence[int], webhook_id: int, vault: Vault, site_url: str
) -> OutgoingDelivery | None:
    """Return the message of deliveries as everyone may see it now; None when they are gone.

    There are several for Discord only.
    """
    webhook = queries.find_webhook(webhook_id)
    acquired = queries.find_deliveries(webhook_id, delivery_ids)
    if webhook is None or not acquired:
        return None
    ids, kind = [delivery.id for delivery in acquired], Kind(webhook.kind)
    if webhook.state != State.ACTIVE:
        return OutgoingDelivery(ids, webhook_id, kind, problem=OFF)
    if over := [row.id for row in acquired if row.attempts > rules.MOST_ATTEMPTS]:
        # What else was acquired is sent in a later turn.
        return OutgoingDelivery(over, webhook_id, kind, problem=NEVER_ENDED)
    site = site_url or webhook.base_url
    contents = {delivery: content_of(delivery, site) for delivery in _in_message(acquired)}
    shown = {delivery: content for delivery, content in contents.items() if content is not None}
    hidden = [delivery.id for delivery in acquired if delivery not in shown]
    is_edit = bool(acquired[0].remote_id)
    if not shown and not is_edit:
        return OutgoingDelivery(ids, webhook_id, kind, problem=HIDDEN)
    request = _request(webhook, acquired[0], shown, vault, site)
    problem = "" if request else UNREADABLE
    return OutgoingDelivery(ids, webhook_id, kind, request, problem, hidden, is_edit)


def _in_message(acquired: Sequence[Delivery]) -> Sequence[Delivery]:
    """Return deliveries with what else is in the message that they edit."""
    first = acquired[0]
    if not first.remote_id:
        return acquired
    return queries.deliveries_in_message(first.webhook_id, first.remote_id)


def _request(
    webhook: Webhook, first: Delivery, shown: Mapping[Delivery, Content], vault: Vault, site: str
) -> Outgoing | None:
    url = vault.open(webhook.url)
    if url is None:
        return None
    sent = {"content-type": "application/json", "user-agent": f"TrackFlow (+{site})"}
    if webhook.kind == Kind.DISCORD:
        entries = [(each, delivery.happened_at) for delivery, each in shown.items()]
        body = _json(discord.message(entries))
        address = discord.address(url, first.remote_id)
        return Outgoing(address, sent, body, "PATCH" if first.remote_id else "POST")
    delivery, content = next(iter(shown.items()))
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
    is_discord = kind is Kind.DISCORD
    seconds = None
    if is_discord and answer.status == rules.TOO_MANY:
        seconds = discord.retry_after(answer)
    return Attempt(
        answer.status,
        duration_ms,
        _excerpt(answer.body),
        REDIRECT if answer.status in rules.REDIRECTS else _phrase(answer.status),
        rules.asked_pause(answer, seconds, clock.now()),
        discord.message_id(answer) if is_discord and answer.status in rules.OK else "",
        is_discord and discord.is_message_unknown(answer),
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
    deliveries = queries.find_deliveries(prepared.webhook_id, prepared.delivery_ids)
    if webhook is None:
        return
    if prepared.request is None or not prepared.is_edit:
        unsent = prepared.hidden_ids if prepared.request else prepared.delivery_ids
        _drop([each for each in deliveries if each.id in unsent], prepared.problem or HIDDEN)
        deliveries = [each for each in deliveries if each.id not in unsent]
    outbox.finish(webhook, deliveries, attempt)
    if attempt.is_delivered and webhook.kind == Kind.DISCORD:
        _check_message(prepared, deliveries)


def _drop(deliveries: Sequence[Delivery], error: str) -> None:
    for delivery in deliveries:
        if delivery.ended_at is None:
            outbox.end(delivery, Outcome.DROPPED, error)


def _check_message(prepared: OutgoingDelivery, sent: Sequence[Delivery]) -> None:
    """Note what an edit has taken out; edit again what was hidden or shown while it was sent."""
    for delivery in sent:
        is_hidden = delivery.id in prepared.hidden_ids
        if delivery.outcome != Outcome.DELIVERED:
            continue
        if is_hidden:
            outbox.end(delivery, Outcome.DROPPED, HIDDEN)
        if delivery.remote_id and is_hidden != (content_of(delivery, "") is None):
            queueing.edit_again(delivery)
