"""Events of following and blocking.

Muting records none: it leaves no trace that other users could see.
"""

from __future__ import annotations

from trackflow_web.kernel.event_types import Payload, event_type


@event_type("user_followed", "user")
class UserFollowed(Payload):
    """A user follows another, the subject; `is_told` is whether that user is notified now."""

    is_told: bool


@event_type("user_unfollowed", "user")
class UserUnfollowed(Payload):
    """A user no longer follows another, the subject."""


@event_type("user_blocked", "user")
class UserBlocked(Payload):
    """A user has blocked another, the subject."""
