"""Reading notifications: the rows, and in one further statement what their ids are called now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements import catalogue
from trackflow_web.achievements.levels import name_of_level
from trackflow_web.domain.relations.models import Muted
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.kernel.database import db
from trackflow_web.notifications import talk, wording
from trackflow_web.notifications.models import UNREAD, Notification
from trackflow_web.notifications.names import (
    ACTORS_SHOWN,
    HIDDEN,
    INVITED,
    PUBLIC,
    WORK,
    Names,
    actor_of,
    ids_in,
    names_of,
    notes_of,
)
from trackflow_web.notifications.talk import About
from trackflow_web.notifications.types import DIGEST_KEY, OLDER_KEY, TYPES, Reason, Type
from trackflow_web.notifications.wording import Actor, Piece

if TYPE_CHECKING:
    from trackflow_web.achievements.catalogue.registry import Registry

# Each actor is another one: the number of events is that of people.
ONE_EACH = frozenset({Type.NEW_FOLLOWER, Type.REACTION})
_Row = sa.Row[*tuple[Any, ...]]
# All other subjects are requests and reports.
OWN_TABLE = frozenset({"song", "pack", "season", "webhook"})
FACES_SHOWN = 3
MUTABLE = frozenset({Muted.SONG, Muted.PACK, Muted.FEATURE, Muted.BUG})


@dataclass(frozen=True)
class Target:
    """Where a notification leads: a kind of page and what it is about."""

    kind: str
    key: str | int = ""
    about: About | None = None


@dataclass(frozen=True)
class Item:
    """A notification as its user reads it."""

    id: int
    type: Type
    title: str
    pieces: tuple[Piece, ...]
    reason: str
    why: str
    actors: tuple[Actor, ...]
    # How many more there are, whose names are not kept.
    others: int
    target: Target | None
    can_mute_subject: bool
    subject: str
    n: int
    read: bool
    read_at: datetime | None
    seen_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
    data: dict[str, Any]

    @property
    def message(self) -> str:
        """Return the sentence as plain text."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def people(self) -> tuple[Piece, ...]:
        """Return the names of all actors that are kept, and how many more there are."""
        return tuple(wording.people_of(self.actors, self.others))

    @property
    def can_mute_type(self) -> bool:
        """Return whether notifications of this type can be switched off."""
        return not TYPES[self.type].is_fixed

    @property
    def named_actors(self) -> tuple[Actor, ...]:
        """Return the actors who can be named."""
        return tuple(actor for actor in self.actors if actor.username)

    @property
    def faces(self) -> tuple[Actor, ...]:
        """Return the actors whose pictures are shown."""
        return tuple(actor for actor in self.actors if actor.is_visible)[:FACES_SHOWN]


@dataclass(frozen=True)
class Wanted:
    """Which rows to read, behind which version and id."""

    unread: bool = False
    type: Type | None = None
    after: tuple[int, int] | None = None
    limit: int = 50


def items_of(user_id: int, wanted: Wanted) -> list[Item]:
    """Return a user's notifications, the latest event first."""
    return _items(user_id, _rows(user_id, _which(wanted), limit=wanted.limit))


def count_unread(user_id: int, type_: Type) -> int:
    """Return how many unread notifications of a type a user has."""
    which = (Notification.user_id == user_id, UNREAD, Notification.type == type_)
    return db.session.scalar(sa.select(sa.func.count(Notification.id)).where(*which)) or 0


def latest_id() -> int:
    """Return the id of the latest notification of anybody; 0 before the first."""
    return db.session.scalar(sa.select(sa.func.max(Notification.id))) or 0


def items_by_id(user_id: int, ids: Iterable[int]) -> list[Item]:
    """Return those of a user's notifications, the latest event first."""
    return _items(user_id, _rows(user_id, [Notification.id.in_(list(ids))]))


def unread_between(
    user_id: int, after: int, upto: int, types: Iterable[Type], *, limit: int
) -> list[Item]:
    """Return what is unread of these types, behind one version and up to another."""
    which = [
        UNREAD,
        Notification.version > after,
        Notification.version <= upto,
        Notification.type.in_(list(types)),
    ]
    return _items(user_id, _rows(user_id, which, limit=limit))


def _which(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    which: list[Any] = []
    if wanted.unread:
        which.append(UNREAD)
    if wanted.type is not None:
        which.append(Notification.type == wanted.type)
    if wanted.after is not None:
        place = sa.tuple_(Notification.version, Notification.id)
        which.append(place < sa.tuple_(*map(sa.literal, wanted.after)))
    return which


def _rows(user_id: int, which: Iterable[Any], *, limit: int | None = None) -> Sequence[_Row]:
    return db.session.execute(
        sa.select(*_COLUMNS, catalogue.VERSION)
        .where(Notification.user_id == user_id, Notification.deleted_at.is_(None), *which)
        .order_by(Notification.version.desc(), Notification.id.desc())
        .limit(limit)
    ).all()


_HIDDEN_COLUMNS = {"user_id", "message", "link", "undo_token", "deleted_at", "event_key"}
_COLUMNS = [column for column in Notification.__table__.c if column.name not in _HIDDEN_COLUMNS]


def _items(user_id: int, rows: Sequence[_Row]) -> list[Item]:
    if not rows:
        return []
    names, about = names_of(user_id, rows), talk.about(user_id, rows)
    registry = catalogue.at(rows[0].catalogue_version)
    notes = notes_of(user_id, rows)
    return [
        _item(row, names, registry, about.get(row.id), notes.get(row.id, ""))
        for row in rows
        if row.type in set(Type)
    ]


# --- one row -------------------------------------------------------------------------------------


def _item(row: _Row, names: Names, registry: Registry, about: About | None, note: str) -> Item:
    type_, data = Type(row.type), row.metadata_json
    ids = ids_in(row.actor_ids)[:ACTORS_SHOWN]
    actors = tuple(
        actor for id_ in ids if (actor := actor_of(names.get(("user", id_)), type_)) is not None
    )
    others = max(row.n - len(actors), 0) if type_ in ONE_EACH else 0
    who = wording.names_of(actors, others)
    if row.group_key.startswith(OLDER_KEY):
        subject, target = "", None
    elif type_ in talk.TYPES:
        subject, target = _talk(about, registry)
    else:
        subject, target = _subject(row, names, registry, actors)
    sentence = wording.sentence_of(type_, row.group_key, row.n, data)
    values = {
        "actors": who,
        "subject": subject,
        "n": f"{row.n:,}",
        "votes": str(data.get("votes", "")),
        "status": str(data.get("status", "")),
        "answer": str(data.get("answer", "")),
        "level": str(data.get("level", "")),
        "points": str(data.get("points", "")),
    }
    return Item(
        id=row.id,
        type=type_,
        title=row.title,
        pieces=tuple(wording.pieces_of(sentence, values)),
        reason=row.reason,
        why=wording.reason_of(row.reason, who, note),
        actors=actors,
        others=others,
        target=target,
        can_mute_subject=row.subject_type in MUTABLE and not _is_about_many(row),
        subject=subject,
        n=row.n,
        read=row.read,
        read_at=row.read_at,
        seen_at=row.seen_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
        data=data,
    )


def _is_about_many(row: _Row) -> bool:
    return len(ids_in(row.subject_ids)) > 1 or row.group_key.startswith(DIGEST_KEY)


def _subject(
    row: _Row, names: Names, registry: Registry, actors: Sequence[Actor]
) -> tuple[str, Target | None]:
    """Return what a row is about and where it leads; None where there is nothing to be seen."""
    kind = row.subject_type
    profile = next((Target("user", actor.username) for actor in actors if actor.is_visible), None)
    if kind == "achievement":
        return _achievement(row.metadata_json.get("codes", ()), registry)
    if kind == "category":
        return _categories(row.metadata_json), Target("achievements")
    if kind == "level":
        return name_of_level(row.metadata_json["level"], registry.level_names), Target("levels")
    subject_id = next(iter(ids_in(row.subject_ids)), 0)
    if kind in {"user", "decision"}:
        is_open = row.reason == Reason.MODERATOR
        decision = Target("moderation") if is_open else Target("decision", subject_id)
        return "", profile if kind == "user" else decision
    found = names.get((kind if kind in OWN_TABLE else "feedback", subject_id))
    if found is None or found.access == HIDDEN:
        return wording.GONE[kind], None
    key = found.shown if kind == "season" else subject_id
    own = Target("songs") if _is_about_many(row) else Target(kind, key)
    public = Target("release", subject_id) if kind == "song" and own.kind == kind else profile
    targets = {WORK: own, INVITED: Target("invitations"), PUBLIC: public}
    return found.name, targets[found.access] if kind in {"song", "pack"} else own


def _talk(about: About | None, registry: Registry) -> tuple[str, Target | None]:
    if about is None:
        return wording.GONE["talk"], None
    name = about.described.name
    if about.described.subject.type is SubjectType.ACHIEVEMENT:
        entry = registry.find(name)
        name = entry.name if entry else name
    return name, Target("talk", about=about)


def _achievement(codes: Sequence[str], registry: Registry) -> tuple[str, Target]:
    entry = registry.find(codes[0]) if len(codes) == 1 else None
    if entry is None:
        return wording.GONE["achievement"], Target("achievements")
    return entry.name, Target("achievement", entry.code)


def _categories(data: dict[str, Any]) -> str:
    """Return the category that was completed, with its edition, or a word for several."""
    categories, editions = data.get("categories", ()), data.get("editions", ())
    if len(categories) != 1:
        return wording.GONE["category"]
    return f"{str(categories[0]).capitalize()}, {editions[0]} edition"
