"""Events of album series."""

from __future__ import annotations

from trackflow_web.kernel.event_types import Payload, event_type, payload_fields


@payload_fields
class SeriesPayload(Payload):
    """The series as it was when the event was recorded."""

    artist: str
    album: str


@event_type("series_created", "series")
class SeriesCreated(SeriesPayload):
    """A user began an album series."""


@event_type("series_deleted", "series")
class SeriesDeleted(SeriesPayload):
    """A series was deleted; its songs stay."""

    was_complete: bool


@event_type("series_restored", "series")
class SeriesRestored(SeriesPayload):
    """A deleted series is there again."""

    was_complete: bool


@event_type("series_changed", "series")
class SeriesChanged(SeriesPayload):
    """An album was renamed, or its tracks or their links changed."""


@event_type("series_completed", "series")
class SeriesCompleted(SeriesPayload):
    """Every relevant track of a series is one of the owner's released songs."""


@event_type("series_reopened", "series")
class SeriesReopened(SeriesPayload):
    """A series that was complete is not complete any more."""
