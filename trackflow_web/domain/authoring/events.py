"""Events of the parts of a song."""

from __future__ import annotations

from trackflow_web.domain.authoring.rules import Part
from trackflow_web.kernel.event_types import Payload, event_type


@event_type("part_done", "song")
class PartDone(Payload):
    """A part of a song was done for the first time; the event's user did it.

    Recorded only once per song and part, even if the part is reopened.
    """

    part: Part
    owner_id: int
