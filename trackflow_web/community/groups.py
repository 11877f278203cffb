"""What one feed entry consists of: groups of source rows, merged by time.

A group is all that an entry is made of: the releases of a user within six hours, the achievements
of a user on a day, the songs that one import released. Releases with collaborators, packs and
albums are groups of one. The source rows alone decide what an entry says, so that handling an
event twice, undoing an action and a rebuild all end in the same entry.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.community import award_groups
from trackflow_web.community.grouping import (
    EPOCH,
    JOINT,
    SLOT,
    Groups,
    add_subject,
    import_key,
    pack_key,
    series_key,
    slot_key,
    song_key,
)
from trackflow_web.community.models import Kind
from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.series.models import Series
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_RELEASED = sa.and_(Song.status == Status.RELEASED, Song.released_at.is_not(None))
_BY_IMPORT = sa.and_(Song.import_id.is_not(None), Song.created_at == Song.released_at)
_JOINT = sa.exists().where(Collaboration.song_id == Song.id)


def of_users(user_ids: Iterable[int]) -> Groups:
    """Return all groups of these users: what their feed entries are."""
    ids = list(user_ids)
    return {
        **_song_groups(Song.user_id.in_(ids)),
        **award_groups.of_users(ids),
        **_pack_groups(Pack.user_id.in_(ids)),
        **_series_groups(Series.user_id.in_(ids)),
    }


def of_keys(keys: Iterable[str]) -> Groups:
    """Return the groups with these keys that have subjects."""
    found: Groups = {}
    for key in sorted(set(keys)):
        kind, actor_id, rest = key.split(":")
        # A song that is not in this group may be in another one.
        group = _READ[kind](int(actor_id), rest).get(key)
        if group is not None:
            found[key] = group
    return found


def _slot(user_id: int, number: str) -> Groups:
    start = EPOCH + int(number) * SLOT
    return _song_groups(
        Song.user_id == user_id,
        Song.released_at >= start,
        Song.released_at < start + SLOT,
        ~_JOINT,
        ~_BY_IMPORT,
    )


_READ: dict[str, Callable[[int, str], Groups]] = {
    "release": _slot,
    "achievement": award_groups.of_day,
    "song": lambda _, id_: _song_groups(Song.id == int(id_)),
    "import": lambda _, id_: _song_groups(Song.import_id == int(id_), _BY_IMPORT),
    "pack": lambda _, id_: _pack_groups(Pack.id == int(id_)),
    "series": lambda _, id_: _series_groups(Series.id == int(id_)),
}


def _song_groups(*which: sa.ColumnElement[bool]) -> Groups:
    rows = db.session.execute(
        sa.select(
            Song.id,
            Song.user_id,
            Song.released_at,
            sa.case((_BY_IMPORT, Song.import_id)).label("import_id"),
            _JOINT.label("is_joint"),
        )
        .where(_RELEASED, *which)
        .order_by(Song.released_at.desc(), Song.id.desc())
    ).all()
    found: Groups = {}
    for row in rows:
        add_subject(found, Kind.RELEASE, _key_of_song(row), row.user_id, row.released_at, row.id)
    _add_collaborators(found)
    return found


def _key_of_song(row: sa.Row[Any]) -> str:
    if row.import_id is not None:
        return import_key(row.user_id, row.import_id)
    return song_key(row.user_id, row.id) if row.is_joint else slot_key(row.user_id, row.released_at)


def _add_collaborators(found: Groups) -> None:
    """Add who works on the songs that are groups of their own."""
    songs = {group.subject_id: group for key, group in found.items() if key.startswith(JOINT)}
    if not songs:
        return
    rows = db.session.execute(
        sa.select(Collaboration.song_id, Collaboration.user_id)
        .where(Collaboration.song_id.in_(songs))
        .order_by(Collaboration.id)
    )
    others: dict[int, list[int]] = defaultdict(list)
    for song_id, user_id in rows:
        others[song_id].append(user_id)
    for song_id, group in songs.items():
        group.others = others[song_id]


def _pack_groups(*which: sa.ColumnElement[bool]) -> Groups:
    found: Groups = {}
    for row in db.session.execute(sa.select(Pack.id, Pack.user_id, Pack.created_at).where(*which)):
        key = pack_key(row.user_id, row.id)
        add_subject(found, Kind.PACK, key, row.user_id, row.created_at, row.id)
    return found


def _series_groups(*which: sa.ColumnElement[bool]) -> Groups:
    found: Groups = {}
    made = sa.select(Series.id, Series.user_id, Series.created_at).where(*which)
    for row in db.session.execute(made):
        key = series_key(row.user_id, row.id)
        add_subject(found, Kind.SERIES, key, row.user_id, row.created_at, row.id)
    return found
