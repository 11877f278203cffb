"""One action, its numbers and its awards: committed together or not at all.

A request ends its unit of work in an after-request hook, a job or a command in `unit_of_work`; both
by `dispatch` and `commit`.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

from trackflow_web.kernel import failpoints
from trackflow_web.kernel.database import db, set_writing
from trackflow_web.kernel.events import dispatch, take_recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from trackflow_web.kernel.events import Handler

log = structlog.get_logger()

_AFTER_COMMIT = "called after the commit"


def after_commit(call: Callable[[], None]) -> None:
    """Do something once the running unit of work is committed, and not at all when it is not.

    For what others are told of it: they look at once, and must find it.
    """
    db.session().info.setdefault(_AFTER_COMMIT, []).append(call)


def commit() -> None:
    """Make the unit of work last; raises what the database raises."""
    calls = db.session().info.pop(_AFTER_COMMIT, [])
    failpoints.point(failpoints.Point.BEFORE_COMMIT)
    db.session.commit()
    failpoints.point(failpoints.Point.AFTER_COMMIT)
    for call in calls:
        try:
            call()
        except Exception:
            # What is committed is done; a sweep finds what nobody was told of.
            log.exception("after_commit_failed")


@contextmanager
def unit_of_work(handlers: Sequence[Handler]) -> Iterator[None]:
    """The unit of work of a job or a command: rolled back when the block raises."""
    set_writing(writing=True)
    try:
        yield
        dispatch(handlers)
        commit()
    except BaseException:
        take_recorded()
        db.session().info.pop(_AFTER_COMMIT, None)
        db.session.rollback()
        raise
    finally:
        set_writing(writing=False)
