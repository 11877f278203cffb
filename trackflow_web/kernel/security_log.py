"""Who tried what: a log apart from the others, one JSON object a line, for whoever looks for abuse.

It is a stream and not a table, because most of it must survive an answer that rolls everything
back. Nothing that somebody typed stands in it, no address of a mailbox and no secret; people are
named by their ids.
"""

from __future__ import annotations

import json
import logging
from enum import StrEnum
from typing import TYPE_CHECKING

from trackflow_web.kernel import clock
from trackflow_web.kernel.events import EventType
from trackflow_web.kernel.transactions import after_commit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from trackflow_web.kernel.events import Event

logger = logging.getLogger("trackflow.security")


class SecurityEvent(StrEnum):
    """What is written down."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    LIMIT_HIT = "limit_hit"
    CSRF_REFUSED = "csrf_refused"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 -- what happened, not a token
    NOT_ALLOWED = "not_allowed"
    ACCOUNT_CREATED = "account_created"
    ADMINISTRATOR_CREATED = "administrator_created"
    ACCOUNT_BANNED = "account_banned"
    ACCOUNT_DELETED = "account_deleted"
    EMAIL_CHANGED = "email_changed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 -- what happened, not a password
    TOKEN_CREATED = "token_created"  # noqa: S105 -- what happened, not a token
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 -- what happened, not a token
    ADMINISTRATOR_ACTED = "administrator_acted"
    STATUS_DECIDED = "status_decided"
    AWARD_GIVEN = "award_given"
    AWARDS_BACKFILLED = "awards_backfilled"
    AWARD_REVOKED = "award_revoked"
    AWARD_RESTORED = "award_restored"


SECURITY_EVENTS = {
    EventType.PERSON_REGISTERED: SecurityEvent.ACCOUNT_CREATED,
    EventType.ACHIEVEMENT_UNLOCKED: SecurityEvent.AWARD_GIVEN,
    EventType.ACHIEVEMENTS_BACKFILLED: SecurityEvent.AWARDS_BACKFILLED,
    EventType.ACHIEVEMENT_REVOKED: SecurityEvent.AWARD_REVOKED,
    EventType.ACHIEVEMENT_RESTORED: SecurityEvent.AWARD_RESTORED,
}


def _nowhere() -> Mapping[str, object]:
    return {}


_origin: Callable[[], Mapping[str, object]] = _nowhere


def use_origin(origin: Callable[[], Mapping[str, object]]) -> None:
    """Let every line say what `origin` gives: who asks just now, from where, for what."""
    global _origin  # noqa: PLW0603 -- one log for the process
    _origin = origin


def note(event: SecurityEvent, **more: object) -> None:
    """Write one line now, whatever becomes of the unit of work."""
    if logger.isEnabledFor(logging.INFO):
        logger.info(_line(event, more))


def note_if_committed(event: SecurityEvent, **more: object) -> None:
    """Write one line once the running unit of work is committed, and none when it is not."""
    if logger.isEnabledFor(logging.INFO):
        line = _line(event, more)
        after_commit(lambda: logger.info(line))


def handle(events: Sequence[Event]) -> None:
    """Note the facts that belong here: a listener."""
    for event in events:
        if kind := SECURITY_EVENTS.get(EventType(event.fact)):
            what = {name: event.data.get(name) for name in ("code", "codes")}
            note_if_committed(kind, of=event.user_id, by=event.actor_id, **what)


def _line(event: SecurityEvent, more: Mapping[str, object]) -> str:
    said = {"at": clock.now().isoformat(), "event": event, **_origin(), **more}
    # In ASCII: what ends a line or turns its direction is written as an escape.
    return json.dumps({name: value for name, value in said.items() if value is not None})
