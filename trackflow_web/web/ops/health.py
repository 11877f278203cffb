"""Whether the site can answer, for load balancers: quickly, also when the database hangs."""

from __future__ import annotations

from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import Blueprint, Response, current_app
from sqlalchemy.exc import SQLAlchemyError

from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

pages = Blueprint("health", __name__)

# Who asks every few seconds takes a longer silence for the end of the whole process.
SECONDS = 2.0


class _Question:
    """One question to the database, asked in a thread because nothing can call it back."""

    def __init__(self, engine: Engine) -> None:
        self.answered = False
        self.ended = Event()
        Thread(target=self._ask, args=(engine,), name="health", daemon=True).start()

    def _ask(self, engine: Engine) -> None:
        try:
            with engine.connect() as connection:
                connection.execute(sa.text("SELECT 1"))
            self.answered = True
        except SQLAlchemyError:
            pass
        finally:
            self.ended.set()


_LAST = "trackflow.health"
_asking = Lock()


@pages.get("/healthz")
def check() -> Response:
    """200 `ok` when the database answers, else 503."""
    question = _question()
    if question.ended.wait(SECONDS) and question.answered:
        return Response("ok", mimetype="text/plain")
    return Response("the database does not answer", status=503, mimetype="text/plain")


def _question() -> _Question:
    """A new question; the last one while that hangs, so that never more than one does."""
    with _asking:
        question: _Question | None = current_app.extensions.get(_LAST)
        if question is None or question.ended.is_set():
            question = current_app.extensions[_LAST] = _Question(db.engine)
        return question
