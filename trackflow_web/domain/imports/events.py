"""Events of imports."""

from __future__ import annotations

from trackflow_web.domain.imports.rules import Source
from trackflow_web.domain.songs.rules import Status
from trackflow_web.kernel.event_types import Payload, event_type, payload_fields


@payload_fields
class ImportPayload(Payload):
    """The import; `status` is the initial status of its songs."""

    name: str
    source: Source
    status: Status


@event_type("songs_imported", "import")
class SongsImported(ImportPayload):
    """An import made songs: as many as the event's `n`."""


@event_type("songs_unimported", "import")
class SongsUnimported(ImportPayload):
    """Undoing an import deleted songs: as many as the event's `n`."""


@event_type("import_undone", "import")
class ImportUndone(ImportPayload):
    """Undoing an import is complete: awards that only it earned are deleted."""


@event_type("playlist_imported", "import")
class PlaylistImported(ImportPayload):
    """A playlist brought its user a new song for the first time."""


@event_type("playlist_unimported", "import")
class PlaylistUnimported(ImportPayload):
    """The last import of a playlist that counted was undone."""
