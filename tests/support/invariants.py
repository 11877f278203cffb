"""Invariants after every test: no award is lost, duplicated or missed, and no counter is wrong."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.awards.holder_changes import IS_COUNTED
from trackflow_web.achievements.events import AchievementUnlocked
from trackflow_web.achievements.holder_models import HolderCount
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.achievements.recheck.reconcile import find
from trackflow_web.community import groups, keeping, projection
from trackflow_web.community.grouping import Group
from trackflow_web.domain.collaborations.models import Collaboration, Invitation
from trackflow_web.domain.collaborations.rules import State
from trackflow_web.domain.comments.models import Comment
from trackflow_web.domain.feedback.models import Feedback
from trackflow_web.domain.moderation.models import Report
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.models import User
from trackflow_web.domain.relations.models import Mute, Muted
from trackflow_web.domain.series.models import Series
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.streaks.actions import CHARTING, charter_of
from trackflow_web.domain.streaks.models import ChartingWeek
from trackflow_web.domain.streaks.rules import monday_of
from trackflow_web.domain.visibility.models import Held, Hold
from trackflow_web.kernel.database import db
from trackflow_web.kernel.events import Event
from trackflow_web.notifications.models import (
    Channel,
    Notification,
    NotificationSetting,
    NotificationVersion,
)
from trackflow_web.notifications.types import Type

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime

    from flask import Flask


def assert_nothing_forgotten(app: Flask, user_ids: Sequence[int] | None = None) -> None:
    """For these users (None: everyone), a full recheck grants nothing and corrects nothing."""
    with app.app_context():
        found = find(user_ids)
    assert not found.awards, f"due but not granted: {found.awards}"
    assert not found.completions, f"completed but not recorded: {found.completions}"
    assert not found.value_drift, f"distinct values differ from the songs: {found.value_drift}"
    assert not found.drift, f"counters differ from their source rows: {found.drift}"
    assert not found.period_drift, f"period counters differ from them: {found.period_drift}"
    assert not found.score_drift, f"leaderboard scores differ from them: {found.score_drift}"


# Two units of work that wait for each other last no longer.
AT_ONCE = timedelta(seconds=5)


def assert_charting_weeks_follow_from_events(app: Flask) -> None:
    """Every charting event lies in a week of its user, and every week has an event."""
    with app.app_context():
        names = [each.event_name for each in CHARTING]
        done = [
            (charter_of(event), event.created_at)
            for event in db.session.scalars(sa.select(Event).where(Event.name.in_(names)))
        ]
        weeks = db.session.execute(
            sa.select(ChartingWeek.user_id, ChartingWeek.week, ChartingWeek.at)
        ).all()
    by_user: dict[int, list[tuple[date, datetime]]] = defaultdict(list)
    for user_id, week, at in weeks:
        by_user[user_id].append((week, at))
        assert (user_id, at) in done, f"a week without an event: {user_id} {week}"
    for user_id, at in done:
        # In whatever zone the user was then. Of two units of work at once the later event may be
        # committed first, and tells the week.
        mondays = {monday_of((at + timedelta(hours=hours)).date()) for hours in (-12, 0, 14)}
        known = by_user[user_id] if user_id else [(min(mondays), at)]
        assert any(week in mondays and first <= at + AT_ONCE for week, first in known), (
            f"an event without a week: {user_id} at {at}"
        )


def assert_collaborators_have_accepted(app: Flask) -> None:
    """No user collaborates on a song whose invitation is pending, declined or left."""
    with app.app_context():
        without = db.session.execute(
            sa.select(Invitation.song_id, Invitation.invitee_id, Invitation.state)
            .join(
                Collaboration,
                sa.and_(
                    Collaboration.song_id == Invitation.song_id,
                    Collaboration.user_id == Invitation.invitee_id,
                ),
            )
            .where(Invitation.state != State.ACCEPTED)
        ).all()
    assert not without, f"collaborators without a yes: {without}"


def assert_feed_is_as_rebuilt(app: Flask) -> None:
    """The feed is what a rebuild from the source rows gives, of all that happened by events.

    Rows that a test writes itself have no events, and so no entries before a rebuild.
    """
    with app.app_context():
        user_ids = db.session.scalars(sa.select(User.id)).all()
        stored = projection.stored_of(user_ids)
        if not stored and not _has_events():
            return
        found = groups.of_users(user_ids)
        wrong = {
            key: (stored.get(key), projection.expected_of(found[key]) if key in found else None)
            for key in projection.differences(stored, found)
        }
        without_event = {
            key
            for key in wrong
            if key not in stored
            and (keeping.may_be_missing(found[key]) or not _happened_by_event(found[key]))
        }
    wrong = {key: value for key, value in wrong.items() if key not in without_event}
    assert not wrong, f"feed entries differ from the source rows: {wrong}"


def assert_stored_holders_are_shown(app: Flask) -> None:
    """Stored holder counts contain nobody who does not show the achievement now."""
    with app.app_context():
        stored = dict(db.session.execute(_STORED_HOLDERS).all())
        shown = dict(db.session.execute(_SHOWN_HOLDERS).all()) if stored else {}
    wrong = {key: (n, shown.get(key, 0)) for key, n in stored.items() if n > shown.get(key, 0)}
    assert not wrong, f"stored and shown holders: {wrong}"


_STORED_HOLDERS = (
    sa.select(HolderCount.achievement_id, sa.func.sum(HolderCount.n))
    .where(HolderCount.achievement_id.is_not(None))
    .group_by(HolderCount.achievement_id)
)
_SHOWN_HOLDERS = (
    sa.select(UserAchievement.achievement_id, sa.func.count())
    .where(IS_COUNTED)
    .group_by(UserAchievement.achievement_id)
)

_EVENTS = {
    "release": ("song_released", "songs_imported"),
    "achievement": ("achievement_unlocked",),
    "pack": ("pack_created",),
    "series": ("series_created",),
}
_ALL_EVENTS = [name for names in _EVENTS.values() for name in names]


def _has_events() -> bool:
    found = sa.select(Event.id).where(Event.name.in_(_ALL_EVENTS)).limit(1)
    return db.session.scalar(found) is not None


def _happened_by_event(group: Group) -> bool:
    found = sa.select(Event.id).where(
        Event.user_id == group.actor_id,
        Event.name.in_(_EVENTS[group.kind]),
        Event.delivered_at.is_not(None),
    )
    if group.kind in {"pack", "series"} or group.key.startswith("song:"):
        found = found.where(Event.subject_id == group.subject_id)
    return db.session.scalar(found.limit(1)) is not None


def assert_notifications_are_whole(app: Flask) -> None:
    """Every row has a version that its user's bell knows, and every unlock has its row.

    Rows that their users delete are there for ten minutes, so that it can be undone.
    """
    with app.app_context():
        unknown = db.session.execute(_UNKNOWN_VERSIONS).all()
        unlocked = dict(db.session.execute(UNLOCKED).all())
        told = dict(db.session.execute(TOLD).all())
    assert not unknown, f"notifications whose version the bell does not know: {unknown}"
    missing = {user: n for user, n in unlocked.items() if n > told.get(user, 0)}
    assert not missing, f"unlocked without a notification: {missing}, told: {told}"


_UNKNOWN_VERSIONS = (
    sa.select(Notification.id, Notification.version, NotificationVersion.n)
    .outerjoin(NotificationVersion, NotificationVersion.user_id == Notification.user_id)
    .where(
        sa.or_(
            NotificationVersion.n.is_(None),
            Notification.version < 1,
            Notification.version > NotificationVersion.n,
        )
    )
)
# Those that are awards still, of users who want to be told.
UNLOCKED = (
    # A grant that was undone and given again is one award.
    sa.select(Event.user_id, sa.func.count(Event.subject_id.distinct()))
    .join(
        UserAchievement,
        sa.and_(
            UserAchievement.user_id == Event.user_id,
            UserAchievement.achievement_id == Event.subject_id,
        ),
    )
    .where(
        Event.name == AchievementUnlocked.event_name,
        Event.delivered_at.is_not(None),
        ~sa.exists().where(
            NotificationSetting.user_id == Event.user_id,
            NotificationSetting.type == Type.ACHIEVEMENT_UNLOCKED,
            NotificationSetting.channel == Channel.SITE,
        ),
    )
    .group_by(Event.user_id)
)
TOLD = (
    sa.select(Notification.user_id, sa.func.sum(Notification.n))
    .where(Notification.type == Type.ACHIEVEMENT_UNLOCKED)
    .group_by(Notification.user_id)
)


def assert_nothing_refers_to_what_is_gone(app: Flask) -> None:
    """Every hold, open report and mute is of something that is there, or was just deleted.

    What is deleted has its id with a minus sign, until it cannot be restored any more.
    """
    with app.app_context():
        dangling = db.session.execute(_DANGLING).all()
    assert not dangling, f"of what is not there any more: {dangling}"


_TABLES: dict[str, Any] = {
    Held.PROFILE: User,
    Held.RELEASE: Song,
    Held.ACHIEVEMENT: UserAchievement,
    Held.PACK: Pack,
    Held.SERIES: Series,
    Held.COMMENT: Comment,
    Held.FEATURE_REQUEST: Feedback,
    Held.BUG_REPORT: Feedback,
}
_MUTED: dict[str, Any] = {
    Muted.PERSON: User,
    Muted.SONG: Song,
    Muted.PACK: Pack,
    Muted.FEATURE: Feedback,
    Muted.BUG: Feedback,
}


def _dangling() -> Iterator[sa.Select[Any]]:
    is_open = Report.state == "open"
    for row, tables in ((Hold, _TABLES), (Report, _TABLES), (Mute, _MUTED)):
        kind = row.kind if row is Mute else row.subject_type
        id_ = row.target_id if row is Mute else row.subject_id
        for name, table in tables.items():
            is_there = sa.exists().where(table.id == id_)
            which = sa.and_(kind == name, id_ > 0, ~is_there)
            if row is Report:
                which = sa.and_(which, is_open)
            yield sa.select(sa.literal(row.__tablename__), kind, id_).where(which)


_DANGLING = sa.union_all(*_dangling())
