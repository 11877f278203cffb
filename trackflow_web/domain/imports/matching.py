"""Which rows of an import are new, and which of those look like versions of another song."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.imports.models import ImportRow
from trackflow_web.domain.imports.rules import Outcome, Reason
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.versions import base_title
from trackflow_web.kernel import text
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trackflow_web.domain.songs.rules import Draft

# SQLite accepts this many bound values in one statement.
ARTISTS_A_STATEMENT = 500

# Artist and title; the same and the version of the song.
Keys = tuple[str, str]
VersionKeys = tuple[str, str, int]


@dataclass
class Known:
    """The versions of one song: the id of a song, if any, the albums, the next version."""

    song_id: int | None = None
    albums: list[str] = field(default_factory=list)
    next_version: int = 0

    def add(self, album: str) -> int:
        """Take another version in; return its number."""
        self.albums.append(album)
        self.next_version += 1
        return self.next_version - 1

    def is_from_another_album(self, album: str) -> bool:
        """Whether every version is known to be from another album than this one."""
        key = text.comparison_key(album) if album else ""
        return bool(key) and all(each and text.comparison_key(each) != key for each in self.albums)


@dataclass
class Seen:
    """The songs of earlier rows of an import: by artist and title, and titles by base keys."""

    known: dict[Keys, Known] = field(default_factory=dict)
    bases: dict[Keys, str] = field(default_factory=dict)


def seen_before(import_id: int) -> Seen:
    """Return what the rows are called that were compared already and are new."""
    seen = Seen()
    for artist_key, title_key, title, album in db.session.execute(
        sa.select(ImportRow.artist_key, ImportRow.title_key, ImportRow.title, ImportRow.album)
        .where(ImportRow.import_id == import_id, ImportRow.outcome == Outcome.NEW)
        .order_by(ImportRow.position)
    ):
        keys = artist_key, title_key
        seen.known.setdefault(keys, Known()).add(album)
        seen.bases.setdefault(_base_keys(keys, title), title)
    return seen


def compare(user_id: int, drafts: Mapping[int, Draft], seen: Seen) -> dict[int, dict[str, Any]]:
    """Return the outcome of rows by position. Only reads.

    `seen` are the rows before these and is added to. Keys are kept for what may become a song.
    """
    # Playlists name the same artists again and again.
    artist_keys = {draft.artist: draft.artist_key for draft in _first_by_artist(drafts)}
    keys = {
        position: (artist_keys[draft.artist], draft.title_key) for position, draft in drafts.items()
    }
    songs, bases = _songs_of(user_id, {artist for artist, _ in keys.values()})
    compared = {}
    for position, draft in drafts.items():
        own = keys[position]
        known = seen.known.get(own) or songs.get(own)
        if known is None:
            base = _base_keys(own, draft.title)
            similar_to = bases.get(base) or seen.bases.get(base, "")
            seen.bases.setdefault(base, draft.title)
            seen.known[own] = Known()
            version = seen.known[own].add(draft.album)
            compared[position] = _columns(draft, own, version, similar_to=similar_to)
        elif known.is_from_another_album(draft.album):
            seen.known[own] = known
            version, reason = known.add(draft.album), Reason.OTHER_ALBUM
            compared[position] = _columns(draft, own, version, reason=reason, song_id=known.song_id)
        else:
            reason = Reason.HAVE_IT if known.song_id else Reason.TWICE
            compared[position] = _columns(None, ("", ""), 0, reason=reason, song_id=known.song_id)
    return compared


def _first_by_artist(drafts: Mapping[int, Draft]) -> Iterable[Draft]:
    return {draft.artist: draft for draft in drafts.values()}.values()


def _columns(
    draft: Draft | None,
    keys: Keys,
    version: int,
    *,
    reason: Reason | None = None,
    song_id: int | None = None,
    similar_to: str = "",
) -> dict[str, Any]:
    return {
        "outcome": Outcome.SKIPPED if reason else Outcome.NEW,
        "reason": reason or "",
        "song_id": song_id,
        "similar_to": similar_to,
        "artist_key": keys[0],
        "title_key": keys[1],
        "search_key": draft.search_key if draft else "",
        "version": version,
    }


def _songs_of(user_id: int, artist_keys: set[str]) -> tuple[dict[Keys, Known], dict[Keys, str]]:
    """Return the user's songs of these artists by keys, and titles by base keys."""
    wanted = sorted(artist_keys)
    songs: dict[Keys, Known] = {}
    bases: dict[Keys, str] = {}
    for start in range(0, len(wanted), ARTISTS_A_STATEMENT):
        some = wanted[start : start + ARTISTS_A_STATEMENT]
        for artist, title_key, song_id, title, album, version in db.session.execute(
            sa.select(
                Song.artist_key, Song.title_key, Song.id, Song.title, Song.album, Song.version
            )
            .where(Song.user_id == user_id, Song.artist_key.in_(some))
            .order_by(Song.id)
        ):
            keys = artist, title_key
            known = songs.setdefault(keys, Known(song_id))
            known.albums.append(album)
            known.next_version = max(known.next_version, version + 1)
            bases.setdefault(_base_keys(keys, title), title)
    return songs, bases


def _base_keys(keys: Keys, title: str) -> Keys:
    base = base_title(title)
    return keys if base == title else (keys[0], text.comparison_key(base))
