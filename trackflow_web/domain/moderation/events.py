"""Events of moderation."""

from __future__ import annotations

from trackflow_web.kernel.event_types import Payload, event_type


@event_type("moderation_decided", "user")
class ModerationDecided(Payload):
    """A moderator decided about something of the subject, a user; `action_id` is in the log."""

    action_id: int
    action: str
    # Those whose reports were decided.
    reporter_ids: tuple[int, ...] = ()


@event_type("subject_held", "user")
class SubjectHeld(Payload):
    """Reports hid something of the subject, a user; `action_id` is in the log."""

    action_id: int
