"""How long the feed keeps entries, and that what was deleted is not written again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from tests.support.charter import statements_of
from tests.support.people import working
from tests.support.songs import add_song
from trackflow_web.achievements.awards import visibility
from trackflow_web.community import groups, keeping, projection
from trackflow_web.community.models import FeedEntry, FeedPerson, HiddenEntry
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs.models import Song
from trackflow_web.jobs import pruning
from trackflow_web.kernel.database import db

pytestmark = pytest.mark.both_databases


@pytest.fixture
def old(app, alice, clock, monkeypatch):
    """Five days of Alice's work, of which the two latest entries always stay; 400 days later."""
    monkeypatch.setattr(keeping, "ALWAYS_KEPT", 2)
    # Long ago by the system's time, too, which is that of the invariants.
    clock.set(datetime(2023, 1, 2, 12, tzinfo=UTC))
    for number in range(5):
        add_song(app, alice, f"Song {number}", status="released")
        clock.move(days=1)
    clock.move(days=400)
    return entries(app, alice)


def entries(app, person):
    with app.app_context():
        found = sa.select(FeedEntry.group_key).where(FeedEntry.user_id == person.id)
        return db.session.scalars(found.order_by(FeedEntry.last_at.desc(), FeedEntry.id)).all()


def prune(app):
    with app.app_context():
        return pruning.prune_feed(app.extensions["trackflow.jobs"].tools)


def test_the_latest_entries_of_a_user_stay_and_older_ones_go(app, alice, old):
    assert len(old) > 5
    assert prune(app) is None
    left = entries(app, alice)
    assert left == old[: len(left)]
    assert len(left) == 2
    with app.app_context():
        people = sa.select(sa.func.count()).where(FeedPerson.user_id == alice.id)
        assert db.session.scalar(people) == 2
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Song)) >= 5


def test_younger_entries_stay(app, alice, old, clock):
    clock.move(days=-3)
    prune(app)
    assert len(entries(app, alice)) > 2


def test_an_entry_stays_while_one_of_its_people_needs_it(app, alice, bob, old):
    with working(app):
        first = db.session.scalar(
            sa.select(sa.func.min(FeedEntry.id)).where(FeedEntry.user_id == alice.id)
        )
        entry = db.session.get(FeedEntry, first)
        person = FeedPerson(feed_id=first, user_id=bob.id, kind=entry.kind, last_at=entry.last_at)
        db.session.add(person)
        key = entry.group_key
    prune(app)
    assert key in entries(app, alice)
    with working(app):
        db.session.execute(sa.delete(FeedPerson).where(FeedPerson.user_id == bob.id))
    prune(app)
    assert key not in entries(app, alice)


def test_what_a_reader_hid_goes_with_its_entry(app, alice, bob, old, clock):
    with working(app):
        ids = db.session.scalars(sa.select(FeedEntry.id).where(FeedEntry.user_id == alice.id)).all()
        rows = [{"user_id": bob.id, "feed_id": id_, "hidden_at": clock()} for id_ in ids]
        db.session.execute(sa.insert(HiddenEntry), rows)
    prune(app)
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(HiddenEntry)) == 2


def test_no_event_rebuild_or_recheck_writes_again_what_is_gone(app, alice, old):
    prune(app)
    left = entries(app, alice)
    with working(app):
        assert projection.rebuild([alice.id]) == 0
        projection.refresh_achievements([alice.id])
        projection.refresh(old)
    for public in (False, True):
        with working(app):
            visibility.set_all_visibility(alice.user, public=public)
    assert entries(app, alice) == left


def test_an_old_song_that_is_released_again_is_news(app, alice, old):
    prune(app)
    with working(app):
        song = db.session.scalars(sa.select(Song).where(Song.title == "Song 0")).one()
        songs.move_song(song, alice.user, status="wip")
        songs.move_song(song, alice.user, status="released")
    with app.app_context():
        found = groups.of_users([alice.id])
        stored = projection.stored_of([alice.id])
        missing = found.keys() - stored.keys()
        assert all(keeping.may_be_missing(found[key]) for key in missing)


def test_what_becomes_one_of_the_latest_may_be_written_again(app, alice, old):
    prune(app)
    with working(app):
        db.session.execute(sa.delete(FeedEntry).where(FeedEntry.user_id == alice.id))
        assert projection.rebuild([alice.id]) == 2
    assert set(entries(app, alice)) == set(old[:2])


def test_the_feed_is_kept_forever_with_0_days(app, alice, old):
    keeping.use(0)
    try:
        prune(app)
        assert entries(app, alice) == old
        with app.app_context():
            assert not keeping.delete([1])
    finally:
        keeping.use(400)


def test_pruning_deletes_few_rows_in_a_transaction(app, alice, old, monkeypatch):
    monkeypatch.setattr(pruning, "ROWS_A_CHUNK", 2)
    with statements_of(app) as seen:
        prune(app)
    deletes = [each for each in seen if each.startswith("DELETE FROM feed")]
    assert len(deletes) == -(-(len(old) - 2) // 2)
    assert seen.commits >= len(deletes)


def test_a_turn_ends_with_the_user_behind_whom_the_next_goes_on(app, alice, bob, old, monkeypatch):
    monkeypatch.setattr(keeping, "USERS_A_STEP", 1)
    tools = app.extensions["trackflow.jobs"].tools
    after, turns = 0, 0
    with app.app_context():
        while after is not None:
            after = pruning.prune_feed(tools, after=after, turn=0)
            turns += 1
    assert turns > 2
    assert len(entries(app, alice)) == 2


def test_an_action_does_not_look_for_old_entries(app, alice):
    add_song(app, alice, "First", status="released")
    with statements_of(app) as seen:
        add_song(app, alice, "Second", status="released")
    assert not [each for each in seen if "FROM feed_people" in each and "ORDER BY" in each]
