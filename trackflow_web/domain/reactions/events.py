"""Events of reactions; the event's user reacted."""

from __future__ import annotations

from trackflow_web.domain.reactions.rules import Kind
from trackflow_web.kernel.event_types import Payload, event_type

_SUBJECTS = ("release", "achievement", "pack", "comment")


@event_type("reacted", *_SUBJECTS)
class Reacted(Payload):
    """A user reacted to something, or changed the reaction; `is_told`: its owner is notified."""

    kind: Kind
    owner_id: int
    is_told: bool


@event_type("reaction_removed", *_SUBJECTS)
class ReactionRemoved(Payload):
    """A user took a reaction back."""

    owner_id: int
