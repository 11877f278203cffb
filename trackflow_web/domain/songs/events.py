"""Events of songs."""

from __future__ import annotations

from datetime import datetime

from trackflow_web.domain.songs.models import Milestone
from trackflow_web.kernel.event_types import Payload, event_type, payload_fields


@payload_fields
class ArtistAndYear:
    """The fields of a released song that have distinct values."""

    artist_key: str
    year: int | None


@payload_fields
class SongPayload(Payload):
    """The song as it was when the event was recorded."""

    title: str
    artist: str
    artist_key: str
    year: int | None


@payload_fields
class SongInPackPayload(SongPayload):
    """The same, with the pack that the song was in."""

    pack_id: int | None


@event_type("song_added", "song")
class SongAdded(SongPayload):
    """A user added a song."""


@event_type("song_edited", "song")
class SongEdited(SongPayload):
    """A song got another title, artist, album or year; `was` are the milestones it had reached."""

    before: ArtistAndYear
    was: tuple[Milestone, ...]


@event_type("song_details_changed", "song")
class SongDetailsChanged(SongPayload):
    """A song got other notes, links or another due date."""


@event_type("song_deleted", "song")
class SongDeleted(SongInPackPayload):
    """A song was deleted; `was` are the milestones it had reached.

    `done_by` are the users who had done parts of it; `released_at` and `import_id` are the song's.
    """

    was: tuple[Milestone, ...]
    done_by: tuple[int, ...] = ()
    released_at: datetime | None = None
    import_id: int | None = None


@event_type("song_restored", "song")
class SongRestored(SongInPackPayload):
    """A deleted song is there again; `was` are the milestones it had reached, which count once.

    `done_by` are the users who had done parts of it, `import_id` is the song's.
    """

    was: tuple[Milestone, ...]
    done_by: tuple[int, ...] = ()
    import_id: int | None = None


@event_type("song_planned", "song")
class SongPlanned(SongInPackPayload):
    """A song was in Future Plans for the first time."""


@event_type("song_started", "song")
class SongStarted(SongInPackPayload):
    """A song was in WIP for the first time."""


@event_type("song_released", "song")
class SongReleased(SongInPackPayload):
    """A song was Released for the first time."""


@event_type("song_unreleased", "song")
class SongUnreleased(SongInPackPayload):
    """A song that was Released was moved back."""


@event_type("song_released_again", "song")
class SongReleasedAgain(SongInPackPayload):
    """A song that had been Released before is Released again; it counts once."""


@event_type("song_finished", "song")
class SongFinished(SongInPackPayload):
    """A song went from WIP to Released for the first time."""


@event_type("song_authored", "song")
class SongAuthored(SongInPackPayload):
    """All parts of a song are done or not needed; `again` if the last one had been done before."""

    again: bool = False


@event_type("song_no_longer_authored", "song")
class SongNoLongerAuthored(SongInPackPayload):
    """A part of a fully authored song was reopened."""
