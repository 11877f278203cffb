"""A load of everything: songs, comments, imports, follows; and rechecks of everyone by jobs."""

from __future__ import annotations

import secrets
import threading
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import psycopg
import sqlalchemy as sa

from tests.support.people import add_person, working
from tests.support.wire import ask
from tests.torture import notices
from tests.torture.journal import Tally
from tests.torture.load import TALKATIVE, Actor, Crowd
from tests.torture.people import make_people
from trackflow_web.achievements.recheck import start
from trackflow_web.domain.relations.models import Follow
from trackflow_web.kernel.database import db
from trackflow_web.notifications.models import Notification

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from tests.support.wire import Answer, Server, Visitor
    from tests.torture.verdict import Verdict

SETTINGS = {**notices.SETTINGS, **TALKATIVE}
CLIENTS = 4
IN_AN_IMPORT = 20
BETWEEN_RECHECKS = 5.0
BETWEEN_IMPORTS = 1.0
BETWEEN_FOLLOWS = 1.0
MULTIPART = '--{edge}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'


class Load:
    """Users at work: songs, imports, follows; and an administrator who rechecks everyone."""

    def __init__(self, app: Flask, port: Server, tally: Tally | None = None) -> None:
        self.app = app
        self.port = port
        self.tally = tally or Tally()
        self.crowd = Crowd(lambda: make_people(app, self.port, 50))
        self.crowd.tally = self.tally
        self.admin = add_person(app, "torturer", is_admin=True)
        (self.followed,) = make_people(app, self.port, 1)
        self.followers: set[int] = set()
        self._stop = threading.Event()

    def at_work(self) -> ExitStack:
        """Run all of it until the block ends."""
        stack = ExitStack()
        stack.enter_context(self.crowd.at_work(CLIENTS))
        threads = [
            threading.Thread(target=self._again, args=each, daemon=True)
            for each in (
                (self._import, BETWEEN_IMPORTS),
                (self._follow, BETWEEN_FOLLOWS),
                (self._recheck, BETWEEN_RECHECKS),
            )
        ]

        def stop() -> None:
            self._stop.set()
            for thread in threads:
                thread.join()

        stack.callback(stop)
        for thread in threads:
            thread.start()
        return stack

    def _again(self, step: Callable[[], None], seconds: float) -> None:
        while not self._stop.is_set():
            # The accounts are made past the site, in a database that may be away just now.
            with suppress(sa.exc.SQLAlchemyError, psycopg.Error):
                step()
            self._stop.wait(seconds)

    def _actor(self) -> Actor:
        (visitor,) = make_people(self.app, self.port, 1)
        actor = Actor(visitor, self.tally, self._stop)
        self.crowd.journals.append(actor.journal)
        return actor

    def _import(self) -> None:
        actor = self._actor()
        titles = [f"Imported {number}" for number in range(IN_AN_IMPORT)]
        answer = actor.insist(lambda: _send_file(actor.visitor, titles))
        if answer and actor.accept(answer):
            actor.journal.songs |= dict.fromkeys(titles, None)

    def _follow(self) -> None:
        actor = self._actor()
        path = f"/users/{self.followed.username}/follow"
        answer = actor.insist(lambda: actor.visitor.post(path, set="1"))
        if answer and actor.accept(answer):
            self.followers.add(actor.visitor.user_id)

    def _recheck(self) -> None:
        with working(self.app):
            run = start.recheck_after_change(self.admin.user)
            self.app.extensions["trackflow.jobs"].start_recheck(run.id)

    def finish_jobs(self) -> None:
        """Do here what the jobs have not done yet; nobody else may do them any more."""
        jobs = self.app.extensions["trackflow.jobs"]
        for _ in range(3):  # what a job left to the next sweep
            jobs.sweep(at_start=True)
            jobs.run_due()

    def judge(self, verdict: Verdict) -> None:
        """Each follow that is stored was told once; each acknowledged one is stored."""
        followed = self.followed.user_id
        with self.app.app_context():
            stored = set(
                db.session.scalars(sa.select(Follow.user_id).where(Follow.followed_id == followed))
            )
            told = db.session.scalar(
                sa.select(sa.func.coalesce(sa.func.sum(Notification.n), 0)).where(
                    Notification.user_id == followed, Notification.type == "new_follower"
                )
            )
            db.session.rollback()
        verdict.blame("lost", sorted(self.followers - stored))
        verdict.blame("lost", ["notifications"] * max(0, len(stored) - told))
        verdict.blame("doubled", ["notifications"] * max(0, told - len(stored)))


def _send_file(visitor: Visitor, titles: list[str]) -> Answer:
    edge = secrets.token_hex(8)
    rows = "".join(f"{title},Artist of {title}\n" for title in titles)
    parts = (
        ("csrf_token", "", visitor.token),
        ("start", "", "1"),
        ("file", '; filename="list.csv"', f"title,artist\n{rows}"),
    )
    body = "".join(
        MULTIPART.format(edge=edge, name=name, more=more, value=value)
        for name, more, value in parts
    )
    kind = f"multipart/form-data; boundary={edge}"
    headers = {"Cookie": visitor.cookie, "Content-Type": kind}
    return ask(visitor.port, "POST", "/imports/", headers, f"{body}--{edge}--\r\n")
