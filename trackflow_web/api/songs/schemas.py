"""Request and response bodies of songs."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from trackflow_web.api.core.schemas import Album, Name, Paging, StatusName, Year, without_defaults
from trackflow_web.domain.songs import models
from trackflow_web.domain.songs.rules import PARTS, Status
from trackflow_web.web.listing import LONGEST_SEARCH


class Song(BaseModel):
    """A song."""

    id: int
    title: str
    artist: str
    album: str
    year: int | None
    status: Status
    owner: str = Field(description="A user name.")
    pack_id: int | None = Field(description="For its owner only.")
    is_optional: bool = Field(description="Whether its pack is complete without it.")
    parts_done: int
    parts_skipped: int = Field(description="How many parts are marked as not needed.")
    parts_total: int
    released_at: datetime | None = Field(description="When it was first released.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, song: models.Song, *, owner: str, shared: bool = False) -> Song:
        """Return a song for its owner, or for a collaborator with whom it is `shared`."""
        return cls(
            id=song.id,
            title=song.title,
            artist=song.artist,
            album=song.album,
            year=song.year,
            status=Status(song.status),
            owner=owner,
            pack_id=None if shared else song.pack_id,
            is_optional=song.is_optional and not shared,
            parts_done=song.parts_done,
            parts_skipped=song.parts_skipped,
            parts_total=PARTS,
            released_at=song.released_at,
            created_at=song.created_at,
            updated_at=song.updated_at,
        )


class Songs(BaseModel):
    """A part of a list of songs, newest first."""

    items: list[Song]
    next: str | None


class SongArguments(Paging):
    """Which songs to list."""

    status: Status | None = None
    q: str | None = Field(
        None, max_length=LONGEST_SEARCH, description="Occurs in title, artist or album."
    )


class NewSong(BaseModel):
    """A song to add."""

    title: Name
    artist: Name
    album: Album = None
    year: Year = None
    status: StatusName = Status.FUTURE
    pack_id: int | None = None
    anyway: bool = Field(default=False, description="Add another version of a song that is there.")


class SongChanges(BaseModel):
    """Fields of a song to change; those left out stay as they are."""

    # These defaults mean "not sent" and are never used.
    model_config = ConfigDict(json_schema_extra=without_defaults)

    title: Name = ""
    artist: Name = ""
    album: Album = None
    year: Year = None
    status: StatusName = ""
    pack_id: int | None = None
    anyway: bool = Field(default=False, description="Even when another song is called like this.")


class Move(BaseModel):
    """The status to move a song to."""

    status: StatusName
