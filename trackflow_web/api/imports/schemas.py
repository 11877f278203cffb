"""The shapes of imports."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field, StrictBool, StrictStr

from trackflow_web.api.core.schemas import Paging
from trackflow_web.domain.imports import models
from trackflow_web.domain.imports.queries import ShownRow


class Import(BaseModel):
    """A playlist on its way into one's songs."""

    id: int
    name: str
    source: str = Field(description="`file` or `spotify`.")
    status: str = Field(description="The state that its songs begin in.")
    state: str = Field(
        description="`preview`, `queued`, `running`, `done`, `cancelled`, `failed` or `undone`;"
        " one that is being undone is `running`."
    )
    total: int | None = Field(description="How many rows it has; not known at first.")
    percent: int
    imported: int
    skipped: int
    removed: int = Field(description="How many of its songs were removed again.")
    error: str
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, item: models.Import) -> Import:
        """Return the document of an import."""
        return cls(
            id=item.id,
            name=item.name,
            source=item.source,
            status=item.status,
            state=item.state,
            total=item.total,
            percent=item.percent,
            imported=item.imported,
            skipped=item.skipped,
            removed=item.removed,
            error=item.error,
            created_at=item.created_at,
            finished_at=item.finished_at,
        )


class Imports(BaseModel):
    """A piece of a list of imports, newest first."""

    items: list[Import]
    next: str | None


class NewImport(BaseModel):
    """A playlist to import: either the text of a CSV file or a playlist on Spotify."""

    file: StrictStr = Field("", description="The text of a CSV file.")
    name: StrictStr = Field("", description="What the playlist in the file is called.")
    playlist: StrictStr = Field("", description="The address or id of a Spotify playlist.")
    status: StrictStr = Field("future", description="The state that its songs begin in.")


class StartImport(BaseModel):
    """How an import goes on from its preview."""

    without_similar: StrictBool = Field(
        default=False, description="Leave out rows that look like versions of another song."
    )
    anyway: StrictBool = Field(
        default=False, description="Add songs that are there from another album, too."
    )


class ColumnsOfImport(BaseModel):
    """Which columns of a file are read: positions from 0; none where there is no such column."""

    title: int | None = None
    artist: int | None = None
    album: int | None = None
    year: int | None = None
    encoding: StrictStr = Field("", description="Empty: as found.")
    first_is_song: StrictBool = Field(default=False, description="There is no header.")


class ImportRow(BaseModel):
    """A row of an import; `id` is its number, from 1."""

    id: int
    title: str
    artist: str
    outcome: str = Field(
        description="`waiting`, `new`, `imported`, `skipped` or (undone) `removed`."
    )
    reason: str
    similar_to: str = Field(description="The title of a song that it may be a version of.")
    song_id: int | None

    @classmethod
    def of(cls, row: ShownRow) -> ImportRow:
        """Return the document of a row."""
        return cls(
            id=row.position,
            title=row.title,
            artist=row.artist,
            outcome=row.outcome,
            reason=row.reason,
            similar_to=row.similar_to,
            song_id=row.song_id,
        )


class ImportRows(BaseModel):
    """A piece of the rows of an import, in the playlist's order."""

    items: list[ImportRow]
    next: str | None


class ImportRowsWanted(Paging):
    """Which rows are wanted."""

    outcome: str | None = None


class Undone(BaseModel):
    """How many songs will be removed."""

    removed: int
