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
    from collections.abc import Mapping

    from trackflow_web.domain.songs.rules import Draft

# SQLite takes so many bound values in one statement without complaint.
ARTISTS_A_STATEMENT = 500

Keys = tuple[str, str]


@dataclass
class Seen:
    """What earlier rows are called: their keys (artist, title), and titles by base keys."""

    keys: set[Keys] = field(default_factory=set)
    bases: dict[Keys, str] = field(default_factory=dict)

    def add(self, keys: Keys, title: str) -> None:
        """Take a row in that will be a song."""
        self.keys.add(keys)
        self.bases.setdefault(_base_keys(keys, title), title)


def seen_before(import_id: int) -> Seen:
    """Return what the rows are called that were compared already and are new."""
    seen = Seen()
    for artist_key, title_key, title in db.session.execute(
        sa.select(ImportRow.artist_key, ImportRow.title_key, ImportRow.title).where(
            ImportRow.import_id == import_id, ImportRow.outcome == Outcome.NEW
        )
    ):
        seen.add((artist_key, title_key), title)
    return seen


def compare(user_id: int, drafts: Mapping[int, Draft], seen: Seen) -> dict[int, dict[str, Any]]:
    """Return the columns of rows by position: what becomes of each. Only reads.

    `seen` are the rows before these and is added to. Keys are kept for new rows alone.
    """
    keys = {position: (draft.artist_key, draft.title_key) for position, draft in drafts.items()}
    songs, bases = _songs_of(user_id, {artist for artist, _ in keys.values()})
    compared = {}
    for position, draft in drafts.items():
        own = keys[position]
        song_id = songs.get(own)
        reason = Reason.HAVE_IT if song_id else Reason.TWICE if own in seen.keys else None
        if reason:
            compared[position] = _skipped(reason, song_id)
            continue
        base = _base_keys(own, draft.title)
        similar_to = bases.get(base) or seen.bases.get(base, "")
        seen.add(own, draft.title)
        compared[position] = _new(draft, own, similar_to)
    return compared


def _skipped(reason: Reason, song_id: int | None) -> dict[str, Any]:
    return {
        "outcome": Outcome.SKIPPED,
        "reason": reason,
        "song_id": song_id,
        "similar_to": "",
        "artist_key": "",
        "title_key": "",
        "search_key": "",
    }


def _new(draft: Draft, keys: Keys, similar_to: str) -> dict[str, Any]:
    return {
        "outcome": Outcome.NEW,
        "reason": "",
        "song_id": None,
        "similar_to": similar_to,
        "artist_key": keys[0],
        "title_key": keys[1],
        "search_key": draft.search_key,
    }


def _songs_of(user_id: int, artist_keys: set[str]) -> tuple[dict[Keys, int], dict[Keys, str]]:
    """Return the ids of the user's songs of these artists by keys, and titles by base keys."""
    wanted = sorted(artist_keys)
    songs: dict[Keys, int] = {}
    bases: dict[Keys, str] = {}
    for start in range(0, len(wanted), ARTISTS_A_STATEMENT):
        some = wanted[start : start + ARTISTS_A_STATEMENT]
        for artist, title_key, song_id, title in db.session.execute(
            sa.select(Song.artist_key, Song.title_key, Song.id, Song.title)
            .where(Song.user_id == user_id, Song.artist_key.in_(some))
            .order_by(Song.id.desc())
        ):
            songs[artist, title_key] = song_id
            bases[_base_keys((artist, title_key), title)] = title
    return songs, bases


def _base_keys(keys: Keys, title: str) -> Keys:
    base = base_title(title)
    return keys if base == title else (keys[0], text.comparison_key(base))
