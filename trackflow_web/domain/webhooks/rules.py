"""Rules of webhooks: event types, signatures, pauses. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from trackflow_web.domain.webhooks.models import EventName, Kind
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trackflow_web.domain.webhooks.ports import Answer

SECRET_PREFIX = "whsec_"  # noqa: S105 -- what a secret begins with
SECRET_BYTES = 32
# How long the old secret signs beside the new one.
BOTH_SECRETS_FOR = timedelta(days=1)
# The schedule of the Standard Webhooks specification: what the nth attempt waits for.
PAUSES = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
MOST_ATTEMPTS = len(PAUSES) + 1
# The part of a pause by which it is made longer or shorter, so that receivers are not asked by
# everybody at once after an outage.
JITTER = 0.1
LONGEST_WAIT = timedelta(days=1)
# A webhook is disabled after so many failures in a row, unless they are all of one day.
MOST_FAILURES = 10
FAILING_FOR = timedelta(days=1)
# From this failure in a row on, other deliveries wait for the one that is tried.
FAILURES_THAT_HOLD_OTHERS = 3

CHOOSE = "Choose at least one event."

SECONDS = re.compile(r"\d{1,7}(\.\d{1,9})?", re.ASCII)

OK = range(200, 300)
REDIRECTS = range(300, 400)
GONE, TOO_MANY, UNAVAILABLE = 410, 429, 503
# Discord restricts an address that keeps sending to a webhook that is gone.
DISCORD_GONE = frozenset({401, 403, 404, GONE})


def chosen_events(values: object) -> str:
    """Return event types as they are stored. Raises Invalid naming `events`."""
    if not isinstance(values, list | tuple) or len(values) > len(EventName) * 2:
        raise Invalid(events=_unknown())
    known = set(EventName)
    if not all(isinstance(value, str) and value in known for value in values):
        raise Invalid(events=_unknown())
    chosen = [name for name in EventName if name in values]
    if not chosen:
        raise Invalid(events=CHOOSE)
    return ",".join(chosen)


def _unknown() -> str:
    return f"This may contain: {', '.join(EventName)}."


def new_secret() -> str:
    """Return a secret for signatures."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def new_message_id() -> str:
    """Return an id for a message: it contains no dot, which separates what is signed."""
    return f"msg_{secrets.token_hex(12)}"


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a message by one secret, as the specification has it."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode("ascii")


def headers(keys: Iterable[str], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of a message, signed with each of the secrets."""
    timestamp = int(at.timestamp())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(key, message_id, timestamp, body) for key in keys),
    }


def pause_after(attempts: int, asked: timedelta | None) -> timedelta | None:
    """Return how long to wait after so many failed attempts; None after the last.

    `asked` is how long the receiver wants to be left alone.
    """
    if attempts > len(PAUSES):
        return None
    spread = 1 + JITTER * (2 * secrets.randbelow(1001) / 1000 - 1)
    return max(PAUSES[attempts - 1] * spread, asked or timedelta())


def is_gone(kind: Kind, status: int | None) -> bool:
    """Return whether a receiver says that it wants nothing any more."""
    return status in DISCORD_GONE if kind is Kind.DISCORD else status == GONE


def asked_pause(answer: Answer, seconds_in_body: float | None, now: datetime) -> timedelta | None:
    """Return how long a receiver wants to be left alone, at most LONGEST_WAIT; None if not."""
    if answer.status in OK:
        seconds = _until_more(answer.headers)
    elif answer.status not in {TOO_MANY, UNAVAILABLE}:
        return None
    elif seconds_in_body is not None:
        seconds = seconds_in_body
    else:
        seconds = _retry_after(answer.headers, now)
    if seconds is None:
        return None
    return min(timedelta(seconds=min(max(seconds, 0), 10**7)), LONGEST_WAIT)


def _until_more(sent: Mapping[str, str]) -> float | None:
    """Return the seconds until Discord takes another request, if this was the last one."""
    value = sent.get("x-ratelimit-reset-after", "")[:20].strip()
    is_last = sent.get("x-ratelimit-remaining", "").strip() == "0"
    return float(value) if is_last and SECONDS.fullmatch(value) else None


def _retry_after(sent: Mapping[str, str], now: datetime) -> float | None:
    value = sent.get("retry-after", "")[:40].strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # the latter for years and zones of twenty digits
        return None
    return (at - now).total_seconds() if at.tzinfo else None
