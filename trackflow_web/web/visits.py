"""Visits: the first request of a user's local day keeps the streak."""

from __future__ import annotations

import structlog
from flask import request, session
from flask_login import current_user
from sqlalchemy.exc import OperationalError

from trackflow_web.domain.people import actions
from trackflow_web.kernel import transactions
from trackflow_web.web.caller import get_current_user, is_write
from trackflow_web.web.unit_of_work import PATIENCE_OF_A_READ

log = structlog.get_logger()

# No visits: files, unknown URLs, requests without a user, and the polling of the bell. Signing in
# records its own; the last ends the transaction while Spotify is called, and would lose the visit.
NO_VISIT = frozenset(
    {
        None,
        "static",
        "people.login",
        "people.logout",
        "health.check",
        "metrics.show",
        "avatars.generated",
        "avatars.picture",
        "covers.generated",
        "badges.profile",
        "badges.award",
        "badges.shield",
        "share_images.show",
        "notifications.unread_count",
        "connections.callback",
    }
)


def record_visit() -> None:
    """Record today's visit of a user with a session, if it is not recorded yet."""
    if request.endpoint in NO_VISIT or "_user_id" not in session:
        return
    if "Authorization" in request.headers:  # an API client, not a browser
        return
    if current_user.is_authenticated and actions.visit_is_due(get_current_user()):
        _record()


def _record() -> None:
    if is_write():  # the visit is part of its unit of work
        actions.record_visit(get_current_user())
        return
    transactions.begin(writing=True, patience=PATIENCE_OF_A_READ)
    try:
        actions.record_visit(get_current_user())
    except OperationalError:
        # The database is locked. The page is more urgent, and the next request records the visit.
        log.warning("visit_not_recorded", exc_info=True)
        transactions.begin(writing=False)
