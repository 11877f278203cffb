"""Notices of comments, mentions and reactions, and what they are about.

The subject of such a row is what may be muted: the song, the pack, the request. Its `metadata_json`
has the key of the thread, or of the award or comment that is not one, and the comment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from trackflow_web.domain import events
from trackflow_web.domain.comments.events import SUBJECTS, CommentPayload
from trackflow_web.domain.comments.numbers import behind_first_page
from trackflow_web.domain.subjects import Key, SubjectText, SubjectType, describe
from trackflow_web.notifications import withdraw
from trackflow_web.notifications.notices import Notice, key_of
from trackflow_web.notifications.recipients import Audience
from trackflow_web.notifications.types import REPLY_KEY, Reason, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trackflow_web.kernel.events import Event

TYPES = frozenset({Type.COMMENT, Type.MENTION, Type.REACTION})
_SUBJECT_TYPES = {name: type_ for type_, name in SUBJECTS.items()} | {
    "comment": SubjectType.COMMENT
}
# What the subject is called where it is muted.
_MUTED_AS = {SubjectType.RELEASE: "song", SubjectType.ACHIEVEMENT: "award"}


@dataclass(frozen=True)
class About:
    """What a row is about, as its user sees it, and the comment to show there, 0 without one.

    A `late` comment is on a later page of its thread.
    """

    described: SubjectText
    comment_id: int
    is_late: bool = False


def notices_of(event: Event) -> Iterator[Notice]:
    """Return the notices that follow from an event of comments or reactions."""
    match event.payload:
        case events.Commented() as payload:
            yield from _commented(event, payload)
        case events.UsersMentioned() as payload:
            for user_id in payload.user_ids:
                yield _notice(
                    event,
                    Type.MENTION,
                    user_id,
                    reason=Reason.MENTIONED,
                    group=_mention_group(payload.comment_id),
                    comment_id=payload.comment_id,
                )
        case events.Reacted(is_told=True) as payload:
            yield _notice(
                event,
                Type.REACTION,
                payload.owner_id,
                reason=Reason.YOURS,
                group=_reaction_group(event),
            )


def _commented(event: Event, payload: events.Commented) -> Iterator[Notice]:
    """The owner is told, and whom a reply is to; not twice, and not who is mentioned."""
    told = set(payload.mentioned)
    if payload.owner_id not in told and payload.owner_id != payload.parent_author_id:
        yield _notice(
            event,
            Type.COMMENT,
            payload.owner_id,
            reason=Reason.YOURS,
            group=_comment_group(event),
            comment_id=payload.comment_id,
        )
    if payload.parent_author_id is not None and payload.parent_author_id not in told:
        yield _notice(
            event,
            Type.COMMENT,
            payload.parent_author_id,
            reason=Reason.REPLIED,
            group=_reply_group(payload),
            comment_id=payload.comment_id,
        )


def _notice(
    event: Event, type_: Type, user_id: int, *, reason: Reason, group: str, comment_id: int = 0
) -> Notice:
    subject_type = _SUBJECT_TYPES[event.subject_type]
    return Notice(
        type=type_,
        audience=Audience.USER,
        group=group,
        at=event.created_at,
        event_key=key_of(event),
        subject_type=_MUTED_AS.get(subject_type, event.subject_type),
        subject_ids=(event.subject_id,),
        actor_id=event.actor_id,
        owner_id=user_id,
        reason=reason,
        data={"about": f"{subject_type}:{event.subject_id}", "comment": comment_id},
    )


# --- undone actions ------------------------------------------------------------------------------


def withdraw_undone(event: Event) -> None:
    """Withdraw what is unread of a reaction that was taken back, or of a comment that is gone."""
    match event.payload:
        case events.ReactionRemoved() as payload:
            withdraw.reaction(payload.owner_id, _reaction_group(event), event.user_id)
        case events.CommentDeleted() | events.CommentRemoved() as payload:
            _withdraw_comment(event, payload)


def _withdraw_comment(event: Event, payload: CommentPayload) -> None:
    groups = {payload.owner_id: _comment_group(event)}
    if payload.parent_author_id is not None:
        groups[payload.parent_author_id] = _reply_group(payload)
    withdraw.comment(groups, _mention_group(payload.comment_id))


def _comment_group(event: Event) -> str:
    return f"comment:{event.subject_type}:{event.subject_id}"


def _reply_group(payload: CommentPayload) -> str:
    return f"{REPLY_KEY}{payload.parent_id}"


def _mention_group(comment_id: int) -> str:
    return f"mention:{comment_id}"


def _reaction_group(event: Event) -> str:
    return f"reaction:{event.subject_type}:{event.subject_id}"


# --- reading -------------------------------------------------------------------------------------


def about(user_id: int, rows: Iterable[Any]) -> Mapping[int, About]:
    """Return what rows are about, by their ids, as far as their user sees it.

    In at most three statements: comments have a thread, and a page there; in none without such
    rows.
    """
    wanted = {
        row.id: key
        for row in rows
        if row.type in TYPES and (key := _key_in(row.metadata_json)) is not None
    }
    if not wanted:
        return {}
    found = describe(wanted.values(), user_id)
    threads = {
        key: _thread_of(each) for key, each in found.items() if key[0] == SubjectType.COMMENT
    }
    around = describe(threads.values(), user_id) if threads else {}
    comments = {row.id: row.metadata_json.get("comment", 0) for row in rows if row.id in wanted}
    shown: dict[int, tuple[SubjectText, int]] = {}
    for row_id, key in wanted.items():
        thread = around.get(threads[key]) if key in threads else found.get(key)
        if thread is not None:
            shown[row_id] = thread, key[1] if key in threads else comments[row_id]
    comment_ids = {comment_id for _, comment_id in shown.values() if comment_id}
    late = behind_first_page(comment_ids) if comment_ids else set()
    return {
        row_id: About(thread, comment_id, is_late=comment_id in late)
        for row_id, (thread, comment_id) in shown.items()
    }


def _key_in(data: Mapping[str, Any]) -> Key | None:
    type_, _, id_ = str(data.get("about", "")).partition(":")
    return (SubjectType(type_), int(id_)) if type_ in set(SubjectType) else None


def _thread_of(comment: SubjectText) -> Key:
    return cast("Key", _key_in({"about": comment.name}))
