"""What each kind of action keeps to be undone: plain values, checked and stored as JSON."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from trackflow_web.domain.authoring.rules import Part, State
from trackflow_web.domain.songs.rules import Status
from trackflow_web.kernel.event_types import payload_fields

Rows = dict[str, list[dict[str, Any]]]


@payload_fields
class Moved:
    """A song that was in the status `before` and was moved to another."""

    song_id: int
    before: Status
    after: Status


@payload_fields
class Placed:
    """A song that was in the pack `before` (None: in none) and was put into another or none."""

    song_id: int
    before: int | None
    was_optional: bool
    after: int | None


@payload_fields
class Marked:
    """A part of a song that was in the state `before`."""

    song_id: int
    part: Part
    before: State
    after: State


@payload_fields
class Link:
    """A row of another table that referred to what was deleted: the column and its primary key."""

    table: str
    column: str
    key: dict[str, Any]


@payload_fields
class Deleted:
    """A deleted song: the rows that went with it, by table, and those that referred to it."""

    song_id: int
    rows: Rows
    links: tuple[Link, ...]


@payload_fields
class SongsMoved:
    """Songs were moved, one by one or with their pack."""

    songs: tuple[Moved, ...]


@payload_fields
class SongsPlaced:
    """Songs were put into a pack, or removed from theirs."""

    songs: tuple[Placed, ...]


@payload_fields
class PartsMarked:
    """Parts of songs were set."""

    parts: tuple[Marked, ...]


@payload_fields
class SongsDeleted:
    """Songs were deleted."""

    songs: tuple[Deleted, ...]


@payload_fields
class PackDeleted:
    """A pack was deleted: the rows that went with it, those that referred to it, and its songs."""

    pack_id: int
    rows: Rows
    links: tuple[Link, ...]
    songs: tuple[Placed, ...]


@payload_fields
class AlbumDeleted:
    """An album was deleted: the rows that went with it, and those that referred to it."""

    series_id: int
    rows: Rows
    links: tuple[Link, ...]


@payload_fields
class TemplateDeleted:
    """A part template was deleted."""

    name: str
    not_needed: tuple[Part, ...]


@payload_fields
class CollaboratorRemoved:
    """A collaborator was removed from a song, or left it."""

    song_id: int
    user_id: int
    since: str


Step = (
    SongsMoved
    | SongsPlaced
    | PartsMarked
    | SongsDeleted
    | PackDeleted
    | AlbumDeleted
    | TemplateDeleted
    | CollaboratorRemoved
)
# Stored names; they stay, whatever the classes are renamed to.
KINDS: dict[str, type[Step]] = {
    "songs_moved": SongsMoved,
    "songs_placed": SongsPlaced,
    "parts_marked": PartsMarked,
    "songs_deleted": SongsDeleted,
    "pack_deleted": PackDeleted,
    "album_deleted": AlbumDeleted,
    "template_deleted": TemplateDeleted,
    "collaborator_removed": CollaboratorRemoved,
}
_NAMES = {kind: name for name, kind in KINDS.items()}
_ADAPTERS: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(kind) for name, kind in KINDS.items()}


def name_of(step: Step) -> str:
    """Return the stored name of the step's kind."""
    return _NAMES[type(step)]


def encode(step: Step) -> dict[str, Any]:
    """Return the step as plain JSON values."""
    data: dict[str, Any] = _ADAPTERS[name_of(step)].dump_python(step, mode="json")
    return data


def decode(kind: str, data: dict[str, Any]) -> Step:
    """Return a stored step."""
    step: Step = _ADAPTERS[kind].validate_python(data, strict=False)
    return step
