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
    return _late_reason(user_id)


def _late_reason(user_id: int) -> Reason:
    """Return why a user has what they had earned before."""
    is_import = user_id in db.session().info.get(_IMPORTED, ())
    return Reason.IMPORTED if is_import else Reason.RECHECKED


def _revoked(event: Event, payload: AchievementRevoked) -> Notice:
    return _notice(
        event,
        Type.ACHIEVEMENT_REVOKED,
        str(event.subject_id),
        ("achievement", event.subject_id),
        Reason.REVOKED,
        {"codes": [payload.code]},
    )


def _level(event: Event, payload: LevelReached) -> Notice:
    subject, data = ("level", payload.level), {"level": payload.level}
    return _notice(event, Type.LEVEL_REACHED, str(payload.level), subject, Reason.EARNED, data)


def _completed(event: Event, payload: CategoryCompleted | CategoriesBackfilled) -> Notice:
    if isinstance(payload, CategoryCompleted):
        categories, editions, is_late = [payload.category], [payload.edition], payload.late
    else:
        categories, editions, is_late = [*payload.categories], [*payload.editions], True
    return _notice(
        event,
        Type.CATEGORY_COMPLETED,
        f"{categories[0]}:{editions[0]}",
        ("category", event.user_id),
        _late_reason(event.user_id) if is_late else Reason.EARNED,
        {"categories": categories, "editions": editions, "points": payload.points},
        n=len(categories),
    )


def _notice(
    event: Event,
    type_: Type,
    key: str,
    subject: tuple[str, int],
    reason: Reason,
    data: dict[str, Any],
    *,
    n: int = 1,
) -> Notice:
    """Return a notice for the user of an event; those of one type and key are one row."""
    subject_type, subject_id = subject
    return Notice(
        type=type_,
        audience=Audience.USER,
        group=f"{type_}:{key}",
        at=event.created_at,
        event_key=key_of(event),
        subject_type=subject_type,
        subject_ids=(subject_id,),
        owner_id=event.user_id,
        reason=reason,
        n=n,
        data=data,
    )
