"""Withdrawing: the undo of an action takes back what is unread of its notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.kernel.database import db
from trackflow_web.notifications import versions
from trackflow_web.notifications.models import UNREAD, Notification
from trackflow_web.notifications.recipients import Audience, recipients
from trackflow_web.notifications.types import POPULAR_AT, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def release(owner_id: int, song_id: int) -> None:
    """Withdraw a release: the song is not Released any more, or gone."""
    for audience in (Audience.RELEASE, Audience.SONG):
        found = recipients(audience)
        _take_out(
            Notification.user_id.in_(sa.select(found.c.user_id)),
            (Type.NEW_RELEASE, Type.COLLABORATED_SONG_RELEASED),
            Notification.subject_ids,
            song_id,
            {"owner_id": owner_id, "subject_id": song_id},
        )


def collaboration(user_id: int, song_id: int) -> None:
    """Withdraw what a user was told about a song that they no longer work on."""
    own = Notification.user_id == user_id
    _take_out(own, (Type.COLLABORATION_ADDED,), Notification.subject_ids, song_id)
    _delete(
        own,
        Notification.type.in_((Type.COLLABORATION_SONG_UPDATED, Type.COLLABORATED_SONG_RELEASED)),
        Notification.subject_ids == f",{song_id},",
    )


def invitation(user_id: int, group: str) -> None:
    """Withdraw an invitation that was withdrawn."""
    _delete(Notification.user_id == user_id, Notification.group_key == group)


def follower(user_id: int, follower_id: int) -> None:
    """Withdraw that somebody follows the user."""
    own = Notification.user_id == user_id
    _take_out(own, (Type.NEW_FOLLOWER,), Notification.actor_ids, follower_id)


def between(user_id: int, person_id: int) -> None:
    """Withdraw what two users were told of each other: one has blocked the other."""
    for one, other in ((user_id, person_id), (person_id, user_id)):
        own = Notification.user_id == one
        _delete(own, Notification.actor_ids == f",{other},")
        _take_out(own, Type, Notification.actor_ids, other)


def popular(feature_id: int, above: int, author_id: int) -> None:
    """Withdraw thresholds of votes that a request no longer reaches."""
    keys = [f"{Type.FEATURE_REQUEST_POPULAR}:{feature_id}:{n}" for n in POPULAR_AT if n > above]
    _delete(Notification.user_id == author_id, Notification.group_key.in_(keys))


def revocation(user_id: int, achievement_id: int) -> None:
    """Withdraw a revocation: the award was restored."""
    own = Notification.user_id == user_id
    _take_out(own, (Type.ACHIEVEMENT_REVOKED,), Notification.subject_ids, achievement_id)


def unlocks(user_id: int, codes: Iterable[str]) -> None:
    """Withdraw unlocks of achievements that an undone import took back, all of them together."""
    gone = set(codes)
    rows = db.session.execute(
        sa.select(Notification.id, Notification.metadata_json).where(
            Notification.user_id == user_id,
            UNREAD,
            Notification.type == Type.ACHIEVEMENT_UNLOCKED,
        )
    )
    ids = [row.id for row in rows if gone.issuperset(row.metadata_json.get("codes", ()))]
    if ids:
        _delete(Notification.user_id == user_id, Notification.id.in_(ids))


def reaction(owner_id: int, group: str, user_id: int) -> None:
    """Withdraw a reaction that was taken back; the row goes if it holds nobody else."""
    own = sa.and_(Notification.user_id == owner_id, Notification.group_key == group)
    _take_out(own, (Type.REACTION,), Notification.actor_ids, user_id)


def comment(groups: Mapping[int, str], mention_group: str) -> None:
    """Withdraw a comment from the rows of these users, and the mentions in it."""
    _delete(Notification.type == Type.MENTION, Notification.group_key == mention_group)
    for user_id, group in sorted(groups.items()):
        row = db.session.execute(
            sa.update(Notification)
            .where(Notification.user_id == user_id, UNREAD, Notification.group_key == group)
            .values(n=Notification.n - 1)
            .returning(Notification.id, Notification.n)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if row is not None:
            versions.touch(user_id, [row.id])
            if row.n <= 0:
                _delete(Notification.id == row.id)


def _take_out(
    whose: sa.ColumnElement[bool],
    types: Iterable[Type],
    column: sa.orm.InstrumentedAttribute[str],
    id_: int,
    parameters: dict[str, Any] | None = None,
) -> None:
    """Take one subject or actor out of unread rows; delete those that have none left."""
    rows = db.session.execute(
        sa.update(Notification)
        .where(whose, UNREAD, Notification.type.in_(types), column.like(f"%,{id_},%"))
        .values(
            {column: sa.func.replace(column, f",{id_},", ","), Notification.n: Notification.n - 1}
        )
        .returning(Notification.id, Notification.user_id, Notification.n)
        .execution_options(synchronize_session=False),
        parameters or {},
    ).all()
    for row in rows:
        versions.touch(row.user_id, [row.id])
    if gone := [row.id for row in rows if row.n <= 0]:
        _delete(Notification.id.in_(gone))


def _delete(*which: sa.ColumnElement[bool]) -> None:
    gone = db.session.scalars(
        sa.delete(Notification)
        .where(*which, UNREAD)
        .returning(Notification.user_id)
        .execution_options(synchronize_session=False)
    ).all()
    for user_id in gone:
        versions.touch(user_id)
