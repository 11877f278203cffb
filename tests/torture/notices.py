"""Notifications under torture: races for one row, killed fan-outs, events that are redelivered.

What was acknowledged is known exactly, so every notification can be counted.
"""

from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import limits
import sqlalchemy as sa
from structlog.testing import capture_logs

from tests.support.people import working
from tests.torture.journal import Tally
from tests.torture.load import HAVE_IT, Actor
from tests.torture.people import make_people
from tests.torture.races import AT_ONCE, at_once
from trackflow_web import composition
from trackflow_web.domain.people.models import User
from trackflow_web.domain.relations import actions as relations
from trackflow_web.domain.relations.models import Follow
from trackflow_web.jobs import notifications as notification_jobs
from trackflow_web.kernel import clock, failpoints
from trackflow_web.kernel.database import db
from trackflow_web.kernel.failpoints import Point
from trackflow_web.kernel.redelivery import redeliver
from trackflow_web.notifications import fan_out
from trackflow_web.notifications.models import FanOut, Notification

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

    from tests.support.wire import Visitor
    from tests.torture.phases import Ground
    from tests.torture.verdict import Verdict

# Without limits, and without the days for which followers of new accounts wait.
SETTINGS = {"NEWCOMER_DAYS": "0", "LIMIT_FOLLOWS": "1000000/1 hour"}
OFTEN = (limits.parse("1000000/1 hour"),)
# Nobody follows more than 500.
ROUNDS_OF_A_FOLLOWER = 400
# More than two slices.
FOLLOWERS = 2 * fan_out.SLICE + 1
POINTS = (
    Point.IN_FAN_OUT,
    Point.AFTER_SLICE,
    Point.NOTIFIED,
    Point.BEFORE_COMMIT,
    Point.AFTER_COMMIT,
)
SECONDS_TO_DIE = 10


class Notices:
    """What one of these faults did: `tally` counts responses, `wanted` what is to be told whom."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.tally = Tally()
        self.kind = ""
        # A user -> how many events they are to be told of.
        self.wanted: dict[int, int] = {}

    def judge(self, verdict: Verdict) -> None:
        """Compare the notifications with what is to be told."""
        columns = Notification.user_id, sa.func.sum(Notification.n), sa.func.count()
        of_kind = sa.select(*columns).where(Notification.type == self.kind)
        with self.app.app_context():
            rows = db.session.execute(of_kind.group_by(Notification.user_id)).all()
        told = {user_id: (n, count) for user_id, n, count in rows}
        for user_id, wanted in self.wanted.items():
            n, count = told.get(user_id, (0, 0))
            verdict.blame("lost", [(self.kind, user_id, n, wanted)] if n < wanted else [])
            # Of one group, on two days at most.
            twice = n > wanted or count > (1 if self.kind == "new_follower" else 2)
            verdict.blame("doubled", [(self.kind, user_id, n, wanted, count)] if twice else [])

    # --- races -----------------------------------------------------------------------------------

    def race(self, ground: Ground) -> int:
        """Eight users follow one at the same time: one row, of exactly eight events."""
        self.kind = "new_follower"
        done = 0
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for followed, followers in self._rounds(ground):
                path = f"/users/{followed.username}/follow"
                actors = [Actor(each, self.tally, threading.Event()) for each in followers]
                at_once(threads, [partial(_follow, actor, path) for actor in actors])
                self.wanted[followed.user_id] = AT_ONCE
                done += 1
        return done

    def _rounds(self, ground: Ground) -> Iterator[tuple[Visitor, list[Visitor]]]:
        port = ground.site.port
        for number in ground.rounds():
            if number % ROUNDS_OF_A_FOLLOWER == 0:
                followers = make_people(self.app, port, AT_ONCE)
                count = min(ground.wanted - number, ROUNDS_OF_A_FOLLOWER)
                followed = iter(make_people(self.app, port, count))
            yield next(followed), followers

    # --- kills -----------------------------------------------------------------------------------

    def kill_fan_outs(self, ground: Ground) -> int:
        """Kill what writes a notice for many at every failpoint: everybody is told once."""
        self.kind = "new_release"
        (author,) = make_people(self.app, ground.site.port, 1)
        follower_ids = self._followers_of(author)
        actor = Actor(author, self.tally, threading.Event())
        done = 0
        points = itertools.cycle(POINTS)
        for number in ground.rounds():
            order = ground.site.faults / next(points)
            order.touch()
            fields = {"title": f"Song {number}", "artist": "Metallica", "status": "released"}
            answer = actor.insist(lambda fields=fields: author.post("/songs/", **fields))
            assert answer
            actor.accept(answer, also=HAVE_IT)
            self.wanted = dict.fromkeys(follower_ids, number + 1)
            done += self._finish(order)
        return done

    def _followers_of(self, author: Visitor) -> list[int]:
        ids = [each.user_id for each in make_people(self.app, 0, FOLLOWERS)]
        now = clock.now()
        rows = [{"user_id": id_, "followed_id": author.user_id, "created_at": now} for id_ in ids]
        with working(self.app):
            db.session.execute(sa.insert(Follow), rows)
        return ids

    def _finish(self, order: Path) -> bool:
        """Do the rest of a dead process here as soon as its lease has ended; return if it died."""
        deadline = time.monotonic() + SECONDS_TO_DIE
        while order.exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        is_dead = not order.exists()
        order.unlink(missing_ok=True)
        jobs = self.app.extensions["trackflow.jobs"]
        while True:
            with working(self.app):
                if not fan_out.count_waiting():
                    return is_dead
                ended = clock.now() - timedelta(seconds=1)
                db.session.execute(sa.update(FanOut).values(held_until=ended))
            with self.app.app_context():
                notification_jobs.run(jobs.tools)

    # --- redelivery ------------------------------------------------------------------------------

    def redeliver(self, ground: Ground) -> int:
        """The handler fails for eight events; two processes redeliver them at once."""
        self.kind = "new_follower"
        done = 0
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for followed, followers in self._rounds(ground):
                broken = failpoints.failing(Point.NOTIFIED, ZeroDivisionError("broken"))
                with capture_logs(), broken:
                    for follower in followers:
                        self._follow_here(follower.user_id, followed.user_id)
                at_once(threads, [self._redeliver] * 2)
                self._redeliver()
                self.wanted[followed.user_id] = AT_ONCE
                done += 1
        return done

    def _follow_here(self, follower_id: int, followed_id: int) -> None:
        with working(self.app):
            relations.set_follow(
                db.session.get_one(User, follower_id),
                db.session.get_one(User, followed_id),
                wanted=True,
                limits=OFTEN,
                newcomer_days=0,
            )
        self.tally.note(200, wrote=True)

    def _redeliver(self) -> None:
        with self.app.app_context():
            redeliver(composition.HANDLERS)


def _follow(actor: Actor, path: str) -> None:
    answer = actor.insist(lambda: actor.visitor.post(path, set="1"))
    assert answer
    actor.accept(answer)
