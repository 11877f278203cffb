"""Two achievements of the administrator: one is earned automatically, one was granted."""

from __future__ import annotations

import sqlalchemy as sa

from trackflow_web.achievements import toasts
from trackflow_web.achievements.custom import actions, grants
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.demo import users
from trackflow_web.domain.people import queries
from trackflow_web.kernel.database import db

AUTOMATIC = {
    "code": "full_house",
    "name": "Full House",
    "description": "Have 30 songs on your list",
    "icon": "\N{PLAYING CARD BLACK JOKER}",
    "rarity": "uncommon",
    "points": 15,
    "metric": "total_songs",
    "threshold": 30,
}
GRANTED = {
    "code": "early_tester",
    "name": "Early Tester",
    "description": "Tried TrackFlow before everyone else",
    "icon": "\N{TEST TUBE}",
    "rarity": "rare",
    "points": 0,
}
NOTE = "Thank you for reporting what broke in the first weeks."
RECIPIENTS = 3


def create() -> None:
    """Create both; the recheck that follows awards the automatic one."""
    if (admin := queries.find_by_username(users.ADMIN.username)) is not None:
        actions.create(admin, AUTOMATIC)
        actions.create(admin, GRANTED)


def grant() -> None:
    """Grant the other one to the demo login and some others."""
    admin = queries.find_by_username(users.ADMIN.username)
    if admin is None:
        return
    others = [each.username for each in users.DEMO_USERS if not each.is_admin]
    names = list(dict.fromkeys([users.DEMO.username, *others]))[:RECIPIENTS]
    grants.grant(admin, "early_tester", usernames=names, note=NOTE)
    # It was a while ago: no toast announces it.
    granted = sa.select(UserAchievement.id).where(UserAchievement.grant_id.is_not(None))
    toasts.confirm(db.session.scalars(granted).all())
