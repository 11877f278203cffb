"""An action, its counters and its awards: together or not at all, and never lost."""

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


def events_of(app, person):
    """The events of a user, each with whether it was delivered."""
    with app.app_context():
        rows = db.session.scalars(
            sa.select(Event).where(Event.user_id == person.id).order_by(Event.id)
        )
        return [(row.name, row.delivered_at is not None) for row in rows]


def handlers(handle):
    return [Handler("test", handle=handle, reconcile=handle)]


def nothing(_events):
    pass


def failing(_events):
    message = "handler failed"
    raise RuntimeError(message)


@pytest.fixture
def alice_song(app, alice):
    """Alice adds a song while these handlers are registered."""

    def add(title, its_handlers):
        with app.app_context(), transactions.unit_of_work(its_handlers):
            return actions.add_song(alice.user, title=title, artist="Metallica").id

    return add


@pytest.mark.leaves_drift("the numbers are not told")
def test_handlers_receive_recorded_events_once(alice_song):
    heard = []
    alice_song("One", handlers(lambda received: heard.extend(event.name for event in received)))
    assert heard == [events.SongAdded.event_name, events.SongPlanned.event_name]


def test_events_recorded_by_a_handler_are_dispatched_in_the_next_round(app, alice):
    rounds = []

    def handle(received):
        rounds.append([event.name for event in received])
        if len(rounds) == 1:
            record(VISIT, user_id=alice.id, subject_id=alice.id)

    with app.app_context(), transactions.unit_of_work(handlers(handle)):
        record(EDIT, user_id=alice.id, subject_id=1)
    assert rounds == [[events.SongEdited.event_name], [events.Visited.event_name]]


@pytest.mark.leaves_drift("the numbers are never told")
def test_a_failing_handler_loses_neither_the_song_nor_its_events(app, alice, alice_song):
    with capture_logs() as logs:
        song_id = alice_song("One", handlers(failing))
    assert count(app, Song, Song.id == song_id) == 1
    assert events_of(app, alice)[-2:] == [("song_added", False), ("song_planned", False)]
    assert [line["event"] for line in logs] == ["handler_failed"]


def test_redelivery_completes_a_failed_handler(app, alice, alice_song):
    alice_song("One", handlers(failing))
    with app.app_context():
        assert redeliver(composition.HANDLERS) == 2
    assert all(heard for _fact, heard in events_of(app, alice))
    # The counters are checked after every test.


def test_redelivering_twice_changes_nothing(app, alice, alice_song):
    alice_song("One", handlers(failing))
    with app.app_context():
        redeliver(composition.HANDLERS)
        before = events_of(app, alice)
        assert redeliver(composition.HANDLERS) == 0
    assert events_of(app, alice) == before


def test_redelivering_delivered_events_changes_nothing(app, alice, alice_song):
    alice_song("One", composition.HANDLERS)
    before = events_of(app, alice)
    with working(app):
        db.session.execute(sa.update(Event).values(delivered_at=None))
    with app.app_context():
        redeliver(composition.HANDLERS)
    assert events_of(app, alice) == before


def test_a_failed_redelivery_leaves_the_events_pending(app, alice, alice_song):
    alice_song("One", handlers(failing))
    with app.app_context(), pytest.raises(RuntimeError, match="handler failed"):
        redeliver(handlers(failing))
    with app.app_context():
        assert redeliver(composition.HANDLERS) == 2


def test_a_failing_handler_rolls_back_the_round_of_the_others(app, alice, bob, alice_song):
    def rename(_events):
        bob.user.username = "robert"

    alice_song("One", handlers(rename) + handlers(failing))
    assert count(app, User, User.username == "robert") == 0
    with app.app_context():
        redeliver(composition.HANDLERS)


def test_an_error_in_the_action_rolls_back_everything(app, alice):
    with pytest.raises(RuntimeError), working(app):
        actions.add_song(alice.user, title="One", artist="Metallica").title = failing([])
    assert count(app, Song, Song.user_id == alice.id) == 0
    assert ("song_added", True) not in events_of(app, alice)
    with app.app_context():
        assert not has_recorded()


def test_an_error_in_the_action_is_not_attributed_to_a_handler(app, alice):
    with app.app_context():
        record(EDIT, user_id=alice.id, subject_id=1)
        db.session.add(User(username="alice"))
        with pytest.raises(sa.exc.IntegrityError):
            dispatch(handlers(failing))


def test_a_separate_transaction_survives_an_error_of_the_request(app, alice, clock):
    def knock_and_fail():
        with transactions.writing() as session:
            session.add(LimitCount(scope="knocking", key="alice", n=1, ends_at=clock()))
        actions.add_song(alice.user, title="One", artist="Metallica").title = failing([])

    with pytest.raises(RuntimeError), working(app):
        knock_and_fail()
    assert count(app, LimitCount) == 1
    assert count(app, Song, Song.user_id == alice.id) == 0


def test_events_that_a_separate_transaction_rolls_back_are_not_dispatched(app, alice, clock):
    with working(app):
        actions.add_song(alice.user, title="One", artist="Metallica")
        with transactions.writing() as session:
            session.add(LimitCount(scope="knocking", key="alice", n=1, ends_at=clock()))
    assert count(app, Song, Song.user_id == alice.id) == 0
    assert ("song_added", True) not in events_of(app, alice)
