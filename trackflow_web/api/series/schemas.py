"""Request and response bodies of album series."""

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
                {"type": "string", "description": "One title a line."},
            ]
        }
    ),
]


class Series(BaseModel):
    """An album and how much of it is released."""

    id: int
    artist: str
    album: str
    year: int | None
    relevant: int = Field(description="How many tracks are not marked irrelevant.")
    released: int = Field(description="How many of those are linked to a song that was released.")
    created_at: datetime
    completed_at: datetime | None = Field(
        description="Since when every relevant track is linked to a song that was released."
    )

    @classmethod
    def of(cls, overview: Overview) -> Series:
        """Return an album series without its tracks."""
        return cls(**_fields(overview))


class SeriesList(BaseModel):
    """A part of a list of album series, newest first."""

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
        """Return an album series with these tracks."""
        return cls(**_fields(overview), tracks=list(tracks))


class NewSeries(BaseModel):
    """An album series to create."""

    artist: Name
    album: Name
    year: Year = None
    tracks: Titles


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
