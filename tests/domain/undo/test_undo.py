"""Undoing what was done a moment ago: once, by its user, with correct counters afterwards."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.people import working
from tests.support.producer import Producer
from tests.support.snapshots import snapshot
from trackflow_web.accounts.deletion import delete_account
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.bulk import actions as bulk
from trackflow_web.domain.bulk import deletion
from trackflow_web.domain.bulk.selection import select
from trackflow_web.domain.packs.queries import find_pack
from trackflow_web.domain.series.queries import find_series
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.domain.undo import actions as undo
from trackflow_web.domain.undo import snapshots
from trackflow_web.domain.undo.models import UndoStep
from trackflow_web.kernel.clock import now
from trackflow_web.kernel.database import Base, db
from trackflow_web.kernel.errors import NotFound
from trackflow_web.kernel.events import Event

pytestmark = pytest.mark.both_databases

# Nothing but these may differ after an action and its undo.
TRACES = {
    *("activities", "undo_steps", "collaborations", "user_stats", "packs", "series"),
    *("notifications", "notification_versions"),
}


@pytest.fixture(autouse=True)
def _standing(clock):
    """People are registered before anything is undone."""


@pytest.fixture
def maker(app, alice):
    return Producer(app, alice)


@pytest.fixture
def one(maker, app, bob):
    """Alice's song One, Released, in a pack and on an album; Bob has charted its drums."""
    song = maker.add(year=1988)
    maker.move(song, "wip", "released")
    maker.put(maker.pack("Encore"), song, optional=True)
    maker.track(maker.album("One"), 1, song)
    maker.invite(song, "bob")
    Producer(app, bob).mark(song, "done", [Part.DRUMS])
    return song


def delete(app, person, *song_ids):
    """Delete songs; gives the token that undoes it."""
    with working(app):
        return bulk.delete(select(person.user, song_ids), person.user).token


def undone(app, person, token):
    with working(app):
        return undo.undo(person.user, token)


def rows(app):
    return {name: found for name, found in snapshot(app).items() if name not in TRACES}


# --- deleting -----------------------------------------------------------------------------------


def test_undoing_a_deletion_restores_the_song_with_all_that_belonged_to_it(app, alice, maker, one):
    before, numbers, earned = rows(app), maker.numbers, maker.codes
    token = delete(app, alice, one)
    assert maker.number("total_songs") == 0
    assert undone(app, alice, token).changed == 1
    assert rows(app) == before
    assert maker.numbers == numbers
    assert maker.codes == earned
    assert maker.values("year") == {"1988": 1}


def test_undoing_a_deletion_gives_back_collaborator_credit_and_links(app, alice, bob, maker, one):
    helper = Producer(app, bob)
    counted = helper.numbers
    undone(app, alice, delete(app, alice, one))
    assert helper.numbers == counted
    with app.app_context():
        song = find_song(one)
        assert (song.is_optional, song.pack_id is not None) == (True, True)
        names = list(db.session.scalars(sa.select(Event.name).where(Event.user_id == bob.id)))
    assert names.count("part_done") == 1


def test_an_undo_is_done_once(app, alice, one):
    token = delete(app, alice, one)
    assert undone(app, alice, token).changed == 1
    again = undone(app, alice, token)
    assert (again.changed, again.is_repeated) == (0, True)


def test_an_undo_belongs_to_its_user_and_to_ten_minutes(clock, app, alice, charlie, one):
    token = delete(app, alice, one)
    with pytest.raises(NotFound):
        undone(app, charlie, token)
    with pytest.raises(NotFound):
        undone(app, alice, "forged")
    with pytest.raises(NotFound):
        undone(app, alice, "x" * 10_000)
    clock.move(minutes=10)
    with pytest.raises(NotFound):
        undone(app, alice, token)


def test_old_steps_are_pruned(clock, app, alice, one):
    delete(app, alice, one)
    clock.move(minutes=11)
    with working(app):
        undo.prune()
        assert db.session.scalar(sa.select(sa.func.count()).select_from(UndoStep)) == 0


def test_steps_are_deleted_with_their_account(app, alice, one):
    delete(app, alice, one)
    with working(app):
        delete_account(alice.user)
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(UndoStep)) == 0


def test_what_was_added_again_stays_beside_the_restored_song(app, alice, maker, one):
    token = delete(app, alice, one)
    maker.add(year=1988)
    undone(app, alice, token)
    with app.app_context():
        own = sa.select(Song.version).where(Song.user_id == alice.id).order_by(Song.version)
        assert list(db.session.scalars(own)) == [0, 1]
    assert maker.number("total_songs") == 2


def test_what_a_song_referred_to_may_be_gone(app, alice, bob, maker, one):
    with app.app_context():
        pack_id = find_song(one).pack_id
    token = delete(app, alice, one)
    maker.delete_pack(pack_id)
    with working(app):
        delete_account(bob.user)
    undone(app, alice, token)
    with app.app_context():
        assert find_song(one).pack_id is None
    assert maker.number("total_collaborations") == 0


def test_a_restored_song_completes_its_pack_and_album_again(app, alice, maker):
    song = maker.authored("One")
    maker.move(song, "released")
    maker.pack("Encore", song)
    maker.track(maker.album("One"), 1, song)
    complete = maker.numbers
    assert (complete["completed_packs"], complete["completed_series"]) == (1, 1)
    token = delete(app, alice, song)
    assert maker.number("completed_series") == 0
    undone(app, alice, token)
    assert maker.numbers == complete


def test_deleting_and_restoring_earns_nothing_twice(clock, app, alice, maker):
    songs = maker.add_many(10)
    earned = maker.codes
    for _ in range(3):
        undone(app, alice, delete(app, alice, *songs))
        clock.move(minutes=1)
    assert maker.codes == earned
    assert maker.number("total_songs") == 10


def test_no_table_hangs_on_a_row_that_is_deleted_with_a_song():
    """Such a row would be lost: only the song's own rows are kept."""
    for root in (snapshots.SONGS, snapshots.PACKS, snapshots.ALBUMS):
        kept = {table.name for table, _column in snapshots.children(root)}
        for table in Base.metadata.sorted_tables:
            assert not kept & {key.column.table.name for key in table.foreign_keys}, table.name


# --- packs and albums -----------------------------------------------------------------------------


def delete_pack(app, person, pack_id):
    """Delete a pack; gives the token that undoes it."""
    with working(app):
        return deletion.delete_pack(find_pack(pack_id), person.user).token


def delete_album(app, person, series_id):
    with working(app):
        return deletion.delete_album(find_series(series_id), person.user).token


@pytest.fixture
def complete(maker):
    """Alice's complete pack and album of one song, and another song that is optional in the pack.

    Bob is invited to the pack.
    """
    song, extra = maker.authored("One"), maker.add("Two")
    maker.move(song, "released")
    pack = maker.pack("Encore", song)
    maker.put(pack, extra, optional=True)
    album = maker.album("One")
    maker.track(album, 1, song)
    return pack, album


def whole(app):
    """Everything but what an action and its undo leave as traces."""
    left_out = TRACES - {"packs", "series"}
    return {name: found for name, found in snapshot(app).items() if name not in left_out}


def test_undoing_the_deletion_of_a_pack_restores_it(app, alice, bob, maker, complete):
    pack, _ = complete
    maker.ask_to_pack(pack, "bob")
    before, numbers, earned = whole(app), maker.numbers, maker.codes
    token = delete_pack(app, alice, pack)
    assert (maker.number("total_packs"), maker.number("completed_packs")) == (0, 0)
    assert undone(app, alice, token).name == "Encore"
    assert whole(app) == before
    assert (maker.numbers, maker.codes) == (numbers, earned)


def test_undoing_the_deletion_of_an_album_restores_it(app, alice, maker, complete):
    _, album = complete
    before, numbers, earned = whole(app), maker.numbers, maker.codes
    token = delete_album(app, alice, album)
    assert (maker.number("total_series"), maker.number("completed_series")) == (0, 0)
    assert undone(app, alice, token).name == "Black Album"
    assert whole(app) == before
    assert (maker.numbers, maker.codes) == (numbers, earned)


def test_a_song_in_another_pack_since_stays_there(app, alice, maker, complete):
    pack, _ = complete
    with app.app_context():
        song = db.session.scalars(songs_of(pack)).first().id
    token = delete_pack(app, alice, pack)
    other = maker.pack("Other", song)
    undone(app, alice, token)
    with app.app_context():
        assert find_song(song).pack_id == other
    assert maker.number("completed_packs") == 1  # the other one; the restored one is reopened


def test_a_restored_pack_or_album_gets_a_number_where_its_name_is_taken(
    app, alice, maker, complete
):
    pack, album = complete
    tokens = delete_pack(app, alice, pack), delete_album(app, alice, album)
    maker.pack("ENCORE")
    maker.album("One")
    names = [undone(app, alice, token).name for token in tokens]
    assert names == ["Encore (2)", "Black Album (2)"]


def test_a_track_whose_song_is_gone_is_restored_without_it(clock, app, alice, maker, complete):
    _, album = complete
    token = delete_album(app, alice, album)
    with app.app_context():
        songs = list(db.session.scalars(sa.select(Song.id).where(Song.user_id == alice.id)))
    for song in songs:
        maker.delete(song)
    clock.move(seconds=1)
    maker.add("Another")  # SQLite may give it the id of one that is gone
    undone(app, alice, token)
    assert maker.linked(album) == [None]
    assert maker.number("completed_series") == 0


# --- everything else ----------------------------------------------------------------------------


def test_undoing_a_move_puts_back_what_has_not_been_moved_since(app, alice, maker):
    one, two = maker.add("One"), maker.add("Two", status="wip")
    with working(app):
        outcome = bulk.move(select(alice.user, [one, two]), alice.user, status="released")
    maker.move(two, "future")
    assert undone(app, alice, outcome.token).changed == 1
    with app.app_context():
        assert [find_song(song).status for song in (one, two)] == ["future", "future"]
    assert maker.number("total_released") == 2  # both have been Released


def test_undoing_a_release_puts_back_the_pack(app, alice, maker):
    pack = maker.pack("Encore", maker.add("One"), maker.add("Two", status="wip"))
    with working(app):
        outcome = bulk.release(find_pack(pack), alice.user)
    assert outcome.changed == 2
    undone(app, alice, outcome.token)
    with app.app_context():
        statuses = [song.status for song in db.session.scalars(songs_of(pack))]
    assert statuses == ["future", "wip"]


def songs_of(pack_id):
    return sa.select(Song).where(Song.pack_id == pack_id).order_by(Song.id)


def test_undoing_a_removal_puts_the_song_into_its_pack_again(app, alice, maker, one):
    with app.app_context():
        pack_id = find_song(one).pack_id
    with working(app):
        outcome = bulk.take_out(find_pack(pack_id), one, alice.user)
    undone(app, alice, outcome.token)
    with app.app_context():
        assert (find_song(one).pack_id, find_song(one).is_optional) == (pack_id, True)


def test_undoing_a_marked_part_keeps_its_credit(app, alice, maker):
    song = maker.add()
    with working(app):
        outcome = bulk.mark(select(alice.user, [song]), alice.user, part=Part.BASS, state="done")
    undone(app, alice, outcome.token)
    with app.app_context():
        assert find_song(song).parts_done == 0


def test_undoing_a_removal_adds_the_collaborator_again(app, alice, bob, maker, one):
    helper = Producer(app, bob)
    counted = (maker.numbers, helper.numbers)
    for actor in (alice, bob):
        with working(app):
            song = find_song(one, for_update=True)
            outcome = bulk.remove_collaborator(song, actor.user, bob.id)
        assert maker.number("total_collaborations") == 0
        undone(app, actor, outcome.token)
        assert (maker.numbers, helper.numbers) == counted


def test_a_collaborator_who_has_left_undoes_nothing(app, alice, bob, maker, one):
    with working(app):
        outcome = bulk.move(select(bob.user, [one]), bob.user, status="wip")
    maker.part_with(one, bob)
    assert undone(app, bob, outcome.token).changed == 0
    with app.app_context():
        assert find_song(one).status == "wip"


def test_a_song_that_is_gone_is_not_moved_back(app, alice, maker, one):
    with working(app):
        outcome = bulk.move(select(alice.user, [one]), alice.user, status="wip")
    maker.delete(one)
    assert undone(app, alice, outcome.token).changed == 0


def test_a_user_who_got_the_id_of_a_deleted_one_is_added_to_nothing(clock, app, alice, maker, one):
    """SQLite gives the highest id again once its row is gone."""
    token = delete(app, alice, one)
    clock.move(minutes=1)
    with working(app):
        table = Base.metadata.tables["users"]
        db.session.execute(
            sa.update(table).where(table.c.username == "bob").values(created_at=now())
        )
    undone(app, alice, token)
    assert maker.number("total_collaborations") == 0
