"""What one feed entry consists of: groups of source rows, merged by time.

A group is all that an entry is made of: the releases of a user within six hours, the achievements
of a user on a day, the songs that one import released. Releases with collaborators, packs and
albums are groups of one. The source rows alone decide what an entry says, so that handling an
event twice, undoing an action and a rebuild all end in the same entry.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.models import UserAchievement
from trackflow_web.community.models import Kind
from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.series.models import Series
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Releases of one user within such a slot of the day are one entry. A slot has fixed ends, so that
# an entry never moves past one that a reader has already seen.
SLOT = timedelta(hours=6)
DAY = timedelta(days=1)
# As many subjects of an entry are named; the rest are a number.
SUBJECTS_KEPT = 8
# How the keys of releases with collaborators begin.
JOINT = "song:"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_RELEASED = sa.and_(Song.status == Status.RELEASED, Song.released_at.is_not(None))
_BY_IMPORT = sa.and_(Song.import_id.is_not(None), Song.created_at == Song.released_at)
_JOINT = sa.exists().where(Collaboration.song_id == Song.id)


@dataclass
class Group:
    """An entry as its source rows have it: `subjects` are (time, id), newest first."""

    kind: Kind
    key: str
    actor_id: int
    subjects: list[tuple[datetime, int]] = field(default_factory=list)
    others: list[int] = field(default_factory=list)

    @property
    def n(self) -> int:
        """Return the number of subjects."""
        return len(self.subjects)

    @property
    def first_at(self) -> datetime:
        """Return when its oldest subject happened."""
        return self.subjects[-1][0]

    @property
    def last_at(self) -> datetime:
        """Return when its newest subject happened."""
        return self.subjects[0][0]

    @property
    def subject_id(self) -> int:
        """Return the newest subject."""
        return self.subjects[0][1]

    @property
    def subject_ids(self) -> str:
        """Return the newest subjects, between commas."""
        return ",".join(str(id_) for _, id_ in self.subjects[:SUBJECTS_KEPT])

    @property
    def people(self) -> list[int]:
        """Return its actor and collaborators."""
        return [self.actor_id, *self.others]


Groups = dict[str, Group]


# --- keys ----------------------------------------------------------------------------------------


def slot_key(user_id: int, at: datetime) -> str:
    """Return the key of the releases of a user around a moment."""
    return f"release:{user_id}:{(at - _EPOCH) // SLOT}"


def day_key(user_id: int, at: datetime) -> str:
    """Return the key of the achievements of a user on a UTC day."""
    return f"achievement:{user_id}:{at.astimezone(UTC):%Y-%m-%d}"


def song_key(user_id: int, song_id: int) -> str:
    """Return the key of the release of a song with collaborators."""
    return f"{JOINT}{user_id}:{song_id}"


def import_key(user_id: int, import_id: int) -> str:
    """Return the key of the songs that an import released."""
    return f"import:{user_id}:{import_id}"


def pack_key(user_id: int, pack_id: int) -> str:
    """Return the key of a pack."""
    return f"pack:{user_id}:{pack_id}"


def series_key(user_id: int, series_id: int) -> str:
    """Return the key of an album."""
    return f"series:{user_id}:{series_id}"


def actor_of(key: str) -> int:
    """Return whose entry has this key."""
    return int(key.split(":")[1])


def is_import(key: str) -> bool:
    """Return whether an entry with this key is about the songs of an import."""
    return key.startswith("import:")


# --- reading groups ------------------------------------------------------------------------------


def of_users(user_ids: Iterable[int]) -> Groups:
    """Return all groups of these users: what their feed entries are."""
    ids = list(user_ids)
    return {
        **_song_groups(Song.user_id.in_(ids)),
        **_achievement_groups(UserAchievement.user_id.in_(ids)),
        **_pack_groups(Pack.user_id.in_(ids)),
        **_series_groups(Series.user_id.in_(ids)),
    }


def achievements_of(user_ids: Iterable[int]) -> Groups:
    """Return all groups of the achievements of these users."""
    return _achievement_groups(UserAchievement.user_id.in_(list(user_ids)))


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
    start = _EPOCH + int(number) * SLOT
    return _song_groups(
        Song.user_id == user_id,
        Song.released_at >= start,
        Song.released_at < start + SLOT,
        ~_JOINT,
        ~_BY_IMPORT,
    )


def _day(user_id: int, day: str) -> Groups:
    start = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return _achievement_groups(
        UserAchievement.user_id == user_id,
        UserAchievement.earned_at >= start,
        UserAchievement.earned_at < start + DAY,
    )


_READ: dict[str, Callable[[int, str], Groups]] = {
    "release": _slot,
    "achievement": _day,
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
        _add(found, Kind.RELEASE, _key_of_song(row), row.user_id, row.released_at, row.id)
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


def _achievement_groups(*which: sa.ColumnElement[bool]) -> Groups:
    rows = db.session.execute(
        sa.select(
            UserAchievement.id,
            UserAchievement.user_id,
            UserAchievement.earned_at,
            UserAchievement.awarded_at,
            UserAchievement.backfilled,
        )
        .where(UserAchievement.revoked_at.is_(None), UserAchievement.is_public, *which)
        .order_by(UserAchievement.earned_at.desc(), UserAchievement.id.desc())
    ).all()
    found: Groups = {}
    for row in rows:
        # What was backfilled stands on the day it was earned; on the day itself it would be news
        # of an import.
        if row.backfilled and row.awarded_at.date() <= row.earned_at.date():
            continue
        key = day_key(row.user_id, row.earned_at)
        _add(found, Kind.ACHIEVEMENT, key, row.user_id, row.earned_at, row.id)
    return found


def _pack_groups(*which: sa.ColumnElement[bool]) -> Groups:
    found: Groups = {}
    for row in db.session.execute(sa.select(Pack.id, Pack.user_id, Pack.created_at).where(*which)):
        key = pack_key(row.user_id, row.id)
        _add(found, Kind.PACK, key, row.user_id, row.created_at, row.id)
    return found


def _series_groups(*which: sa.ColumnElement[bool]) -> Groups:
    found: Groups = {}
    made = sa.select(Series.id, Series.user_id, Series.created_at).where(*which)
    for row in db.session.execute(made):
        key = series_key(row.user_id, row.id)
        _add(found, Kind.SERIES, key, row.user_id, row.created_at, row.id)
    return found


def _add(found: Groups, kind: Kind, key: str, actor_id: int, at: datetime, subject_id: int) -> None:
    group = found.setdefault(key, Group(kind, key, actor_id))
    group.subjects.append((at, subject_id))
