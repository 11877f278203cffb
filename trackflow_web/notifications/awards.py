"""Notices of what users have earned: achievements, levels, completed categories.

What an action or an import unlocks is one row.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from typing import TYPE_CHECKING, Any, cast

from trackflow_web.achievements.events import (
    AchievementRevoked,
    AchievementsBackfilled,
    AchievementUnlocked,
    CategoriesBackfilled,
    CategoryCompleted,
    LevelReached,
)
from trackflow_web.domain import events
from trackflow_web.kernel.database import db
from trackflow_web.notifications import versions
from trackflow_web.notifications.notices import Notice, key_of
from trackflow_web.notifications.recipients import Audience
from trackflow_web.notifications.types import Reason, Type

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trackflow_web.kernel.events import Event

_UNLOCKED = "achievements unlocked in this unit of work"
_IMPORTED = "users whose import this unit of work contains"


def notices_of(recorded: Sequence[Event]) -> Iterator[Notice]:
    """Return what to tell the users of these events that they have earned."""
    by_user: dict[int, list[Event]] = defaultdict(list)
    for event in recorded:
        if isinstance(event.payload, events.SongsImported):
            db.session().info.setdefault(_IMPORTED, set()).add(event.user_id)
        elif isinstance(event.payload, AchievementUnlocked | AchievementsBackfilled):
            by_user[event.user_id].append(event)
            # Its toast waits, even if its user wants no notification.
            versions.touch(event.user_id)
        elif isinstance(event.payload, AchievementRevoked):
            yield _revoked(event, event.payload)
        elif isinstance(event.payload, LevelReached):
            yield _level(event, event.payload)
        elif isinstance(event.payload, CategoryCompleted | CategoriesBackfilled):
            yield _completed(event, event.payload)
    for user_id in sorted(by_user):
        yield _unlock(user_id, by_user[user_id])


def _unlock(user_id: int, unlocked: Sequence[Event]) -> Notice:
    """Return the notice of what a user has unlocked in this round of the unit of work.

    Later rounds of it (the completionist) go to the same row.
    """
    info = db.session().info.setdefault(_UNLOCKED, {})
    group, codes, ids = info.setdefault(user_id, (f"unlock:{secrets.token_hex(8)}", [], []))
    new = [code for event in unlocked for code in _codes(event)]
    codes += new
    ids += [event.subject_id for event in unlocked if event.subject_type == "achievement"]
    return Notice(
        type=Type.ACHIEVEMENT_UNLOCKED,
        audience=Audience.USER,
        group=group,
        at=unlocked[0].created_at,
        event_key=key_of(unlocked[0]),
        subject_type="achievement",
        subject_ids=tuple(ids) or (user_id,),
        owner_id=user_id,
        reason=_reason_of(user_id, unlocked),
        n=len(new),
        data={"codes": list(codes)},
    )


def _codes(event: Event) -> Sequence[str]:
    payload = cast("Any", event.payload)
    return payload.codes if isinstance(payload, AchievementsBackfilled) else [payload.code]


def _reason_of(user_id: int, unlocked: Sequence[Event]) -> Reason:
    if any(
        isinstance(event.payload, AchievementUnlocked) and event.payload.granted
        for event in unlocked
    ):
        return Reason.GRANTED
    if any(isinstance(event.payload, AchievementUnlocked) for event in unlocked):
        return Reason.EARNED
    is_import = user_id in db.session().info.get(_IMPORTED, ())
    return Reason.IMPORTED if is_import else Reason.RECHECKED


def _revoked(event: Event, payload: AchievementRevoked) -> Notice:
    return Notice(
        type=Type.ACHIEVEMENT_REVOKED,
        audience=Audience.USER,
        group=f"{Type.ACHIEVEMENT_REVOKED}:{event.subject_id}",
        at=event.created_at,
        event_key=key_of(event),
        subject_type="achievement",
        subject_ids=(event.subject_id,),
        owner_id=event.user_id,
        reason=Reason.REVOKED,
        data={"codes": [payload.code]},
    )


def _level(event: Event, payload: LevelReached) -> Notice:
    return Notice(
        type=Type.LEVEL_REACHED,
        audience=Audience.USER,
        group=f"{Type.LEVEL_REACHED}:{payload.level}",
        at=event.created_at,
        event_key=key_of(event),
        subject_type="level",
        subject_ids=(payload.level,),
        owner_id=event.user_id,
        reason=Reason.EARNED,
        data={"level": payload.level},
    )


def _completed(event: Event, payload: CategoryCompleted | CategoriesBackfilled) -> Notice:
    if isinstance(payload, CategoryCompleted):
        categories: tuple[str, ...] = (payload.category,)
        editions: tuple[str, ...] = (payload.edition,)
        is_late = payload.late
    else:
        categories, editions, is_late = payload.categories, payload.editions, True
    is_import = event.user_id in db.session().info.get(_IMPORTED, ())
    late = Reason.IMPORTED if is_import else Reason.RECHECKED
    return Notice(
        type=Type.CATEGORY_COMPLETED,
        audience=Audience.USER,
        group=f"{Type.CATEGORY_COMPLETED}:{categories[0]}:{editions[0]}",
        at=event.created_at,
        event_key=key_of(event),
        subject_type="category",
        subject_ids=(event.user_id,),
        owner_id=event.user_id,
        reason=late if is_late else Reason.EARNED,
        n=len(categories),
        data={
            "categories": list(categories),
            "editions": list(editions),
            "points": payload.points,
        },
    )
