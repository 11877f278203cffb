"""Muting things and artists, of which one no longer hears. Nobody else sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.relations import actions
from trackflow_web.domain.relations.models import Mute, Muted, MutedArtist
from trackflow_web.domain.relations.queries import is_in_force
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.database import db, upsert
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.domain.people.models import User

LONGEST_ARTIST = 200


class Kind(StrEnum):
    """What can be muted beside users."""

    SONG = "song"
    PACK = "pack"
    FEATURE = "feature"
    BUG = "bug"
    ARTIST = "artist"


@dataclass(frozen=True)
class MutedThing:
    """A muted thing by its id, or an artist by name."""

    kind: str
    target_id: int | None
    artist: str
    since: datetime
    until: datetime | None


def set_mute_of(
    user: User, kind: Kind, target_id: int, *, wanted: bool, until: object = None
) -> None:
    """Mute a thing until a time, permanently, or no longer. Raises Invalid."""
    if wanted:
        actions.mute(user, Muted(kind), target_id, until=actions.end_of(until))
    else:
        actions.unmute(user, Muted(kind), target_id)


def set_mute_of_artist(user: User, artist: object, *, wanted: bool, until: object = None) -> None:
    """Mute an artist, however the name is spelled, or no longer.

    Raises Invalid naming `artist` or `until`.
    """
    name = text.line(artist, "artist", longest=LONGEST_ARTIST)
    key = text.artist_key(name)
    if not wanted:
        db.session.execute(
            sa.delete(MutedArtist).where(
                MutedArtist.user_id == user.id, MutedArtist.artist_key == key
            )
        )
        return
    muted = sa.select(sa.func.count()).where(MutedArtist.user_id == user.id)
    if (db.session.scalar(muted) or 0) >= actions.MOST_MUTED:
        raise Invalid(artist=f"You've muted {actions.MOST_MUTED} artists. Unmute one first.")
    statement = upsert(MutedArtist).values(
        user_id=user.id,
        artist_key=key,
        artist=name,
        until=actions.end_of(until),
        created_at=clock.now(),
    )
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=[MutedArtist.user_id, MutedArtist.artist_key],
            set_={"until": statement.excluded.until},
        )
    )


def things_muted_by(user_id: int) -> Sequence[MutedThing]:
    """Return the things and artists that a user has muted, latest first."""
    things = sa.select(
        Mute.kind, Mute.target_id, sa.literal("").label("artist"), Mute.created_at, Mute.until
    ).where(Mute.user_id == user_id, Mute.kind != Muted.PERSON, is_in_force(Mute.until))
    artists = sa.select(
        sa.literal(str(Kind.ARTIST)),
        sa.null(),
        MutedArtist.artist,
        MutedArtist.created_at,
        MutedArtist.until,
    ).where(MutedArtist.user_id == user_id, is_in_force(MutedArtist.until))
    rows = [*db.session.execute(things), *db.session.execute(artists)]
    found = [MutedThing(*row) for row in rows]
    return sorted(found, key=lambda thing: thing.since, reverse=True)


def ends_of(
    user_id: int, kind: Kind | None, target_id: int, artist_key: str | None
) -> dict[Kind, datetime | None]:
    """Return which of a thing and an artist a user has muted, and until when, in one statement."""
    thing = sa.select(sa.literal(str(kind or "")), Mute.until).where(
        Mute.user_id == user_id,
        Mute.kind == str(kind or ""),
        Mute.target_id == target_id,
        is_in_force(Mute.until),
    )
    artist = sa.select(sa.literal(str(Kind.ARTIST)), MutedArtist.until).where(
        MutedArtist.user_id == user_id,
        MutedArtist.artist_key == (artist_key or ""),
        is_in_force(MutedArtist.until),
    )
    return {Kind(name): until for name, until in db.session.execute(sa.union_all(thing, artist))}


def is_muted_by(viewer_id: Any, kind: Muted, target_id: Any) -> sa.ColumnElement[bool]:  # noqa: ANN401 -- columns or parameters
    """Return the condition that a viewer has muted a user, a song or a pack."""
    muted = sa.select(sa.literal(1)).where(
        Mute.user_id == viewer_id,
        Mute.kind == kind,
        Mute.target_id == target_id,
        is_in_force(Mute.until),
    )
    return muted.correlate_except(Mute).exists()


def is_artist_muted_by(viewer_id: Any, artist_key: Any) -> sa.ColumnElement[bool]:  # noqa: ANN401 -- columns or parameters
    """Return the condition that a viewer has muted an artist."""
    muted = sa.select(sa.literal(1)).where(
        MutedArtist.user_id == viewer_id,
        MutedArtist.artist_key == artist_key,
        is_in_force(MutedArtist.until),
    )
    return muted.correlate_except(MutedArtist).exists()
