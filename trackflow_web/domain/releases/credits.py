"""Credits of a release: who did which parts, and the lines of them that games read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.authoring.models import SongPart
from trackflow_web.domain.authoring.rules import GROUPS, Group, Part, State
from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.people.charter_names import charter_name
from trackflow_web.domain.people.models import User
from trackflow_web.domain.visibility import visible_to
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.domain.songs.models import Song

# The key of song.ini for each part that has one; two parts may share it.
KEYS: dict[Part, str] = {
    Part.DRUMS: "charter_drums",
    Part.BASS: "charter_bass",
    Part.GUITAR: "charter_guitar",
    Part.VOCALS: "charter_vocals",
    Part.HARMONIES: "charter_vocals",
    Part.KEYS: "charter_keys",
    Part.PRO_KEYS: "charter_pro_keys",
    Part.ANIMATIONS: "charter_venue",
    Part.DEMUCS: "charter_audio",
    Part.COMPILE: "charter_audio",
}


@dataclass(frozen=True)
class Credit:
    """What one user did for a song; without a user, the viewer may not know who it is."""

    user: User | None
    is_owner: bool
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class PartLine:
    """A part of a song, its state, and who did it first."""

    part: Part
    state: State
    by: User | None


@dataclass(frozen=True)
class Credits:
    """The owner first, then the others with most parts; and all parts in the order of the work."""

    people: Sequence[Credit]
    lines: Sequence[PartLine]

    @property
    def groups(self) -> list[tuple[Group, list[PartLine]]]:
        """Return the parts that are needed, by kind of work."""
        by_part = {line.part: line for line in self.lines if line.state is not State.SKIP}
        groups = (
            (group, [by_part[part] for part in parts if part in by_part])
            for group, parts in GROUPS.items()
        )
        return [(group, lines) for group, lines in groups if lines]

    @property
    def done(self) -> list[Part]:
        """Return the parts that are done."""
        return [line.part for line in self.lines if line.state is State.DONE]


def credits_of(song: Song, viewer_id: int | None) -> Credits:
    """Return the credits of a song as the viewer may see them.

    The owner of the song sees every name, because the work is theirs together.
    """
    rows = _rows(song, viewer_id)
    parts = {row.part: row for row in rows if row.part is not None}
    sees_all = viewer_id == song.user_id
    people = {row.User.id: row.User for row in rows if row.User is not None}
    visible = {row.User.id for row in rows if row.User is not None and (sees_all or row.is_visible)}
    named = {user_id: user for user_id, user in people.items() if user_id in visible}
    lines = [
        PartLine(
            part,
            State(parts[part].state) if part in parts else State.TODO,
            named.get(parts[part].done_by) if part in parts else None,
        )
        for part in Part
    ]
    credits_ = [
        Credit(
            named.get(user_id),
            is_owner=user_id == song.user_id,
            parts=tuple(part for part in Part if part in parts and parts[part].done_by == user_id),
        )
        for user_id in people
    ]
    return Credits(sorted(credits_, key=_place), lines)


def ini_lines(song: Song, viewer_id: int | None) -> list[str]:
    """Return the lines `charter_drums = name` of a song, and `charter` with everybody.

    A name that the viewer may not know is left out.
    """
    found = credits_of(song, viewer_id)
    names: dict[str, list[str]] = {"charter": []}
    for credit in found.people:
        if credit.user is None:
            continue
        name = charter_name(credit.user)
        for key in ("charter", *(KEYS[part] for part in credit.parts if part in KEYS)):
            if name not in names.setdefault(key, []):
                names[key].append(name)
    ordered = ["charter", *sorted(key for key in names if key != "charter")]
    return [f"{key} = {', '.join(names[key])}" for key in ordered if names[key]]


def _place(credit: Credit) -> tuple[bool, bool, int, str]:
    name = credit.user.username if credit.user else ""
    return (not credit.is_owner, credit.user is None, -len(credit.parts), name)


def _rows(song: Song, viewer_id: int | None) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return the parts with a row, each beside the user who did it, in one statement.

    The owner, collaborators and everybody with a credit have a row, also without a part. A part
    that nobody has the credit for has no user.
    """
    ids = sa.union(
        sa.select(sa.literal(song.user_id).label("id")),
        sa.select(Collaboration.user_id).where(Collaboration.song_id == song.id),
        # With NULL, for parts without a credit.
        sa.select(SongPart.done_by).where(SongPart.song_id == song.id),
    ).subquery()
    did = sa.and_(SongPart.song_id == song.id, SongPart.done_by.is_not_distinct_from(ids.c.id))
    return db.session.execute(
        sa.select(
            User,
            visible_to(viewer_id).label("is_visible"),
            SongPart.part,
            SongPart.state,
            SongPart.done_by,
        )
        .select_from(ids)
        .outerjoin(User, User.id == ids.c.id)
        .outerjoin(SongPart, did)
    ).all()
