"""Request and response bodies of songs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from trackflow_web.api.authoring.schemas import TemplateName
from trackflow_web.api.core.schemas import Album, Name, Paging, StatusName, Year, without_defaults
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.bulk.actions import Action, Outcome
from trackflow_web.domain.bulk.selection import MOST_SONGS
from trackflow_web.domain.songs import models
from trackflow_web.domain.songs.rules import LONGEST_LINK, LONGEST_NOTES, PARTS, Status
from trackflow_web.web.listing import LONGEST_SEARCH

Notes = Annotated[str | None, Field(json_schema_extra={"maxLength": LONGEST_NOTES})]
Link = Annotated[
    str | None,
    Field(json_schema_extra={"maxLength": LONGEST_LINK}, description="http:// or https://"),
]
Day = Annotated[str | None, Field(description="A date: 2026-05-31.")]


class Song(BaseModel):
    """A song."""

    id: int
    title: str
    artist: str
    album: str
    year: int | None
    status: Status
    owner: str = Field(description="A username.")
    pack_id: int | None = Field(description="For its owner only.")
    is_optional: bool = Field(description="Whether its pack is complete without it.")
    notes: str
    due_on: date | None
    video_url: str
    download_url: str
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
            notes=song.notes,
            due_on=song.due_on,
            video_url=song.video_url,
            download_url=song.download_url,
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
    missing: Part | None = Field(None, description="A part that is still to do.")


class NewSong(BaseModel):
    """A song to add."""

    title: Name
    artist: Name
    album: Album = None
    year: Year = None
    status: StatusName = Status.FUTURE
    pack_id: int | None = None
    anyway: bool = Field(default=False, description="Add another version of an existing song.")
    template: TemplateName | None = None
    notes: Notes = None
    due_on: Day = None
    video_url: Link = None
    download_url: Link = None


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
    anyway: bool = Field(default=False, description="Even if another song has this name.")
    notes: Notes = None
    due_on: Day = None
    video_url: Link = None
    download_url: Link = None


class Move(BaseModel):
    """The status to move a song to."""

    status: StatusName


class BulkChange(BaseModel):
    """What to do with several songs, in one step that can be undone."""

    songs: list[int] = Field(
        json_schema_extra={"minItems": 1, "maxItems": MOST_SONGS}, description="Ids of songs."
    )
    action: Annotated[str, Field(json_schema_extra={"enum": [str(each) for each in Action]})]
    status: str | None = Field(default=None, description="For `move`.")
    pack_id: int | None = Field(default=None, description="For `pack`; without it, no pack.")
    part: str | None = Field(default=None, description="For `part`.")
    state: str | None = Field(default=None, description="For `part`.")
    template: str | None = Field(default=None, description="For `template`.")


class BulkOutcome(BaseModel):
    """How many songs were changed, and how many skipped."""

    changed: int
    unchanged: int = Field(description="They already had this value.")
    not_own: int = Field(description="Only their owner may do this.")
    missing: int = Field(description="You have no song with this id.")
    undo: str | None = Field(description="For POST /api/undo/{token}, for 10 minutes.")

    @classmethod
    def of(cls, outcome: Outcome) -> BulkOutcome:
        """Return what an action did."""
        return cls(
            changed=outcome.changed,
            unchanged=outcome.unchanged,
            not_own=outcome.not_own,
            missing=outcome.missing,
            undo=outcome.token,
        )
