"""One award of a user as its page shows it, with the evidence that others may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements import catalogue, metrics
from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.achievements.progress.public_badges import Badge
from trackflow_web.achievements.progress.queries import SONGS
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.models import User
from trackflow_web.domain.relations.models import Follow
from trackflow_web.domain.series.models import Series, Track
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.domain.visibility import Held, not_held, visible_to
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

# Lines of evidence on a page.
MOST_EVIDENCE = 10
# Followed users on the page of an achievement.
MOST_HOLDERS = 8


@dataclass(frozen=True)
class Evidence:
    """A counted object that is public: what it is called, its kind and id, and when it counted."""

    label: str
    subject_type: str
    subject_id: int
    at: datetime


@dataclass(frozen=True)
class ShownAward:
    """An award with its id, the badge, and whether others see it."""

    id: int
    badge: Badge
    is_public: bool


@dataclass(frozen=True)
class Holder:
    """A user who has an achievement, and since when."""

    user: User
    earned_at: datetime


def find_award(user_id: int, code: str, *, hidden_too: bool) -> ShownAward | None:
    """Return an award, `hidden_too` only for its owner; None when it was revoked."""
    found = (
        sa.select(UserAchievement, catalogue.VERSION)
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(
            UserAchievement.user_id == user_id,
            Achievement.code == code,
            UserAchievement.revoked_at.is_(None),
        )
    )
    if not hidden_too:
        found = found.where(
            UserAchievement.is_public, not_held(Held.ACHIEVEMENT, UserAchievement.id)
        )
    row = db.session.execute(found).one_or_none()
    if row is None:
        return None
    award, entry = row[0], catalogue.at(row.catalogue_version).get(code)
    badge = Badge(entry, award.earned_at, award.points, award.pin)
    return ShownAward(award.id, badge, award.is_public)


def followed_holders(code: str, viewer_id: int) -> Sequence[Holder]:
    """Return users whom the viewer follows and who show this achievement, the latest first."""
    rows = db.session.execute(
        sa.select(User, UserAchievement.earned_at)
        .join(Follow, Follow.followed_id == User.id)
        .join(UserAchievement, UserAchievement.user_id == User.id)
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(
            Follow.user_id == viewer_id,
            Achievement.code == code,
            UserAchievement.is_public,
            UserAchievement.revoked_at.is_(None),
            not_held(Held.ACHIEVEMENT, UserAchievement.id),
            visible_to(viewer_id),
        )
        .order_by(UserAchievement.earned_at.desc(), User.id)
        .limit(MOST_HOLDERS)
    )
    return [Holder(*row) for row in rows]


@dataclass(frozen=True)
class PublicHolder:
    """A public award of a user whom everyone sees."""

    award_id: int
    username: str
    shown_name: str
    earned_at: datetime


def latest_public_holders(code: str, *, limit: int) -> Sequence[PublicHolder]:
    """Return the latest holders of an achievement whom visitors see, the latest first."""
    rows = db.session.execute(
        sa.select(User, UserAchievement.id, UserAchievement.earned_at)
        .join(UserAchievement, UserAchievement.user_id == User.id)
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(
            Achievement.code == code,
            UserAchievement.is_public,
            UserAchievement.revoked_at.is_(None),
            not_held(Held.ACHIEVEMENT, UserAchievement.id),
            visible_to(None),
        )
        .order_by(UserAchievement.earned_at.desc(), UserAchievement.id.desc())
        .limit(limit)
    )
    return [
        PublicHolder(award_id, user.username, user.shown_name, earned_at)
        for user, award_id, earned_at in rows
    ]


def evidence_of(user_id: int, badge: Badge) -> Sequence[Evidence]:
    """Return the first counted objects that others may see, oldest first.

    These are releases, and packs and albums with one. What else was counted is left out.
    """
    metric = metrics.BY_NAME.get(badge.entry.metric or "")
    if metric is None:
        return []
    rows = metric.rows
    counted = (
        rows.where(rows.selected_columns.user_id == user_id)
        .order_by(rows.selected_columns.at, rows.selected_columns.subject_id)
        .limit(badge.entry.threshold)
        .subquery()
    )
    release, label = _release_of(counted, user_id)
    found = (
        sa.select(label, counted.c.subject_type, counted.c.subject_id, counted.c.at)
        .outerjoin_from(counted, release, release.c.id == counted.c.subject_id)
        .where(_is_public(counted, release))
        .order_by(counted.c.at, counted.c.subject_id)
        .limit(MOST_EVIDENCE)
    )
    return [Evidence(*row) for row in db.session.execute(found)]


def _release_of(counted: sa.Subquery, user_id: int) -> tuple[sa.Subquery, sa.ColumnElement[str]]:
    """Return the user's releases, and the label of a counted object.

    That of a song is made anew: its owner's label of a collaboration names somebody else.
    """
    name = Song.title + " \N{EM DASH} " + Song.artist
    release = (
        sa.select(Song.id, name.label("name"))
        .where(
            Song.user_id == user_id,
            Song.status == Status.RELEASED,
            not_held(Held.RELEASE, Song.id),
        )
        .subquery()
    )
    label = sa.case((counted.c.subject_type == "song", release.c.name), else_=counted.c.label)
    return release, label


def _is_public(counted: sa.Subquery, release: sa.Subquery) -> sa.ColumnElement[bool]:
    """Return the condition that a counted object is a release or contains one."""
    subject_id = counted.c.subject_id
    released = sa.and_(Song.status == Status.RELEASED, not_held(Held.RELEASE, Song.id))
    pack = sa.exists().where(
        Pack.id == subject_id, not_held(Held.PACK, Pack.id), Song.pack_id == Pack.id, released
    )
    album = sa.exists().where(
        Series.id == subject_id,
        not_held(Held.SERIES, Series.id),
        Track.series_id == Series.id,
        Track.song_id == Song.id,
        released,
    )
    return sa.or_(
        sa.and_(counted.c.subject_type.in_(SONGS), release.c.id.is_not(None)),
        sa.and_(counted.c.subject_type == "pack", pack),
        sa.and_(counted.c.subject_type == "series", album),
    )
