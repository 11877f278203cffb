"""A paused webhook of the demo user, with what it was told of.

Its address is empty, so that it sends nothing even if it is turned on.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.demo import users
from trackflow_web.domain.people import queries
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.webhooks.models import Delivery, EventName, Kind, Outcome, State, Webhook
from trackflow_web.domain.webhooks.rules import new_message_id
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from datetime import datetime

    from trackflow_web.domain.people.models import User

SHOWN_URL = "hooks.example.org/…flow"
SITE = "http://localhost"
# Days ago, the status of the answer, its time in milliseconds and its text.
ANSWERS = ((5, 204, 96, ""), (3, 500, 1840, "Internal Server Error"), (1, 204, 112, ""))


def add(now: datetime) -> None:
    """Add the webhook and its deliveries, all of which have ended."""
    user = queries.get_by_username(users.DEMO.username)
    webhook = Webhook(
        user_id=user.id,
        kind=Kind.STANDARD,
        url="",
        shown_url=SHOWN_URL,
        secret="",
        events=f"{EventName.SONG_RELEASED},{EventName.ACHIEVEMENT_UNLOCKED}",
        state=State.PAUSED,
        base_url=SITE,
        created_at=now - timedelta(days=6),
    )
    db.session.add(webhook)
    db.session.flush()
    for song_id, answer in zip(_latest_releases(user), ANSWERS, strict=False):
        db.session.add(_delivery(webhook, song_id, answer, now))


def _latest_releases(user: User) -> list[int]:
    found = sa.select(Song.id).where(Song.user_id == user.id, Song.released_at.is_not(None))
    latest = found.order_by(Song.released_at.desc(), Song.id.desc()).limit(len(ANSWERS))
    return sorted(db.session.scalars(latest))


def _delivery(
    webhook: Webhook, song_id: int, answer: tuple[int, int, int, str], now: datetime
) -> Delivery:
    days, status, duration_ms, text = answer
    at = now - timedelta(days=days)
    is_ok = status == 204  # noqa: PLR2004 -- as in ANSWERS
    return Delivery(
        webhook_id=webhook.id,
        user_id=webhook.user_id,
        message_id=new_message_id(),
        event=EventName.SONG_RELEASED,
        subject_id=song_id,
        event_key=f"demo:{song_id}",
        happened_at=at,
        created_at=at,
        due_at=at,
        attempts=1 if is_ok else 10,
        tried_at=at,
        ended_at=at,
        outcome=Outcome.DELIVERED if is_ok else Outcome.FAILED,
        status=status,
        duration_ms=duration_ms,
        response=text,
        error=text,
    )
