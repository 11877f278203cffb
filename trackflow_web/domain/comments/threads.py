"""What becomes of comments and reactions when their subject or their author goes.

Subjects are in several tables, so no foreign key deletes what refers to them. A deleted song or
pack may be restored for some minutes: until then its comments and reactions have its id with a
minus sign, which no subject has, so that another row that gets the id does not get them.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.comments import rules
from trackflow_web.domain.comments.events import CommentDeleted, CommentRemoved
from trackflow_web.domain.comments.models import (
    DETACHED,
    Comment,
    CommentClosing,
    CommentEdit,
    Mention,
    Remover,
)
from trackflow_web.domain.moderation import gone
from trackflow_web.domain.packs.events import PackDeleted, PackRestored
from trackflow_web.domain.reactions.models import Reaction
from trackflow_web.domain.songs.events import SongDeleted, SongRestored
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.domain.undo.models import UndoStep
from trackflow_web.domain.visibility import Held
from trackflow_web.kernel import clock, markup
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trackflow_web.kernel.events import Event

_TABLES: tuple[Any, ...] = (Comment, CommentClosing, Reaction)
_GONE = {SongDeleted: SubjectType.RELEASE, PackDeleted: SubjectType.PACK}
_BACK = {SongRestored: SubjectType.RELEASE, PackRestored: SubjectType.PACK}
# The steps that restore them.
_UNDO_STEPS = ("songs_deleted", "pack_deleted")
# What the place of a comment says of somebody whose account is deleted.
DELETED_NAME = "@deleted"


def handle(events: Sequence[Event]) -> None:
    """Detach what belongs to deleted songs and packs, attach it when they are restored."""
    ids_gone: dict[SubjectType, list[int]] = defaultdict(list)
    for event in events:
        payload_type = type(event.payload)
        if payload_type in _GONE:
            ids_gone[_GONE[payload_type]].append(event.subject_id)
        elif payload_type in _BACK:
            _move(_BACK[payload_type], [-event.subject_id])
        elif isinstance(event.payload, CommentDeleted | CommentRemoved):
            gone.forget(Held.COMMENT, [event.payload.comment_id])
    for type_, ids in ids_gone.items():
        _forget(type_, [-id_ for id_ in ids])  # of an earlier row that had this id
        _move(type_, ids)


def forget(type_: SubjectType, ids: Sequence[int] | sa.Select[Any]) -> None:
    """Delete the comments on subjects that are gone for good, and what else refers to them."""
    _forget(type_, ids)
    gone.forget(Held(type_), ids)


def prune() -> None:
    """Delete what belongs to songs and packs that cannot be restored any more."""
    restoring = sa.select(UndoStep.id).where(UndoStep.kind.in_(_UNDO_STEPS))
    if db.session.scalar(restoring.limit(1)) is not None:
        return  # a step may yet restore it; the next run is a minute later
    gone.forget(Held.COMMENT, sa.select(Comment.id).where(DETACHED))
    for table in _TABLES:
        which = DETACHED if table is not CommentClosing else CommentClosing.subject_id < 0
        _delete(table, which)


def _move(type_: SubjectType, ids: Sequence[int]) -> None:
    for table in _TABLES:
        db.session.execute(
            sa.update(table)
            .where(table.subject_type == type_, table.subject_id.in_(ids))
            .values(subject_id=-table.subject_id)
            .execution_options(synchronize_session=False)
        )


def _forget(type_: SubjectType, ids: Iterable[int] | sa.Select[Any]) -> None:
    comments = sa.select(Comment.id).where(
        Comment.subject_type == type_, Comment.subject_id.in_(ids)
    )
    _delete(
        Reaction, Reaction.subject_type == SubjectType.COMMENT, Reaction.subject_id.in_(comments)
    )
    gone.forget(Held.COMMENT, comments)
    for table in _TABLES:
        _delete(table, table.subject_type == type_, table.subject_id.in_(ids))


def _delete(table: Any, *which: Any) -> None:  # noqa: ANN401 -- any table, any conditions
    db.session.execute(sa.delete(table).where(*which).execution_options(synchronize_session=False))


# --- a deleted account ---------------------------------------------------------------------------


def forget_author(user_id: int, username: str) -> None:
    """Delete a user's comments; of those with replies the place stays, without the name.

    Their names in comments of others that mention them go, too.
    """
    _lock_comments(user_id)
    own = Comment.user_id == user_id
    reply = sa.orm.aliased(Comment)
    has_replies = sa.exists().where(
        reply.parent_id == Comment.id, sa.or_(reply.user_id.is_(None), reply.user_id != user_id)
    )
    own_ids = sa.select(Comment.id).where(own)
    _delete(Reaction, Reaction.subject_type == SubjectType.COMMENT,
            Reaction.subject_id.in_(own_ids))  # fmt: skip
    gone.forget(Held.COMMENT, own_ids)
    for table in (CommentEdit, Mention):
        _delete(table, table.comment_id.in_(own_ids))
    kept = db.session.scalars(sa.select(Comment.id).where(own, has_replies)).all()
    db.session.execute(
        sa.update(Comment)
        .where(Comment.id.in_(kept))
        .values(
            user_id=None,
            body="",
            html="",
            html_version=markup.VERSION,
            deleted_at=clock.now(),
            deleted_by=Remover.ACCOUNT,
            held_until=None,
        )
        .execution_options(synchronize_session=False)
    )
    parents = db.session.scalars(
        sa.select(Comment.parent_id).where(own, Comment.parent_id.is_not(None)).distinct()
    ).all()
    _delete(Comment, own)
    left = sa.exists().where(reply.parent_id == Comment.id)
    _delete(Comment, Comment.id.in_(parents), ~left,
            Comment.deleted_by.in_((Remover.AUTHOR, Remover.ACCOUNT)))  # fmt: skip
    _remove_name(user_id, username)


def _lock_comments(user_id: int) -> None:
    """Lock the user's comments, so that replies to them wait."""
    if db.engine.dialect.name == "sqlite":  # a writing transaction holds the whole file
        return
    own = sa.select(Comment.id).where(Comment.user_id == user_id).order_by(Comment.id)
    db.session.execute(own.with_for_update())


def _remove_name(user_id: int, username: str) -> None:
    mentioning = sa.select(Mention.comment_id).where(Mention.user_id == user_id)
    for comment in db.session.scalars(sa.select(Comment).where(Comment.id.in_(mentioning))):
        comment.body = rules.without_mention(comment.body, username, DELETED_NAME)
        comment.html, comment.html_version = markup.to_html(comment.body), markup.VERSION
    for version in db.session.scalars(
        sa.select(CommentEdit).where(CommentEdit.comment_id.in_(mentioning))
    ):
        version.body = rules.without_mention(version.body, username, DELETED_NAME)
    db.session.flush()
