"""Which column is what: found by its name, or chosen by the user."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from trackflow_web.domain.imports.files import headers
from trackflow_web.domain.imports.files.headers import Role

# Columns that are looked at; a sheet with more has something else in them.
MOST_COLUMNS = 100
# The roles that a user can assign to a column.
CHOSEN = (Role.TITLE, Role.ARTIST, Role.ALBUM, Role.YEAR)
REQUIRED = (Role.TITLE, Role.ARTIST)


class Exporter(StrEnum):
    """The exporter of a file."""

    EXPORTIFY = "Exportify"
    TUNEMYMUSIC = "TuneMyMusic"
    SOUNDIIZ = "Soundiiz"
    SHAZAM = "Shazam"
    YOUTUBE_MUSIC = "YouTube Music"
    APPLE_MUSIC = "Apple Music"
    OURS = "TrackFlow"


@dataclass(frozen=True)
class Columns:
    """The names of the columns, as the file has them, and the position of each role from 0."""

    names: Sequence[str]
    roles: Mapping[Role, int]
    exporter: Exporter = Exporter.OURS

    def position(self, role: Role) -> int | None:
        """Return the column of a role, or None."""
        return self.roles.get(role)

    @property
    def are_clear(self) -> bool:
        """Return whether title and artist have columns."""
        return all(role in self.roles for role in REQUIRED)

    @property
    def are_known(self) -> bool:
        """Return whether title and artist have known column names."""
        return self.are_clear and all(
            headers.is_known(headers.plain(self.names[self.roles[role]]), role) for role in REQUIRED
        )

    @property
    def key(self) -> str:
        """Return what this header is recognised by when it comes again."""
        plain = "\n".join(headers.plain(name) for name in self.names)
        return hashlib.sha256(plain.encode()).hexdigest()

    def chosen(self, roles: Mapping[Role, int]) -> Columns:
        """Return the columns with the choices of a user; other roles keep the detected column."""
        kept = {role: at for role, at in self.roles.items() if role not in CHOSEN}
        return Columns(self.names, kept | dict(roles), self.exporter)


def find(names: Sequence[str]) -> Columns:
    """Return the columns of a header with the roles of their names."""
    plain = [headers.plain(name) for name in names[:MOST_COLUMNS]]
    roles: dict[Role, int] = {}
    for role in Role:
        fitting = [
            (rank, at)
            for at, name in enumerate(plain)
            if at not in roles.values() and (rank := headers.rank(name, role)) is not None
        ]
        if fitting:
            roles[role] = min(fitting)[1]
    by_words = [
        role
        for role in REQUIRED
        if role in roles and not headers.is_known(plain[roles[role]], role)
    ]
    # A song may be called "Love Song" and its artist "Band of Horses": that is no header.
    if len(by_words) == len(REQUIRED) and len(roles) == len(REQUIRED):
        roles.clear()
    return Columns(names, roles, _exporter(plain))


def _exporter(plain: Sequence[str]) -> Exporter:
    names = set(plain)
    if names & headers.EXPORTIFY_ARTISTS and names & headers.EXPORTIFY_TITLES:
        return Exporter.EXPORTIFY
    if "artistname1" in names:
        return Exporter.YOUTUBE_MUSIC
    if "tagtime" in names or "trackkey" in names:
        return Exporter.SHAZAM
    if "artistname" in names:
        return Exporter.TUNEMYMUSIC
    if {"name", "artist", "composer"} <= names:
        return Exporter.APPLE_MUSIC
    return Exporter.SOUNDIIZ if "isrc" in names else Exporter.OURS
