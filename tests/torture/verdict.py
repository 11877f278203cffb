"""The verdict: journals of acknowledged actions compared with the database."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tests.support.invariants import TOLD, UNLOCKED
from tests.torture.told import look_at_notifications
from trackflow_web import composition
from trackflow_web.achievements import events
from trackflow_web.achievements.category_models import CategoryCompletion
from trackflow_web.achievements.levels import level_of
from trackflow_web.achievements.models import UserAchievement, UserStats
from trackflow_web.achievements.recheck import reconcile as recheck
from trackflow_web.achievements.standings.models import LeaderboardScore
from trackflow_web.community import groups, keeping, projection
from trackflow_web.domain.comments.models import Comment
from trackflow_web.domain.people.models import User
from trackflow_web.domain.reactions.models import Reaction
from trackflow_web.domain.relations.models import Follow
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel.database import db, dialect
from trackflow_web.kernel.events import Event
from trackflow_web.kernel.redelivery import redeliver

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flask import Flask

    from tests.torture.journal import Journal

SECONDS_TO_SHOW_ALL = 60


@dataclass
class Verdict:
    """The numbers of violations, which must be 0. `notes` names some of them."""

    lost: int = 0
    doubled: int = 0
    missed: int = 0
    toasts: int = 0
    pending: int = 0
    repeated: int = 0
    # How many things of each kind were there to compare.
    compared: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def blame(self, kind: str, things: Iterable[object]) -> None:
        """Count these things as `lost`, `doubled`, `missed` or `toasts`."""
        for thing in things:
            setattr(self, kind, getattr(self, kind) + 1)
            self.notes.append(f"{kind}: {thing}")


def judge(app: Flask, journals: Sequence[Journal]) -> Verdict:
    """Run maintenance, show all pending toasts, and compare everything."""
    verdict = Verdict()
    with app.app_context():
        _look_for_missed(verdict)
        _look_for_lost(verdict, journals)
        _look_for_lost_talk(verdict, journals)
        _look_for_doubled(verdict)
        _look_at_feed(verdict)
        _look_at_notices(verdict)
        look_at_notifications(verdict, [journal.visitor.user_id for journal in journals])
        _count_points(verdict)
        _show_what_waits(app, journals)
        _look_at_toasts(verdict, journals)
    return verdict


def _look_for_missed(verdict: Verdict) -> None:
    """Only users with pending events may miss something, and only until redelivery."""
    waiting = set(
        db.session.scalars(sa.select(Event.user_id).where(Event.delivered_at.is_(None)).distinct())
    )
    everybody = db.session.scalars(sa.select(User.id).order_by(User.id)).all()
    _plan(verdict, [user_id for user_id in everybody if user_id not in waiting])
    db.session.rollback()
    while heard := redeliver(composition.HANDLERS):
        verdict.pending += heard
    if waiting:
        _plan(verdict, sorted(waiting))
    db.session.rollback()


def _plan(verdict: Verdict, user_ids: Sequence[int]) -> None:
    """Return the findings of a recheck."""
    found = recheck.find(user_ids)
    drift = [*found.drift, *found.value_drift, *found.period_drift, *found.score_drift]
    behind = db.session.execute(
        sa.select(UserStats.user_id, UserStats.total_points, UserStats.level_best).where(
            UserStats.user_id.in_(user_ids)
        )
    )
    levels = [row for row in behind if row.level_best < level_of(row.total_points)]
    verdict.blame("missed", [*found.awards, *found.completions, *drift, *levels])


def _look_for_lost(verdict: Verdict, journals: Sequence[Journal]) -> None:
    if dialect() == "sqlite":
        damage = db.session.scalars(sa.text("PRAGMA integrity_check")).all()
        verdict.blame("lost", [] if damage == ["ok"] else damage)
    there = {
        (user_id, title): status
        for user_id, title, status in db.session.execute(
            sa.select(Song.user_id, Song.title, Song.status)
        )
    }
    for journal in journals:
        for title, status in journal.songs.items():
            stored = there.get((journal.visitor.user_id, title))
            if stored is None or status not in {None, stored}:
                verdict.blame("lost", [(journal.visitor.username, title, status, stored)])


def _look_for_lost_talk(verdict: Verdict, journals: Sequence[Journal]) -> None:
    """Comments and reactions that were acknowledged are there."""
    said = _pairs(sa.select(Comment.user_id, Comment.body))
    liked = _pairs(sa.select(Reaction.user_id, Reaction.subject_id))
    followed = _pairs(sa.select(Follow.user_id, Follow.followed_id))
    for journal in journals:
        user_id = journal.visitor.user_id
        comments = {(user_id, body) for body in journal.comments}
        reactions = {(user_id, song_id) for song_id in journal.reactions}
        follows = {(user_id, other_id) for other_id in journal.follows}
        verdict.blame("lost", sorted(comments - said) + sorted(reactions - liked))
        verdict.blame("lost", [("follows", *pair) for pair in sorted(follows - followed)])


def _pairs(rows: sa.Select[Any, Any]) -> set[tuple[Any, Any]]:
    return {(row[0], row[1]) for row in db.session.execute(rows)}


def _look_for_doubled(verdict: Verdict) -> None:
    unlocked = Event.name == events.AchievementUnlocked.event_name
    for columns, only in (
        ((Song.user_id, Song.artist_key, Song.title_key), sa.true()),
        ((UserAchievement.user_id, UserAchievement.achievement_id), sa.true()),
        ((Event.user_id, Event.subject_id), unlocked),
        ((Comment.user_id, Comment.subject_id, Comment.body), sa.true()),
    ):
        twice = sa.select(*columns).where(only).group_by(*columns).having(sa.func.count() > 1)
        verdict.blame("doubled", db.session.execute(twice).all())
    _look_for_doubled_levels(verdict)
    _look_at_completions(verdict)
    db.session.rollback()


def _look_for_doubled_levels(verdict: Verdict) -> None:
    """A level is reached once, however many actions reach it at the same time."""
    reached = db.session.execute(
        sa.select(Event.user_id, Event.data).where(Event.name == events.LevelReached.event_name)
    )
    times = Counter((row.user_id, row.data["level"]) for row in reached)
    verdict.blame("doubled", [("level", *key) for key, number in times.items() if number > 1])


def _look_at_completions(verdict: Verdict) -> None:
    """A completed category has one row and one event, however many actions complete it."""
    told: Counter[tuple[int, str, str]] = Counter()
    for row in db.session.execute(
        sa.select(Event.user_id, Event.data).where(
            Event.name == events.CategoryCompleted.event_name
        )
    ):
        told[row.user_id, row.data["category"], row.data["edition"]] += 1
    for row in db.session.execute(
        sa.select(Event.user_id, Event.data).where(
            Event.name == events.CategoriesBackfilled.event_name
        )
    ):
        told.update(
            (row.user_id, *pair)
            for pair in zip(row.data["categories"], row.data["editions"], strict=True)
        )
    stored = {
        tuple(row)
        for row in db.session.execute(
            sa.select(
                CategoryCompletion.user_id, CategoryCompletion.category, CategoryCompletion.edition
            )
        )
    }
    verdict.blame("lost", [("category", *key) for key in sorted(told.keys() - stored)])
    verdict.blame("missed", [("category event", *key) for key in sorted(stored - told.keys())])
    verdict.blame("doubled", [("category", *key) for key, number in told.items() if number > 1])


def _look_at_feed(verdict: Verdict) -> None:
    """The feed has each entry that the source rows are worth, once and as they are."""
    everybody = db.session.scalars(sa.select(User.id)).all()
    stored, found = projection.stored_of(everybody), groups.of_users(everybody)
    lost = [key for key in found.keys() - stored.keys() if not keeping.may_be_missing(found[key])]
    verdict.blame("lost", [("feed", key) for key in sorted(lost)])
    verdict.compared["feed entries"] += len(found)
    wrong = [
        key
        for key, entry in sorted(stored.items())
        if key not in found or entry != projection.expected_of(found[key])
    ]
    verdict.blame("doubled", [("feed", key) for key in wrong])
    db.session.rollback()


def _look_at_notices(verdict: Verdict) -> None:
    """Each unlock has its notification, and none tells of more than there is."""
    unlocked = dict(db.session.execute(UNLOCKED).all())
    told = dict(db.session.execute(TOLD).all())
    verdict.compared["notifications"] += sum(told.values())
    awards = _awards()
    db.session.rollback()
    for user_id in unlocked.keys() | told.keys():
        notified = told.get(user_id, 0)
        of_user = ("unlocks told", user_id, unlocked.get(user_id, 0), notified)
        verdict.blame("lost", [of_user] if notified < unlocked.get(user_id, 0) else [])
        verdict.blame("doubled", [of_user] if notified > awards[user_id] else [])


def _awards() -> Counter[int]:
    """How many achievements each user has."""
    of_each = sa.select(UserAchievement.user_id, sa.func.count())
    rows = db.session.execute(of_each.group_by(UserAchievement.user_id)).all()
    return Counter(dict(rows))


def _count_points(verdict: Verdict) -> None:
    """The recheck compares the points of leaderboards with their sources."""
    counted = sa.select(sa.func.count(), sa.func.sum(LeaderboardScore.score))
    scores, points = db.session.execute(counted).one()
    verdict.compared.update(scores=scores, points=points or 0)


# --- toasts --------------------------------------------------------------------------------------


def _show_what_waits(app: Flask, journals: Sequence[Journal]) -> None:
    by_user = {journal.visitor.user_id: journal for journal in journals}
    deadline = time.monotonic() + SECONDS_TO_SHOW_ALL
    while time.monotonic() < deadline:
        db.session.rollback()
        waiting = db.session.scalars(
            sa.select(UserAchievement.user_id).where(~UserAchievement.notified).distinct()
        ).all()
        db.session.rollback()  # PostgreSQL ends idle transactions
        waiting = [user_id for user_id in waiting if user_id in by_user]
        if not waiting:
            return
        for user_id in waiting:
            journal = by_user[user_id]
            journal.note_toasts(journal.visitor.get("/settings/profile"))
        time.sleep(0.2)


def _look_at_toasts(verdict: Verdict, journals: Sequence[Journal]) -> None:
    """All awards of a user were shown, in one message."""
    awards = _awards()
    for journal in journals:
        name, user_id = journal.visitor.username, journal.visitor.user_id
        verdict.repeated += sum(number - 1 for number in journal.came.values())
        twice = [code for code, number in journal.codes.items() if number > 1]
        verdict.blame("toasts", [(name, "shown twice", code) for code in twice])
        told = sum(journal.told.values())
        verdict.compared.update(awards=awards[user_id], toasts=told)
        if not twice and told != awards[user_id]:
            verdict.blame("toasts", [(name, journal.told, dict(journal.came), awards[user_id])])
