"""Reading reactions: numbers and the viewer's own of many subjects, and who reacted to one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from trackflow_web.domain.people.models import User
from trackflow_web.domain.reactions.models import Reaction
from trackflow_web.domain.reactions.rules import Kind
from trackflow_web.domain.subjects import Key, Subject, SubjectType
from trackflow_web.domain.visibility import VIEWER, visible_to
from trackflow_web.kernel.database import db, literal_ids


@dataclass
class Reactions:
    """The reactions to one subject: how many of each kind, those that occur, and the viewer's."""

    counts: dict[Kind, int] = field(default_factory=dict)
    mine: Kind | None = None

    @property
    def total(self) -> int:
        """Return how many people reacted."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Reactor:
    """A user who reacted, and when."""

    user: User
    kind: Kind
    at: datetime


def reactions_of(subjects: Iterable[Key], viewer_id: int | None) -> dict[Key, Reactions]:
    """Return the reactions to each of these subjects, in one statement.

    The numbers are the same for everybody. Whether the viewer sees the subjects is apart.
    """
    wanted: dict[SubjectType, list[int]] = defaultdict(list)
    found: dict[Key, Reactions] = {}
    for type_, id_ in subjects:
        found[SubjectType(type_), id_] = Reactions()
        wanted[SubjectType(type_)].append(id_)
    if not wanted:
        return found
    types = tuple(type_ for type_ in SubjectType if type_ in wanted)
    parameters: dict[str, Any] = {str(type_): sorted(wanted[type_]) for type_ in types}
    rows = db.session.execute(_statement(types), {**parameters, "viewer_id": viewer_id or 0})
    for type_, id_, kind, n, own in rows:
        reactions = found[SubjectType(type_), id_]
        reactions.counts[Kind(kind)] = n
        if own:
            reactions.mine = Kind(kind)
    for reactions in found.values():
        reactions.counts = {
            kind: reactions.counts[kind] for kind in Kind if kind in reactions.counts
        }
    return found


def reactors(
    subject: Subject, viewer_id: int | None, *, after_id: int | None, limit: int
) -> Sequence[Reactor]:
    """Return users who reacted to a subject and whom the viewer may see, by their ids."""
    wanted = (
        sa.select(User, Reaction.kind, Reaction.changed_at)
        .join(Reaction, Reaction.user_id == User.id)
        .where(*_to(subject), visible_to(viewer_id))
    )
    if after_id is not None:
        wanted = wanted.where(User.id > after_id)
    rows = db.session.execute(wanted.order_by(User.id).limit(limit))
    return [Reactor(user, Kind(str(kind)), at) for user, kind, at in rows]


def count_hidden(subject: Subject, viewer_id: int | None) -> int:
    """Return how many users reacted to a subject whom the viewer may not see."""
    found = (
        sa.select(sa.func.count())
        .select_from(Reaction)
        .join(User, User.id == Reaction.user_id)
        .where(*_to(subject), sa.not_(visible_to(viewer_id)))
    )
    return db.session.scalar(found) or 0


def _to(subject: Subject) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Reaction.subject_type == subject.type,
        Reaction.subject_id == subject.id,
        Reaction.kind.is_not(None),
    )


@lru_cache(maxsize=64)
def _statement(types: tuple[SubjectType, ...]) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement for these types, built once."""
    own = sa.func.max(sa.case((Reaction.user_id == VIEWER, 1), else_=0))
    among = sa.or_(
        *(
            sa.and_(Reaction.subject_type == type_, Reaction.subject_id.in_(literal_ids(type_)))
            for type_ in types
        )
    )
    columns = (Reaction.subject_type, Reaction.subject_id, Reaction.kind)
    return (
        sa.select(*columns, sa.func.count(), own)
        .where(among, Reaction.kind.is_not(None))
        .group_by(*columns)
    )
