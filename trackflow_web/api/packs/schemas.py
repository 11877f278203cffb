"""Request and response bodies of packs."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field, StrictBool

from trackflow_web.api.core.schemas import Name
from trackflow_web.domain.packs.queries import Overview


class Pack(BaseModel):
    """A pack and the numbers of its songs."""

    id: int
    name: str
    songs: int
    released: int
    authored: int = Field(description="How many songs have all parts done or not needed.")
    parts_done: int
    parts_skipped: int = Field(description="How many parts are marked as not needed.")
    parts_total: int
    created_at: datetime
    completed_at: datetime | None = Field(
        description="Since when every song that is not optional is fully authored."
    )

    @classmethod
    def of(cls, overview: Overview) -> Pack:
        """Return a pack with the numbers of its songs."""
        pack = overview.pack
        return cls(
            id=pack.id,
            name=pack.name,
            songs=overview.songs,
            released=overview.released,
            authored=overview.authored,
            parts_done=overview.parts_done,
            parts_skipped=overview.parts_skipped,
            parts_total=overview.progress.parts,
            created_at=pack.created_at,
            completed_at=pack.completed_at,
        )


class Packs(BaseModel):
    """A part of a list of packs, newest first."""

    items: list[Pack]
    next: str | None


class PackName(BaseModel):
    """The name of a pack."""

    name: Name


class SongInPack(BaseModel):
    """A song to add to a pack."""

    song_id: int
    optional: StrictBool = False


class Released(BaseModel):
    """The number of songs that were released now."""

    released: int
