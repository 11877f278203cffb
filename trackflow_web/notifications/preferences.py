"""What a user wants to be notified of, where, and how often by mail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from trackflow_web.domain.people.models import Announced
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.database import db, upsert
from trackflow_web.kernel.errors import Checks, Invalid
from trackflow_web.kernel.text import YesOrNo
from trackflow_web.notifications import bell
from trackflow_web.notifications.models import (
    Channel,
    Digest,
    NotificationPreferences,
    NotificationSetting,
)
from trackflow_web.notifications.types import TYPES, Type, default_of

if TYPE_CHECKING:
    from trackflow_web.domain.people.models import User

DIGEST_HOUR = 8
MONDAY = 0
Switches = Mapping[tuple[Type, Channel], bool]


def preferences_of(user_id: int) -> NotificationPreferences:
    """Return a user's preferences; the defaults where nothing was chosen."""
    found = db.session.get(NotificationPreferences, user_id)
    return found or NotificationPreferences(
        user_id=user_id, one_line_each=False, digest=Digest.NEVER
    )


def switches_of(user: User) -> Switches:
    """Return whether each type is on, for each channel."""
    rows = db.session.scalars(
        sa.select(NotificationSetting).where(NotificationSetting.user_id == user.id)
    )
    chosen = {(row.type, row.channel): row.is_on for row in rows}
    switches = {
        (type_, channel): chosen.get((type_, channel), default_of(type_, channel))
        for type_ in TYPES
        for channel in Channel
    }
    # Toasts of achievements have a setting of their own, with one more choice.
    switches[Type.ACHIEVEMENT_UNLOCKED, Channel.TOAST] = user.toasts != Announced.NONE
    return switches


def is_on(user_id: int, type_: Type, channel: Channel) -> bool:
    """Return whether a type is on a channel."""
    found = db.session.get(NotificationSetting, (user_id, type_, channel))
    return default_of(type_, channel) if found is None else found.is_on


def change(user: User, changes: Mapping[str, object], *, base_url: str) -> None:
    """Change switches (`site:new_release` ...), `digest` and `one_line_each`; others stay.

    Raises Invalid naming every field that is refused.
    """
    check = Checks()
    switches = {
        (type_, channel): check(text.choice, changes[name], name, YesOrNo)
        for type_ in TYPES
        for channel in Channel
        if (name := f"{channel}:{type_}") in changes
    }
    digest = (
        check(text.choice, changes["digest"], "digest", Digest) if "digest" in changes else None
    )
    split = (
        check(text.choice, changes["one_line_each"], "one_line_each", YesOrNo)
        if "one_line_each" in changes
        else None
    )
    check.finish()
    for (type_, channel), wanted in switches.items():
        set_channel(user, type_, channel, is_on=wanted is YesOrNo.YES)
    if split is not None or digest is not None:
        _change_row(user, digest, split, base_url)


def set_channel(user: User, type_: Type, channel: Channel, *, is_on: bool) -> None:
    """Set whether a type is on a channel; only what differs from the default is stored."""
    if (type_, channel) == (Type.ACHIEVEMENT_UNLOCKED, Channel.TOAST):
        if is_on != (user.toasts != Announced.NONE):
            user.toasts = Announced.ALL if is_on else Announced.NONE
        return
    if TYPES[type_].is_fixed and channel is Channel.SITE:
        if not is_on:
            raise Invalid(**{f"{channel}:{type_}": "This can't be switched off."})
        return
    key = {"user_id": user.id, "type": type_, "channel": channel}
    if is_on == default_of(type_, channel):
        table = NotificationSetting
        db.session.execute(
            sa.delete(table)
            .where(table.user_id == user.id, table.type == type_, table.channel == channel)
            .execution_options(synchronize_session=False)
        )
        return
    statement = upsert(NotificationSetting).values(**key, is_on=is_on)
    db.session.execute(
        statement.on_conflict_do_update(index_elements=list(key), set_={"is_on": is_on})
    )


def _change_row(user: User, digest: Digest | None, split: YesOrNo | None, base_url: str) -> None:
    row = db.session.get(NotificationPreferences, user.id, with_for_update=True)
    if row is None:
        row = preferences_of(user.id)
        db.session.add(row)
    if split is not None:
        row.one_line_each = split is YesOrNo.YES
    if digest is not None and digest != row.digest:
        set_digest(row, digest, ZoneInfo(user.timezone))
        row.base_url = base_url


def set_digest(row: NotificationPreferences, digest: Digest, zone: ZoneInfo) -> None:
    """Set how often digests come; the first one begins with what comes from now on."""
    if row.digest == Digest.NEVER:
        row.mailed_version = bell.version_of(row.user_id)
    row.digest = digest
    row.due_at = None if digest is Digest.NEVER else next_due(digest, clock.now(), zone)


def next_due(digest: Digest, now: datetime, zone: ZoneInfo) -> datetime:
    """Return when the next digest is due: in the morning, a weekly one on Monday."""
    local = now.astimezone(zone)
    due = local.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0)
    while due <= local or (digest is Digest.WEEKLY and due.weekday() != MONDAY):
        due += timedelta(days=1)
    return due
