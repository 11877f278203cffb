"""Notifications of the people of the tests."""

from __future__ import annotations

from types import SimpleNamespace

import limits
import pytest
import sqlalchemy as sa

from tests.support.people import Person, working
from tests.support.songs import add_song
from trackflow_web.domain.collaborations import invitations
from trackflow_web.domain.relations import actions as relations
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs import collaborators
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.kernel.database import db
from trackflow_web.notifications.models import Notification

OFTEN = (limits.parse("1000000/1 hour"),)


@pytest.fixture
def told(app):
    """`told(bob)`: rows of Bob's but for unlocks, oldest first; `told(bob, type)` of one type."""

    def rows(person: Person, type_: str = ""):
        found = sa.select(Notification).where(Notification.user_id == person.id)
        if type_:
            found = found.where(Notification.type == type_)
        else:
            found = found.where(Notification.type.not_in(("achievement_unlocked", "level_reached")))
        with app.app_context():
            rows = db.session.scalars(found.order_by(Notification.id)).all()
            return [SimpleNamespace(**{c.key: getattr(row, c.key) for c in row.__table__.c})
                    for row in rows]  # fmt: skip

    return rows


@pytest.fixture
def act(app):
    """Actions by name, each a unit of work."""
    return Actions(app)


class Actions:
    """What people of these tests do."""

    def __init__(self, app) -> None:
        self.app = app

    def follow(self, follower, user, *, wanted=True, days=0):
        with working(self.app):
            relations.set_follow(
                follower.user, user.user, wanted=wanted, limits=OFTEN, newcomer_days=days
            )

    def mute(self, person, muted):
        with working(self.app):
            relations.set_mute(person.user, muted.user, wanted=True)

    def song(self, owner, *helpers, title="One", **more):
        """A song of the owner's, with collaborators; gives its id."""
        song_id = add_song(self.app, owner, title, **more)
        for helper in helpers:
            self.collaborate(song_id, helper)
        return song_id

    def collaborate(self, song_id, helper):
        """Add somebody who has worked with the owner; a stranger would be invited first."""
        with working(self.app):
            song = find_song(song_id, for_update=True)
            invitations.remember_work(song.user_id, helper.id)
            collaborators.add_collaborator(song, username=helper.username, limits=())

    def invite(self, song_id, invitee):
        with working(self.app):
            song = find_song(song_id, for_update=True)
            collaborators.add_collaborator(song, username=invitee.username, limits=())

    def move(self, song_id, actor, status="released"):
        with working(self.app):
            songs.move_song(find_song(song_id, for_update=True), actor.user, status=status)

    def release(self, owner, title="One"):
        return self.song(owner, title=title, status="released")

    def delete(self, song_id, actor):
        with working(self.app):
            songs.delete_song(find_song(song_id, for_update=True), actor.user)
