"""An action, its numbers and its awards: together or not at all, and never forgotten."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from tests.support.people import working
from trackflow_web import composition
from trackflow_web.domain import events
from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs import actions
from trackflow_web.domain.songs.events import ArtistAndYear
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel import transactions
from trackflow_web.kernel.database import db
from trackflow_web.kernel.events import Event, Handler, dispatch, has_recorded, record
from trackflow_web.kernel.rate_limits import LimitCount
from trackflow_web.kernel.redelivery import redeliver

pytestmark = pytest.mark.both_databases

VISIT = events.Visited(day=date(2026, 3, 1), run=1, longest=False)
EDIT = events.SongEdited(
    title="One",
    artist="Metallica",
    artist_key="metallica",
    year=1988,
    before=ArtistAndYear(artist_key="metallica", year=None),
    was=(),
)


def count(app, what, *conditions):
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count()).select_from(what).where(*conditions))


def facts_of(app, person):
    """What is known of a person: each fact with whether the listeners heard it."""
    with app.app_context():
        rows = db.session.scalars(
            sa.select(Event).where(Event.user_id == person.id).order_by(Event.id)
        )
        return [(row.name, row.delivered_at is not None) for row in rows]


def handlers(handle):
    return [Handler("the neighbours", handle=handle, reconcile=handle)]


def nothing(_facts):
    pass


def failing(_facts):
    message = "not at home"
    raise RuntimeError(message)


@pytest.fixture
def alice_song(app, alice):
    """Alice adds a song while her listeners are these."""

    def add(title, heard_by):
        with app.app_context(), transactions.unit_of_work(heard_by):
            return actions.add_song(alice.user, title=title, artist="Metallica").id

    return add


@pytest.mark.leaves_drift("the numbers are not told")
def test_listeners_are_told_once_what_was_recorded(alice_song):
    heard = []
    alice_song("One", handlers(lambda facts: heard.extend(fact.name for fact in facts)))
    assert heard == [events.SongAdded.event_name, events.SongPlanned.event_name]


def test_what_a_listener_records_is_told_in_the_next_round(app, alice):
    rounds = []

    def handle(facts):
        rounds.append([fact.name for fact in facts])
        if len(rounds) == 1:
            record(VISIT, user_id=alice.id, subject_id=alice.id)

    with app.app_context(), transactions.unit_of_work(handlers(handle)):
        record(EDIT, user_id=alice.id, subject_id=1)
    assert rounds == [[events.SongEdited.event_name], [events.Visited.event_name]]


@pytest.mark.leaves_drift("the numbers are never told")
def test_a_failing_listener_costs_alice_neither_song_nor_fact(app, alice, alice_song):
    with capture_logs() as logs:
        song_id = alice_song("One", handlers(failing))
    assert count(app, Song, Song.id == song_id) == 1
    assert facts_of(app, alice)[-2:] == [("song_added", False), ("song_planned", False)]
    assert [line["event"] for line in logs] == ["handler_failed"]


def test_the_sweep_makes_good_what_a_failing_listener_missed(app, alice, alice_song):
    alice_song("One", handlers(failing))
    with app.app_context():
        assert redeliver(composition.HANDLERS) == 2
    assert all(heard for _fact, heard in facts_of(app, alice))
    # That the numbers are right now is checked after every test.


def test_sweeping_twice_changes_nothing(app, alice, alice_song):
    alice_song("One", handlers(failing))
    with app.app_context():
        redeliver(composition.HANDLERS)
        before = facts_of(app, alice)
        assert redeliver(composition.HANDLERS) == 0
    assert facts_of(app, alice) == before


def test_hearing_the_same_again_changes_nothing(app, alice, alice_song):
    alice_song("One", composition.HANDLERS)
    before = facts_of(app, alice)
    with working(app):
        db.session.execute(sa.update(Event).values(delivered_at=None))
    with app.app_context():
        redeliver(composition.HANDLERS)
    assert facts_of(app, alice) == before


def test_a_sweep_that_fails_leaves_the_facts_unheard(app, alice, alice_song):
    alice_song("One", handlers(failing))
    with app.app_context(), pytest.raises(RuntimeError, match="not at home"):
        redeliver(handlers(failing))
    with app.app_context():
        assert redeliver(composition.HANDLERS) == 2


def test_one_failing_listener_undoes_the_round_of_the_others(app, alice, bob, alice_song):
    def rename(_facts):
        bob.user.username = "robert"

    alice_song("One", handlers(rename) + handlers(failing))
    assert count(app, User, User.username == "robert") == 0
    with app.app_context():
        redeliver(composition.HANDLERS)


def test_an_error_of_the_action_undoes_everything(app, alice):
    with pytest.raises(RuntimeError), working(app):
        actions.add_song(alice.user, title="One", artist="Metallica").title = failing([])
    assert count(app, Song, Song.user_id == alice.id) == 0
    assert ("song_added", True) not in facts_of(app, alice)
    with app.app_context():
        assert not has_recorded()


def test_an_error_of_the_action_is_not_blamed_on_a_listener(app, alice):
    with app.app_context():
        record(EDIT, user_id=alice.id, subject_id=1)
        db.session.add(User(username="alice"))
        with pytest.raises(sa.exc.IntegrityError):
            dispatch(handlers(failing))


def test_a_transaction_of_its_own_survives_the_error_of_the_request(app, alice, clock):
    def knock_and_fail():
        with transactions.writing() as session:
            session.add(LimitCount(scope="knocking", key="alice", n=1, ends_at=clock()))
        actions.add_song(alice.user, title="One", artist="Metallica").title = failing([])

    with pytest.raises(RuntimeError), working(app):
        knock_and_fail()
    assert count(app, LimitCount) == 1
    assert count(app, Song, Song.user_id == alice.id) == 0


def test_what_a_transaction_of_its_own_undoes_is_not_told_either(app, alice, clock):
    with working(app):
        actions.add_song(alice.user, title="One", artist="Metallica")
        with transactions.writing() as session:
            session.add(LimitCount(scope="knocking", key="alice", n=1, ends_at=clock()))
    assert count(app, Song, Song.user_id == alice.id) == 0
    assert ("song_added", True) not in facts_of(app, alice)
