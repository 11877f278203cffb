"""Pages that may lag are read from the replica, if there is one (ADR 55)."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import request

from trackflow_web.kernel import cache_versions, transactions
from trackflow_web.kernel.database import db, engine_options, is_writing, prepare
from trackflow_web.kernel.events import has_recorded
from trackflow_web.kernel.replica import CONNECT_ARGUMENTS, FAILURES, Replica
from trackflow_web.notifications import versions
from trackflow_web.web.caller import known_user_id
from trackflow_web.web.ops import metrics
from trackflow_web.web.session import identity_of_cookie

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from trackflow_web.config import Config

REPLICA = metrics.REPLICA
# GET alone, and without writes of their own. The frame of a page is read with them, the session of
# its user and what changes after the view are not.
MAY_LAG = (
    "achievements.show",
    "api.list_community_releases",
    "api.list_highlights",
    "api.list_seasons",
    "api.show_community_user",
    "api.show_feed",
    "api.show_leaderboard",
    "api.show_stats",
    "api.show_trending",
    "awards.show",
    "badges.award",
    "badges.profile",
    "badges.shield",
    "community.feed",
    "community.highlights",
    "community.leaderboard",
    "community.showcase",
    "community.stats",
    "directory.people",
    "directory.releases",
    "feeds.of_achievement",
    "feeds.of_community",
    "feeds.of_user",
    "home.sitemap",
    "home.sitemap_part",
    "oembed.show",
    "profiles.card",
    "profiles.compare",
    "profiles.show",
    "proof.show",
    "releases.show",
    "seasons.ics",
    "seasons.index",
    "seasons.show",
)


def init_app(app: Flask, config: Config) -> None:
    """Wrap those views; without the setting nothing changes."""
    url = config.database_replica_url
    cache_versions.use(hiding=bool(url))
    if not url:
        return
    options = engine_options(
        url,
        connections=config.database_connections,
        more=config.database_connections_more,
        pooled=config.is_pooled,
    )
    options["connect_args"] |= CONNECT_ARGUMENTS
    engine = sa.create_engine(url, **options)
    prepare(engine, pooled=config.is_pooled)
    with app.app_context():
        replica = Replica(engine, db.engine, own=versions.OWN_CHANGES)
    app.extensions[REPLICA] = replica
    count = metrics.count_pages_of_replica(app)
    for endpoint in MAY_LAG:
        app.view_functions[endpoint] = _reading(app.view_functions[endpoint], replica, count)


def _reading(
    view: Callable[..., Any], replica: Replica, count: Callable[[str], None]
) -> Callable[..., Any]:
    @wraps(view)
    def wrapped(*arguments: object, **options: object) -> object:
        try:
            if not _has_work() and replica.may_be_read(db.session, _reader()):
                with replica.reading():
                    response = view(*arguments, **options)
                count("replica")
                return response
        except FAILURES as error:
            replica.fail(error)
            transactions.rollback()
        count("primary")
        return view(*arguments, **options)

    return wrapped


def _has_work() -> bool:
    """Return whether this request has changed something itself, for example by a first visit."""
    session = db.session
    return bool(is_writing() or has_recorded() or session.new or session.dirty or session.deleted)


def _reader() -> int | None:
    """Return whose changes must be there; None for a visitor."""
    known = known_user_id()
    if known is None and request.cookies and (found := identity_of_cookie()):
        return found[0]
    return known
