"""Entries as their viewer reads them: names, titles and parts, from ids at read time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements import catalogue
from trackflow_web.achievements.catalogue.entries import Entry as Achievement
from trackflow_web.achievements.models import Achievement as AchievementRow
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.community.grouping import is_import
from trackflow_web.community.models import Kind
from trackflow_web.community.muted import is_song_muted
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.series.models import Series, Track
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.domain.visibility import not_held
from trackflow_web.kernel.database import db, literal_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

# Of a merged entry so many subjects are named.
SUBJECTS_NAMED = 4


@dataclass(frozen=True)
class Actor:
    """One of the people of an entry, with the parts of the song that they did."""

    id: int
    username: str
    display_name: str
    avatar: str | None
    parts: tuple[Part, ...] = ()

    @property
    def shown_name(self) -> str:
        """Return the name that the user chose to be shown, else the user name."""
        return self.display_name or self.username


@dataclass(frozen=True)
class Subject:
    """What an entry is about; `by` is the artist of a song or album, `achievement` the entry.

    A pack or an album has no page for others than its owner before something in it is released.
    """

    kind: Kind
    id: int
    title: str
    by: str = ""
    album: str = ""
    year: int | None = None
    achievement: Achievement | None = None
    has_page: bool = True


@dataclass(frozen=True)
class Entry:
    """One entry of the feed. `others` are people whom the viewer may not see.

    `subject` is the newest of `n`, `subjects` are the newest few; achievements come rarest first.
    """

    id: int
    kind: Kind
    n: int
    at: datetime
    is_import: bool
    actors: tuple[Actor, ...]
    others: int
    subject: Subject
    subjects: tuple[Subject, ...] = field(default=())

    @property
    def actor(self) -> Actor:
        """Return whose entry it is."""
        return self.actors[0]

    @property
    def more(self) -> int:
        """Return how many of its subjects are not named."""
        return self.n - len(self.subjects)


def entries_of(rows: Sequence[Sequence[sa.Row[Any]]], viewer_id: int | None) -> list[Entry]:
    """Return the entries of rows of the feed, which are grouped by entry, in one statement."""
    if not rows:
        return []
    subjects = _subjects_of([people[0] for people in rows], viewer_id)
    found = (_entry(people, subjects) for people in rows)
    return [entry for entry in found if entry is not None]


Names = dict[tuple[str, int], Subject]


def _entry(people: Sequence[sa.Row[Any]], names: Names) -> Entry | None:
    row = people[0]
    shown = [
        Actor(
            each.person_id,
            each.username,
            each.display_name,
            each.avatar,
            _parts_of(each.parts),
        )
        # The owner first, then in the order in which they came.
        for each in sorted(people, key=lambda each: (each.person_id != row.user_id, each.person_id))
        if each.is_person_shown
    ]
    named = [names[row.kind, id_] for id_ in ids_of(row.subject_ids) if (row.kind, id_) in names]
    subject = names.get((row.kind, row.subject_id))
    if subject is None or not shown or shown[0].id != row.user_id:
        return None
    if row.kind == Kind.ACHIEVEMENT:
        named.sort(key=lambda each: -each.achievement.points if each.achievement else 0)
    return Entry(
        id=row.id,
        kind=Kind(row.kind),
        n=row.n,
        at=row.last_at,
        is_import=is_import(row.group_key),
        actors=tuple(shown),
        others=len(people) - len(shown),
        subject=subject,
        subjects=tuple(named[:SUBJECTS_NAMED]),
    )


def ids_of(text: str) -> list[int]:
    """Return the ids between commas."""
    return [int(id_) for id_ in text.split(",") if id_]


def _parts_of(text: str | None) -> tuple[Part, ...]:
    """Return the parts between commas, in their order."""
    done = set(text.split(",")) if text else ()
    return tuple(part for part in Part if part in done)


# --- titles --------------------------------------------------------------------------------------


def _named(
    kind: Kind,
    *columns: Any,  # noqa: ANN401 -- columns of any table
    has_page: sa.ColumnElement[bool] | None = None,
) -> sa.Select[Any]:
    names = ("id", "title", "by", "album", "year")
    return sa.select(
        sa.literal(kind.value).label("kind"),
        *(column.label(name) for column, name in zip(columns, names, strict=True)),
        catalogue.VERSION.label("version"),
        (sa.true() if has_page is None else has_page).label("has_page"),
    )


_HAS_RELEASE = (
    sa.exists()
    .where(
        Song.pack_id == Pack.id,
        Song.status == Status.RELEASED,
        not_held(Kind.RELEASE, Song.id),
    )
    .correlate(Pack)
)
_HAS_RELEASED_TRACK = (
    sa.exists()
    .where(
        Track.series_id == Series.id,
        ~Track.irrelevant,
        Track.song_id == Song.id,
        Song.status == Status.RELEASED,
        not_held(Kind.RELEASE, Song.id),
    )
    .correlate(Series)
)
_NO_TEXT, _NO_YEAR = sa.literal(""), sa.cast(sa.null(), sa.Integer)
_NAMES = {
    Kind.RELEASE: _named(
        Kind.RELEASE, Song.id, Song.title, Song.artist, Song.album, Song.year
    ).where(
        Song.id.in_(literal_ids("release")),
        ~is_song_muted(sa.bindparam("muted_by", type_=sa.BigInteger)),
        not_held(Kind.RELEASE, Song.id),
    ),
    Kind.ACHIEVEMENT: _named(
        Kind.ACHIEVEMENT,
        UserAchievement.id,
        AchievementRow.code,
        _NO_TEXT,
        _NO_TEXT,
        _NO_YEAR,
    )
    .join(AchievementRow, AchievementRow.id == UserAchievement.achievement_id)
    .where(
        UserAchievement.id.in_(literal_ids("achievement")),
        not_held(Kind.ACHIEVEMENT, UserAchievement.id),
    ),
    Kind.PACK: _named(
        Kind.PACK, Pack.id, Pack.name, _NO_TEXT, _NO_TEXT, _NO_YEAR, has_page=_HAS_RELEASE
    ).where(Pack.id.in_(literal_ids("pack"))),
    Kind.SERIES: _named(
        Kind.SERIES,
        Series.id,
        Series.album,
        Series.artist,
        _NO_TEXT,
        Series.year,
        has_page=_HAS_RELEASED_TRACK,
    ).where(Series.id.in_(literal_ids("series"))),
}


def _subjects_of(rows: Sequence[sa.Row[Any]], viewer_id: int | None) -> Names:
    wanted: dict[Kind, set[int]] = defaultdict(set)
    for row in rows:
        wanted[Kind(row.kind)].update(ids_of(row.subject_ids))
    return subjects_of(wanted, muted_by=viewer_id)


def subjects_of(wanted: dict[Kind, set[int]], *, muted_by: int | None = None) -> Names:
    """Return what subjects are called now, in one statement.

    Held subjects are left out, as are songs that `muted_by` does not want to hear of.
    """
    kinds = [kind for kind in Kind if wanted.get(kind)]
    if not kinds:
        return {}
    found: Names = {}
    parameters: dict[str, object] = {kind.value: sorted(wanted[kind]) for kind in kinds}
    if Kind.RELEASE in kinds:
        parameters["muted_by"] = muted_by
    for row in db.session.execute(_names_of(tuple(kinds)), parameters):
        subject = _subject(row)
        if subject is not None:
            found[row.kind, row.id] = subject
    return found


@lru_cache(maxsize=16)
def _names_of(kinds: tuple[Kind, ...]) -> sa.Select[Any] | sa.CompoundSelect[Any]:
    """Return the names of subjects of these kinds, whose ids have the name of their kind."""
    first, *others = (_NAMES[kind] for kind in kinds)
    return sa.union_all(first, *others) if others else first


def _subject(row: sa.Row[Any]) -> Subject | None:
    kind = Kind(row.kind)
    if kind is not Kind.ACHIEVEMENT:
        shown = (row.title, row.by, row.album, row.year)
        return Subject(kind, row.id, *shown, has_page=bool(row.has_page))
    entry = catalogue.at(row.version).find(row.title)
    return None if entry is None else Subject(kind, row.id, entry.full_name, achievement=entry)
