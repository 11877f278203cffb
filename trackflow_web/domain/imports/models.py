"""An import with its rows, the playlists that count, and a user's connection to Spotify."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.domain.imports.rules import UNFINISHED, Outcome, Source, State
from trackflow_web.domain.songs.rules import LONGEST_NAME, Status
from trackflow_web.kernel.database import Base, BigId
from trackflow_web.kernel.leases import Leased


class Import(Leased):
    """One import of a playlist.

    `status` is the status of its new songs. Of `total` rows (unknown until the playlist was
    requested) `fetched` are stored and `matched` compared with the songs; `imported` became songs
    and `skipped` did not. If `is_previewed`, it waits for its user before it creates songs. If
    `is_undone`, a job undoes it: `removed` of `to_remove` songs are deleted, and with them
    `withdrawn` achievements. `worker` is the job that leases it until `held_until`; after that the
    job counts as dead. `retry_at` is the time of the next attempt after the server requested a
    wait.
    """

    __tablename__ = "imports"
    __table_args__ = (
        sa.Index("ix_imports_user_id_id", "user_id", "id"),
        sa.Index(
            "ix_imports_unfinished",
            "user_id",
            sqlite_where=sa.text("state IN ('queued', 'running')"),
            postgresql_where=sa.text("state IN ('queued', 'running')"),
        ),
        sa.Index(
            "ix_imports_rows_kept",
            "updated_at",
            sqlite_where=sa.text("rows_kept > 0 OR state = 'preview'"),
            postgresql_where=sa.text("rows_kept > 0 OR state = 'preview'"),
        ),
    )

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    source: Mapped[Source] = mapped_column(sa.String(10))
    playlist_key: Mapped[str] = mapped_column(sa.Text)
    name: Mapped[str] = mapped_column(sa.String(LONGEST_NAME))
    status: Mapped[Status] = mapped_column(sa.String(10))
    state: Mapped[State] = mapped_column(sa.String(10))
    total: Mapped[int | None]
    fetched: Mapped[int] = mapped_column(default=0)
    matched: Mapped[int] = mapped_column(default=0)
    imported: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    # How many of its rows are still stored: they are pruned some time after its end.
    rows_kept: Mapped[int] = mapped_column(default=0, server_default="0")
    is_previewed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    is_undone: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # Fetched from Spotify, or from a file that identifies Spotify tracks: only those count.
    from_spotify: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    to_remove: Mapped[int] = mapped_column(default=0, server_default="0")
    removed: Mapped[int] = mapped_column(default=0, server_default="0")
    withdrawn: Mapped[int] = mapped_column(default=0, server_default="0")
    error: Mapped[str] = mapped_column(sa.String(300), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    # How many workers in a row have died with it, without a step in between.
    deaths: Mapped[int] = mapped_column(default=0, server_default="0")
    retry_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    @property
    def is_unfinished(self) -> bool:
        """Whether something will still happen to it."""
        return self.state in UNFINISHED

    @property
    def steps(self) -> int:
        """The length of its bar: rows are fetched, but for a file's, and compared, then written."""
        if self.is_undone:
            return max(self.to_remove, 1)
        rows = self.total or max(self.fetched, 1)
        return (1 if self.source == Source.FILE else 2) * rows + 1

    @property
    def steps_done(self) -> int:
        """How far along the bar it is."""
        if self.state == State.DONE:
            return self.steps
        if self.is_undone:
            return min(self.removed, self.steps)
        return self.matched if self.source == Source.FILE else self.fetched + self.matched

    @property
    def percent(self) -> int:
        """Rounded down: 100 means done."""
        return min(self.steps_done * 100 // self.steps, 100)


class ImportRow(Base):
    """One entry of a playlist and what became of it. `position` counts from 0.

    The keys are made when it is compared, so that the writing transaction need not.
    """

    __tablename__ = "import_rows"
    __table_args__ = (sa.Index("ix_import_rows_song_id", "song_id"),)

    import_id: Mapped[int] = mapped_column(
        sa.ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(sa.String(LONGEST_NAME))
    artist: Mapped[str] = mapped_column(sa.String(LONGEST_NAME))
    album: Mapped[str] = mapped_column(sa.String(LONGEST_NAME), default="")
    year: Mapped[int | None]
    outcome: Mapped[Outcome] = mapped_column(sa.String(10))
    reason: Mapped[str] = mapped_column(sa.String(20), default="")
    # The title of a song that this may be another version of: only a hint.
    similar_to: Mapped[str] = mapped_column(sa.String(LONGEST_NAME), default="", server_default="")
    # As a song's; above 0 for one from another album than the song of the same name.
    version: Mapped[int] = mapped_column(default=0, server_default="0")
    title_key: Mapped[str] = mapped_column(sa.Text, default="")
    artist_key: Mapped[str] = mapped_column(sa.Text, default="")
    search_key: Mapped[str] = mapped_column(sa.Text, default="")
    song_id: Mapped[int | None] = mapped_column(sa.ForeignKey("songs.id", ondelete="SET NULL"))


# For statements about thousands of rows, which need not go through the mapper.
IMPORT_ROWS = cast("sa.Table", ImportRow.__table__)


class ImportFile(Base):
    """The compressed file of a preview; it is deleted when the import starts.

    `encoding` is the one it was read in; `found` is the shown content, see `previews.py`.
    """

    __tablename__ = "import_files"

    import_id: Mapped[int] = mapped_column(
        sa.ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    content: Mapped[bytes]
    encoding: Mapped[str] = mapped_column(sa.String(20))
    found: Mapped[dict[str, Any]]


class ColumnChoice(Base):
    """How a user reads files with one header: the positions of columns by their role."""

    __tablename__ = "column_choices"

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    header_key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    roles: Mapped[dict[str, Any]]
    chosen_at: Mapped[datetime]


class ImportedPlaylist(Base):
    """A playlist that brought its user a new song: this is what counts, each playlist once."""

    __tablename__ = "imported_playlists"

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    playlist_key: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    import_id: Mapped[int] = mapped_column(
        sa.ForeignKey("imports.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(sa.String(LONGEST_NAME))
    at: Mapped[datetime]


class Connection(Base):
    """A user's connection to Spotify; its tokens are encrypted with a key outside the database.

    `key_id` names the key. A connection without tokens was ended by Spotify and has to be made
    again. `renewing_until` is set while a worker exchanges the tokens for newer ones.
    """

    __tablename__ = "spotify_connections"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    access_token: Mapped[str | None] = mapped_column(sa.Text)
    refresh_token: Mapped[str | None] = mapped_column(sa.Text)
    expires_at: Mapped[datetime | None]
    scopes: Mapped[str] = mapped_column(sa.Text, default="")
    key_id: Mapped[str] = mapped_column(sa.String(16), default="")
    renewing_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @property
    def has_ended(self) -> bool:
        """Whether it has to be made again."""
        return self.refresh_token is None
