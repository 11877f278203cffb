"""Pages that may lag are read from the replica, if there is one (ADR 55)."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import request, session

from trackflow_web.kernel import cache_versions, transactions
from trackflow_web.kernel.database import db, engine_options, prepare
from trackflow_web.kernel.replica import FAILURES, Replica, position
from trackflow_web.web.caller import is_write
from trackflow_web.web.session import identity_of_cookie

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask, Response

    from trackflow_web.config import Config

# GET alone, and without writes of their own. The frame of a page is read with them, the session of
# its user and what changes after the view are not.
MAY_LAG = (
    "badges.award",
    "badges.profile",
    "badges.shield",
    "community.feed",
    "community.highlights",
    "community.leaderboard",
    "community.stats",
    "directory.people",
    "directory.releases",
    "feeds.of_achievement",
    "feeds.of_community",
    "feeds.of_user",
    "profiles.card",
    "profiles.show",
    "releases.show",
    "seasons.index",
    "seasons.show",
)
# In the session: where the log was after the last action of its user.
POSITION = "log"


def init_app(app: Flask, config: Config) -> None:
    """Wrap those views; without the setting nothing changes."""
    url = config.database_replica_url
    cache_versions.use(hiding=bool(url))
    if not url:
        return
    options = engine_options(
        url, connections=config.database_connections, more=config.database_connections_more
    )
    engine = sa.create_engine(url, **options)
    prepare(engine)
    replica = Replica(engine)
    app.extensions["trackflow.replica"] = replica
    for endpoint in MAY_LAG:
        app.view_functions[endpoint] = _reading(app.view_functions[endpoint], replica)
    # Behind the hook that commits: Flask calls the first of them last.
    app.after_request_funcs.setdefault(None, []).insert(0, _remember_position)


def _reading(view: Callable[..., Any], replica: Replica) -> Callable[..., Any]:
    @wraps(view)
    def wrapped(*arguments: object, **options: object) -> object:
        try:
            if replica.may_be_read(db.session, _own_position()):
                with replica.reading():
                    return view(*arguments, **options)
        except FAILURES:
            replica.leave_alone()
            transactions.rollback()
        return view(*arguments, **options)

    return wrapped


def _own_position() -> int:
    """Return the position after the visitor's last action; 0 without cookies."""
    return int(session.get(POSITION, 0)) if request.cookies else 0


def _remember_position(response: Response) -> Response:
    """Remember where the log is after an action, so that its user reads nothing older."""
    if is_write() and identity_of_cookie():
        try:
            session[POSITION] = position(db.session)
            transactions.rollback()
        except FAILURES:
            session.pop(POSITION, None)
    return response
