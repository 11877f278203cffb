"""What the demo users say and think of each other's releases, packs and achievements."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from limits import RateLimitItemPerDay

from trackflow_web.achievements.models import UserAchievement
from trackflow_web.domain.comments import actions as comments
from trackflow_web.domain.comments.models import Comment
from trackflow_web.domain.comments.queries import was_said_before
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.models import User
from trackflow_web.domain.reactions import actions as reactions
from trackflow_web.domain.reactions.rules import Kind
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.domain.subjects import Subject, SubjectType, find_subject
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

OFTEN = (RateLimitItemPerDay(10_000),)
LIMITS = comments.Limits(OFTEN, OFTEN)
# So many of the latest get something.
RELEASES, PACKS, AWARDS, COMMENTS = 30, 8, 20, 40
MOST_REACTIONS = 6
MOST_COMMENTS = 3
# The first days after something: whoever comes later says nothing.
HOURS = 60
REPLIES_TO = 0.6  # of the comments
SAID = (
    "The solo is **brutal**. I played it five times and still fail at 78 %.",
    "Clean chart! The fills in the second verse are exactly as on the record.",
    "Been waiting for this one. Thank you!",
    "Great tempo map. Not a single note feels late.",
    "The drums are a workout:\n\n- double bass from 2:10 on\n- no rest before the bridge",
    "Is there going to be a version with pro keys?",
    "We played it at game night, everybody wanted it twice.",
    "Tiny thing: the star power at 1:32 starts a beat early for me.",
    "The harmonies are so much fun with three people.",
    "My favourite of yours so far.",
    "> no rest before the bridge\n\nThis. My arms.",
    "Finally somebody charts the whole outro instead of fading it out.",
)
REPLIES = (
    "Thanks! That part took me a whole evening.",
    "Good catch, fixed in the next version.",
    "Pro keys are on my list. No promises, though.",
    "Happy to hear it!",
    "Ha, practice mode exists for a reason.",
)
CONGRATULATIONS = ("Congratulations!", "Well deserved.", "How long did that take you?", "Wow.")


def add(set_time: Callable[[datetime], None], now: datetime) -> None:
    """Let the users react to and comment on what they have released, in the order of time."""
    rng = random.Random("talk")  # noqa: S311 -- guards no secret
    people = _people()
    releases = _latest(
        sa.select(Song.id, Song.released_at)
        .where(Song.status == Status.RELEASED, Song.released_at.is_not(None))
        .order_by(Song.released_at.desc(), Song.id.desc()),
        RELEASES,
    )
    packs = _latest(
        sa.select(Pack.id, Pack.created_at).order_by(Pack.created_at.desc(), Pack.id.desc()), PACKS
    )
    for type_, found in ((SubjectType.RELEASE, releases), (SubjectType.PACK, packs)):
        for id_, at in sorted(found, key=lambda row: row[1]):
            _talk_about(type_, id_, _Time(set_time, at, now, rng), people, rng)
    _react_to_comments(people, rng)


def congratulate(set_time: Callable[[datetime], None], now: datetime) -> None:
    """Let the users react to the latest awards."""
    rng = random.Random("awards")  # noqa: S311 -- guards no secret
    awards = _latest(
        sa.select(UserAchievement.id, UserAchievement.earned_at)
        .where(UserAchievement.is_public)
        .order_by(UserAchievement.earned_at.desc(), UserAchievement.id.desc()),
        AWARDS,
    )
    people = _people()
    for id_, at in awards:
        time = _Time(set_time, at, now, rng)
        subject = find_subject(SubjectType.ACHIEVEMENT, id_, people[0].id)
        if subject is None:
            continue
        _react(subject, time, people, rng)
        author = rng.choice(_others(people, subject.owner_id))
        if rng.random() < REPLIES_TO / 2:
            _say(subject, author, rng.choice(CONGRATULATIONS), time)


class _Time:
    """Times after something happened, each a little later, and none in the future."""

    def __init__(
        self,
        set_time: Callable[[datetime], None],
        at: datetime,
        now: datetime,
        rng: random.Random,
    ) -> None:
        self.set_time, self.at, self.now, self.rng = set_time, at, now, rng

    def pass_by(self) -> None:
        self.at += timedelta(minutes=self.rng.randint(20, HOURS * 10))
        self.at = min(self.at, self.now - timedelta(minutes=1))
        self.set_time(self.at)


def _people() -> list[User]:
    return list(db.session.scalars(sa.select(User).order_by(User.id)))


def _latest(found: sa.Select[*tuple[Any, ...]], limit: int) -> list[tuple[int, datetime]]:
    return [(id_, at) for id_, at in db.session.execute(found.limit(limit))]


def _others(people: Sequence[User], owner_id: int) -> list[User]:
    return [user for user in people if user.id != owner_id]


def _talk_about(
    type_: SubjectType, id_: int, time: _Time, people: Sequence[User], rng: random.Random
) -> None:
    subject = find_subject(type_, id_, people[0].id)
    if subject is None:
        return
    _react(subject, time, people, rng)
    owner = db.session.get_one(User, subject.owner_id)
    others = _others(people, owner.id)
    for body in rng.sample(SAID, rng.randint(0, MOST_COMMENTS)):
        first = _say(subject, rng.choice(others), body, time)
        if first is not None and rng.random() < REPLIES_TO:
            _say(subject, owner, rng.choice(REPLIES), time, parent_id=first.id)


def _say(
    subject: Subject, author: User, body: str, time: _Time, *, parent_id: int | None = None
) -> Comment | None:
    """Comment, if the author may see the subject and has not said the same just now."""
    if find_subject(subject.type, subject.id, author.id) is None:
        return None
    time.pass_by()
    if was_said_before(author.id, subject, body):
        return None
    written = comments.write(subject, author, body=body, parent_id=parent_id, limits=LIMITS)
    return written.comment


def _react(subject: Subject, time: _Time, people: Iterable[User], rng: random.Random) -> None:
    others = _others(list(people), subject.owner_id)
    for user in rng.sample(others, min(len(others), rng.randint(1, MOST_REACTIONS))):
        if find_subject(subject.type, subject.id, user.id) is not None:
            time.pass_by()
            reactions.react(user, subject, rng.choice(list(Kind)), limits=OFTEN)


def _react_to_comments(people: Sequence[User], rng: random.Random) -> None:
    """React to comments, also to those on requests."""
    found = sa.select(Comment).where(Comment.status.is_(None)).order_by(Comment.id.desc())
    for comment in db.session.scalars(found.limit(COMMENTS)):
        user = rng.choice(people)
        if comment.user_id in {None, user.id} or rng.random() < REPLIES_TO:
            continue
        subject = find_subject(SubjectType.COMMENT, comment.id, user.id)
        if subject is not None:
            reactions.react(user, subject, rng.choice([Kind.LIKE, Kind.THANKS]), limits=OFTEN)
