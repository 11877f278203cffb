"""The charter proof: what a user has charted, as everyone may see it.

A chart counts when it is released and at least one of its instruments or vocal parts is done: a
playlist that was imported as Released proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.authoring.models import SongPart
from trackflow_web.domain.authoring.rules import GROUPS, Group, Part, State
from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.models import User
from trackflow_web.domain.releases.queries import is_public
from trackflow_web.domain.releases.rules import FULL_BAND
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.domain.visibility import Held, not_held, not_held_from, visible_to
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

PLAYABLE = (*GROUPS[Group.INSTRUMENTS], *GROUPS[Group.VOCALS])
# What the page lists; it says how much more there is.
MOST_CHARTS = 300
MOST_PACKS = 50
MOST_COLLABORATORS = 50


@dataclass(frozen=True)
class PartCount:
    """In how many of the charts a part is done: in all, and by the user themselves.

    `elsewhere` counts charts of others in which the user has the credit for it.
    """

    part: Part
    charts: int
    own: int
    elsewhere: int


@dataclass(frozen=True)
class ProvenChart:
    """A released chart with the instruments and vocal parts that are done."""

    id: int
    title: str
    artist: str
    year: int | None
    released_at: datetime
    parts: frozenset[Part]

    @property
    def is_full_band(self) -> bool:
        """Return whether drums, bass, guitar, vocals and keys are done."""
        return self.parts >= FULL_BAND


@dataclass(frozen=True)
class ProvenPack:
    """A pack with its number of such charts; complete if all of it is done and released."""

    id: int
    name: str
    charts: int
    is_complete: bool


@dataclass(frozen=True)
class Companion:
    """A collaborator, and on how many of the charts."""

    username: str
    shown_name: str
    charts: int


@dataclass(frozen=True)
class Proof:
    """Everything on the page. `hidden_collaborators` may not be named."""

    charts: int
    full_band: int
    first_at: datetime | None
    parts: Sequence[PartCount]
    listed: Sequence[ProvenChart]
    packs: Sequence[ProvenPack]
    collaborators: Sequence[Companion]
    hidden_collaborators: int


def proof_of(user_id: int, viewer_id: int | None) -> Proof:
    """Return the proof of a user, who is known to be visible, in five statements.

    It has what visitors see; the viewer matters only for blocks.
    """
    totals = _totals(user_id)
    elsewhere = _elsewhere(user_id)
    people = _collaborators(user_id, viewer_id)
    return Proof(
        charts=totals.charts,
        full_band=totals.full_band or 0,
        first_at=totals.first_at,
        parts=[
            PartCount(
                part,
                getattr(totals, f"{part}_all") or 0,
                getattr(totals, f"{part}_own") or 0,
                elsewhere.get(part, 0),
            )
            for part in PLAYABLE
        ],
        listed=_charts(user_id),
        packs=_packs(user_id),
        collaborators=[
            Companion(row.username, row.display_name or row.username, row.charts)
            for row in people
            if row.is_visible
        ],
        hidden_collaborators=sum(not row.is_visible for row in people),
    )


def _done(user_id: int) -> sa.Select[*tuple[Any, ...]]:
    """Return the SELECT of a user's public releases joined with the playable parts done."""
    return (
        sa.select()
        .select_from(Song)
        .join(SongPart, SongPart.song_id == Song.id)
        .where(
            Song.user_id == user_id,
            is_public(None),
            SongPart.state == State.DONE,
            SongPart.part.in_(PLAYABLE),
        )
        .group_by(Song.id)
    )


def _totals(user_id: int) -> sa.Row[*tuple[Any, ...]]:
    """Return the numbers of charts, in all, with a full band, and with each part."""
    own = sa.or_(SongPart.done_by.is_(None), SongPart.done_by == user_id)

    def has(part: Part, *more: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.max(sa.case((sa.and_(SongPart.part == part, *more), 1), else_=0))

    in_band = sa.case((SongPart.part.in_(FULL_BAND), 1), else_=0)
    songs = (
        _done(user_id)
        .add_columns(
            Song.released_at.label("released_at"),
            sa.case((sa.func.sum(in_band) == len(FULL_BAND), 1), else_=0).label("full_band"),
            *(has(part).label(f"{part}_all") for part in PLAYABLE),
            *(has(part, own).label(f"{part}_own") for part in PLAYABLE),
        )
        .subquery()
    )
    names = ["full_band", *(f"{part}_{kind}" for part in PLAYABLE for kind in ("all", "own"))]
    return db.session.execute(
        sa.select(
            sa.func.count().label("charts"),
            sa.func.min(songs.c.released_at).label("first_at"),
            *(sa.func.sum(songs.c[name]).label(name) for name in names),
        )
    ).one()


def _charts(user_id: int) -> list[ProvenChart]:
    """Return the latest charts with their parts, newest first."""
    found = (
        _done(user_id)
        .add_columns(
            *(Song.id, Song.title, Song.artist, Song.year, Song.released_at),
            sa.func.aggregate_strings(SongPart.part, ",").label("parts"),
        )
        .order_by(Song.released_at.desc(), Song.id.desc())
        .limit(MOST_CHARTS)
    )
    return [
        ProvenChart(
            *(row.id, row.title, row.artist, row.year, row.released_at),
            frozenset(map(Part, row.parts.split(","))),
        )
        for row in db.session.execute(found)
    ]


def _elsewhere(user_id: int) -> dict[Part, int]:
    """Return by part on how many public releases of others the user has the credit for it."""
    rows = db.session.execute(
        sa.select(SongPart.part, sa.func.count())
        .join(Song, Song.id == SongPart.song_id)
        .join(User, User.id == Song.user_id)
        .where(
            SongPart.done_by == user_id,
            SongPart.state == State.DONE,
            SongPart.part.in_(PLAYABLE),
            Song.user_id != user_id,
            is_public(None),
            visible_to(None),
        )
        .group_by(SongPart.part)
    )
    return {Part(part): n for part, n in rows}


def _packs(user_id: int) -> list[ProvenPack]:
    """Return the packs that contain charts, those with most of them first."""
    done = _done(user_id).add_columns(Song.id.label("id"), Song.pack_id.label("pack_id")).subquery()
    unreleased = sa.select(Song.id).where(
        Song.pack_id == Pack.id,
        ~Song.is_optional,
        sa.or_(Song.status != Status.RELEASED, sa.not_(not_held(Held.RELEASE, Song.id))),
    )
    rows = db.session.execute(
        sa.select(
            Pack.id,
            Pack.name,
            sa.func.count(done.c.id).label("charts"),
            sa.and_(Pack.completed_at.is_not(None), ~unreleased.exists()).label("is_complete"),
        )
        .join(done, done.c.pack_id == Pack.id)
        .where(Pack.user_id == user_id, not_held_from(None, Held.PACK, Pack.id, Pack.user_id))
        .group_by(Pack.id)
        .order_by(sa.desc("charts"), Pack.name_key)
        .limit(MOST_PACKS)
    )
    return [ProvenPack(row.id, row.name, row.charts, bool(row.is_complete)) for row in rows]


def _collaborators(user_id: int, viewer_id: int | None) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return those who helped with the charts, with most of them first, and who may be named."""
    done = _done(user_id).add_columns(Song.id.label("id")).subquery()
    is_visible = visible_to(None)
    if viewer_id is not None:
        is_visible = sa.and_(is_visible, visible_to(viewer_id))
    helped = (
        sa.select(Collaboration.user_id, sa.func.count().label("charts"))
        .join(done, done.c.id == Collaboration.song_id)
        .where(Collaboration.owner_id == user_id)
        .group_by(Collaboration.user_id)
        .subquery()
    )
    return db.session.execute(
        sa.select(User.username, User.display_name, helped.c.charts, is_visible.label("is_visible"))
        .join(helped, helped.c.user_id == User.id)
        .order_by(helped.c.charts.desc(), User.username)
        .limit(MOST_COLLABORATORS)
    ).all()
