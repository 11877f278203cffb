"""Events of packs."""

from __future__ import annotations

from trackflow_web.kernel.event_types import Payload, event_type, payload_fields


@payload_fields
class PackPayload(Payload):
    """The pack as it was when the event was recorded."""

    name: str


@event_type("pack_created", "pack")
class PackCreated(PackPayload):
    """A user made a pack."""


@event_type("pack_deleted", "pack")
class PackDeleted(PackPayload):
    """A pack was deleted; its songs stay."""

    was_complete: bool


@event_type("pack_restored", "pack")
class PackRestored(PackPayload):
    """A deleted pack is there again."""

    was_complete: bool


@event_type("pack_changed", "pack")
class PackChanged(PackPayload):
    """A song was added to a pack, removed, or made optional there."""


@event_type("pack_completed", "pack")
class PackCompleted(PackPayload):
    """Every song of a pack that is not optional is fully authored."""


@event_type("pack_reopened", "pack")
class PackReopened(PackPayload):
    """A pack that was complete is not complete any more."""
