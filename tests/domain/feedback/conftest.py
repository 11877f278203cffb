"""Handing in, without a browser."""

from __future__ import annotations

import limits
import pytest
import sqlalchemy as sa

from trackflow_web.achievements.models import UserStats
from trackflow_web.domain.comments import actions as comments
from trackflow_web.domain.comments import queries as threads
from trackflow_web.domain.feedback import actions, queries
from trackflow_web.domain.feedback.rules import Kind
from trackflow_web.domain.people.models import User
from trackflow_web.kernel.database import db

PLENTY = limits.parse("1000/1 day")
NUMBERS = {Kind.FEATURE: "total_feature_requests", Kind.BUG: "total_bug_reports"}


class Desk:
    """Hands in, decides and counts; each call is a unit of work of its own."""

    def __init__(self, work, kind):
        self.work = work
        self.kind = kind

    def submit(self, person, title="Dark mode", limit=PLENTY):
        with self.work():
            item = actions.submit(
                person.user, self.kind, title=title, description="Please.", limit=limit
            )
            return item.id

    def item(self, item_id):
        anybody = db.session.scalars(sa.select(User).limit(1)).one()  # nothing is hidden here
        return queries.find(self.kind, item_id, anybody, for_update=True)

    def decide(self, person, item_id, status, reason=""):
        with self.work():
            actions.decide(self.item(item_id), person.user, status=status, reason=reason)

    def withdraw(self, person, item_id):
        with self.work():
            actions.withdraw(self.item(item_id), person.user)

    def comment(self, person, item_id, body, limit=PLENTY):
        with self.work():
            thread = actions.thread_of(self.item(item_id))
            comments.write(thread, person.user, body=body, limits=comments.Limits((limit,)))

    def vote(self, person, item_id, *, wanted=True):
        with self.work():
            actions.vote(self.item(item_id), person.user, wanted=wanted)

    def number(self, person):
        column = getattr(UserStats, NUMBERS[self.kind])
        with self.work():
            return db.session.scalar(sa.select(column).where(UserStats.user_id == person.id))

    def thread(self, item_id):
        with self.work():
            thread = actions.thread_of(self.item(item_id))
            return [
                (shown.author.username, shown.comment.status, shown.comment.body)
                for shown in threads.page(thread, threads.Reader(self.item(item_id).user_id))
            ]


@pytest.fixture(params=Kind, ids=str)
def desk(request, work):
    """The desk of feature requests, and again that of bug reports."""
    return Desk(work, request.param)


@pytest.fixture
def features(work):
    return Desk(work, Kind.FEATURE)


@pytest.fixture
def bugs(work):
    return Desk(work, Kind.BUG)
