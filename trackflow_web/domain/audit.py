"""The security log: one JSON object per line, separate from other logs.

It is a stream and not a table, because most of it must survive a response that rolls everything
back. It never contains user input, email addresses or secrets; users are identified by their ids.
"""

from __future__ import annotations

import json
import logging
from enum import StrEnum
from typing import TYPE_CHECKING

from trackflow_web.kernel import clock
from trackflow_web.kernel.events import Handler
from trackflow_web.kernel.transactions import after_commit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from trackflow_web.kernel.event_types import EventType
    from trackflow_web.kernel.events import Event

logger = logging.getLogger("trackflow.security")

# Fields of payloads that a line repeats: none of them is user input.
DETAILS = ("code", "codes", "status")


class SecurityEvent(StrEnum):
    """The entries of the security log."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    LIMIT_HIT = "limit_hit"
    CSRF_REFUSED = "csrf_refused"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 -- what happened, not a token
    NOT_ALLOWED = "not_allowed"
    ACCOUNT_CREATED = "account_created"
    ADMINISTRATOR_CREATED = "administrator_created"
    ADMINISTRATOR_REMOVED = "administrator_removed"
    ACCOUNT_BANNED = "account_banned"
    ACCOUNT_UNBANNED = "account_unbanned"
    BLOCKS_ENDED = "blocks_ended"
    ACCOUNT_RENAMED = "account_renamed"
    RESET_LINK_CREATED = "reset_link_created"
    ACCOUNT_DELETED = "account_deleted"
    EMAIL_CHANGED = "email_changed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 -- what happened, not a password
    PASSWORD_RESET = "password_reset"  # noqa: S105 -- what happened, not a password
    TOKEN_CREATED = "token_created"  # noqa: S105 -- what happened, not a token
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 -- what happened, not a token
    ADMINISTRATOR_ACTED = "administrator_acted"
    STATUS_DECIDED = "status_decided"
    AWARD_GIVEN = "award_given"
    AWARDS_BACKFILLED = "awards_backfilled"
    AWARD_REVOKED = "award_revoked"
    AWARD_RESTORED = "award_restored"
    SEASON_CHANGED = "season_changed"
    LEVELS_RENAMED = "levels_renamed"
    COMMENT_REMOVED = "comment_removed"
    COMMENT_RELEASED = "comment_released"
    CUSTOM_ACHIEVEMENT_CHANGED = "custom_achievement_changed"
    CONTENT_HELD = "content_held"
    MODERATED = "moderated"
    WEBHOOK_CREATED = "webhook_created"
    WEBHOOK_CHANGED = "webhook_changed"
    WEBHOOK_ROTATED = "webhook_rotated"
    WEBHOOK_DELETED = "webhook_deleted"
    WEBHOOK_DISABLED = "webhook_disabled"
    CREDENTIAL_ISSUED = "credential_issued"
    CREDENTIAL_REVOKED = "credential_revoked"


_origin: Callable[[], Mapping[str, object]] = dict


def use_origin(origin: Callable[[], Mapping[str, object]]) -> None:
    """Add the fields that `origin` returns to every line: caller, client address and route."""
    global _origin  # noqa: PLW0603 -- one log for the process
    _origin = origin


def note(event: SecurityEvent, **more: object) -> None:
    """Write one line now, whether or not the unit of work is committed."""
    if logger.isEnabledFor(logging.INFO):
        logger.info(_line(event, more))


def note_if_committed(event: SecurityEvent, **more: object) -> None:
    """Write one line once the running unit of work is committed; none when it is rolled back."""
    if logger.isEnabledFor(logging.INFO):
        line = _line(event, more)
        after_commit(lambda: logger.info(line))


def handler(audited: Mapping[EventType, SecurityEvent]) -> Handler:
    """Return the event handler that writes a line for each event of these types once committed."""

    def handle(events: Sequence[Event]) -> None:
        for event in events:
            if kind := audited.get(type(event.payload)):
                what = {name: getattr(event.payload, name, None) for name in DETAILS}
                about = f"{event.subject_type} {event.subject_id}"
                note_if_committed(kind, of=event.user_id, by=event.actor_id, about=about, **what)

    return Handler("security log", handle=handle, reconcile=handle)


def _line(event: SecurityEvent, more: Mapping[str, object]) -> str:
    fields = {"at": clock.now().isoformat(), "event": event, **_origin(), **more}
    # In ASCII: line ends and changes of direction are written as escapes.
    return json.dumps({name: value for name, value in fields.items() if value is not None})
