"""Request and response bodies of albums."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from trackflow_web.api.core.schemas import Name, Year, without_defaults
from trackflow_web.domain.series import models
from trackflow_web.domain.series.queries import Overview
from trackflow_web.domain.series.rules import MOST_TRACKS
from trackflow_web.domain.songs.rules import LONGEST_NAME

_TITLE = {"type": "string", "maxLength": LONGEST_NAME}
Titles = Annotated[
    Any,
    Field(
        json_schema_extra={
            "anyOf": [
                {"type": "array", "items": _TITLE, "minItems": 1, "maxItems": MOST_TRACKS},
                {"type": "string", "description": "One title per line."},
            ]
        }
    ),
]
_TRACK = {
    "type": "object",
    "properties": {
        "id": {"type": "integer", "description": "The present position of a track that stays."},
        "title": _TITLE,
    },
    "required": ["title"],
}
TrackList = Annotated[
    Any,
    Field(
        description="The whole track list in its new order. Tracks with an id keep their songs,"
        " those without are new, and those left out are removed.",
        json_schema_extra={
            "type": "array",
            "items": _TRACK,
            "minItems": 1,
            "maxItems": MOST_TRACKS,
        },
    ),
]


class Series(BaseModel):
    """An album and how much of it is released."""

    id: int
    artist: str
    album: str
    year: int | None
    relevant: int = Field(description="How many tracks are not marked irrelevant.")
    released: int = Field(description="How many of those are linked to a Released song.")
    created_at: datetime
    completed_at: datetime | None = Field(
        description="Since when every track that isn't skipped is linked to a Released song."
    )

    @classmethod
    def of(cls, overview: Overview) -> Series:
        """Return an album without its tracks."""
        return cls(**_fields(overview))


class SeriesList(BaseModel):
    """A part of a list of albums, newest first."""

    items: list[Series]
    next: str | None


class Track(BaseModel):
    """A track of an album; `id` is its position, counted from 1."""

    id: int
    title: str
    song_id: int | None
    irrelevant: bool
    suggested_song_id: int | None = Field(
        None, description="Your song of this title, while the track is open."
    )

    @classmethod
    def of(cls, track: models.Track, *, suggested: int | None = None) -> Track:
        """Return a track, with the id of the song to suggest for it."""
        return cls(
            id=track.position,
            title=track.title,
            song_id=track.song_id,
            irrelevant=track.irrelevant,
            suggested_song_id=suggested,
        )


class SeriesInFull(Series):
    """An album with its tracks, in order."""

    tracks: list[Track]

    @classmethod
    def with_tracks(cls, overview: Overview, tracks: Iterable[Track]) -> SeriesInFull:
        """Return an album with these tracks."""
        return cls(**_fields(overview), tracks=list(tracks))


class NewSeries(BaseModel):
    """An album to create."""

    artist: Name
    album: Name
    year: Year = None
    tracks: Titles


class SeriesChanges(BaseModel):
    """Fields of an album to change; those left out stay as they are."""

    # These defaults mean "not sent" and are never used.
    model_config = ConfigDict(json_schema_extra=without_defaults)

    artist: Name = ""
    album: Name = ""
    year: Year = None
    tracks: TrackList = None


class TracksToPlan(BaseModel):
    """The tracks whose songs to add to Future Plans."""

    track: int | None = Field(None, description="A position, or null for every missing track.")


class Planned(BaseModel):
    """The numbers of songs that were added, and of those you had that were linked."""

    added: int
    linked: int


class TrackChanges(BaseModel):
    """Fields of a track to change; those left out stay as they are."""

    # These defaults mean "not sent" and are never used.
    model_config = ConfigDict(json_schema_extra=without_defaults)

    song_id: int | None = Field(None, description="One of your songs, or null for none.")
    irrelevant: StrictBool = False
    anyway: StrictBool = Field(
        default=False, description="Link a song of another title or artist, too."
    )


class Linked(BaseModel):
    """The number of tracks that were linked."""

    linked: int


def _fields(overview: Overview) -> dict[str, Any]:
    series = overview.series
    return {
        "id": series.id,
        "artist": series.artist,
        "album": series.album,
        "year": series.year,
        "relevant": overview.relevant,
        "released": overview.released,
        "created_at": series.created_at,
        "completed_at": series.completed_at,
    }
