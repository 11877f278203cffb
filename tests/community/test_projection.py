"""Which entries the feed has, and what becomes of them."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from tests.support.charter import at_once
from tests.support.people import Person, add_person, work_together, working
from tests.support.songs import add_song
from trackflow_web.accounts import deletion
from trackflow_web.achievements.awards import revoke, visibility
from trackflow_web.community import projection, rebuild
from trackflow_web.community.models import FeedEntry, FeedPerson, FeedRebuild
from trackflow_web.domain.imports import actions as imports
from trackflow_web.domain.imports import files, undo
from trackflow_web.domain.imports.models import Import
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.series import actions as series
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs import collaborators
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.kernel.database import db

pytestmark = pytest.mark.both_databases


def release(app, person: Person, title: str = "One", artist: str = "Metallica") -> int:
    return add_song(app, person, title, artist, status="released")


def move(app, person: Person, song_id: int, status: str) -> None:
    with working(app):
        songs.move_song(find_song(song_id), person.user, status=status)


def of_kind(entries, kind: str):
    return [entry for entry in entries() if entry.kind == kind]


def test_releases_within_six_hours_are_one_entry(app, alice, clock, entries):
    first = release(app, alice)
    clock.move(hours=2)
    second = release(app, alice, "Two")
    clock.move(hours=6)
    third = release(app, alice, "Three")

    merged, later = of_kind(entries, "release")
    assert (merged.n, merged.subject_id) == (2, second)
    assert (later.n, later.subject_id) == (1, third)
    assert first != second


def test_eight_releases_at_once_are_one_entry_that_has_all(app, alice, entries):
    song_ids = [add_song(app, alice, f"Song {number}", status="wip") for number in range(8)]
    at_once([partial(move, app, alice, song_id, "released") for song_id in song_ids])
    (entry,) = of_kind(entries, "release")
    assert entry.n == 8


def test_an_entry_is_not_moved_into_another_slot(app, alice, clock, entries):
    release(app, alice)
    at = of_kind(entries, "release")[0].at
    clock.move(hours=7)
    release(app, alice, "Two")

    assert [entry.at for entry in of_kind(entries, "release")] == [at, at + timedelta(hours=7)]


def test_a_joint_release_stands_alone_with_everybody(app, alice, bob, clock, entries):
    work_together(app, alice, bob)
    release(app, alice, "Alone")
    joint = add_song(app, alice, "Together")
    with working(app):
        collaborators.add_collaborator(find_song(joint), username="bob", limits=())
    move(app, alice, joint, "released")

    alone, together = sorted(of_kind(entries, "release"), key=lambda entry: len(entry.people))
    assert (alone.n, alone.people) == (1, [alice.id])
    assert (together.n, together.people, together.subject_id) == (1, [alice.id, bob.id], joint)


def test_a_song_leaves_the_merged_entry_when_it_gets_a_collaborator(
    app, alice, bob, clock, entries
):
    work_together(app, alice, bob)
    song = release(app, alice)
    release(app, alice, "Two")
    with working(app):
        collaborators.add_collaborator(find_song(song), username="bob", limits=())
    assert [(entry.key, entry.n) for entry in of_kind(entries, "release")] == [
        ("release", 1),
        ("song", 1),
    ]

    with working(app):
        collaborators.remove_collaborator(find_song(song), alice.user, bob.id)
    assert [(entry.key, entry.n) for entry in of_kind(entries, "release")] == [("release", 2)]


def test_moving_a_song_back_and_forth_leaves_one_entry(app, alice, clock, entries):
    song = release(app, alice)
    (entry,) = of_kind(entries, "release")
    for _ in range(3):
        move(app, alice, song, "wip")
        assert of_kind(entries, "release") == []
        clock.move(days=1)
        move(app, alice, song, "released")

    assert of_kind(entries, "release") == [entry]


def test_a_deleted_song_is_withdrawn(app, alice, clock, entries):
    song = release(app, alice)
    kept = release(app, alice, "Two")
    with working(app):
        songs.delete_song(find_song(song), alice.user)
    (entry,) = of_kind(entries, "release")
    assert (entry.n, entry.subject_id) == (1, kept)


def test_packs_and_albums_appear_when_they_are_made(app, alice, clock, entries):
    with working(app):
        packs.create_pack(alice.user, name="Live")
        series.create_series(alice.user, artist="A", album="B", year=1999, tracks=["One"])
    assert {entry.kind for entry in entries()} >= {"pack", "series"}


def test_unlocks_of_a_day_are_one_entry(app, alice, clock, entries):
    release(app, alice)
    with working(app):
        packs.create_pack(alice.user, name="Live")
    clock.move(days=1)
    for number in range(5):
        add_song(app, alice, f"Planned {number}", status="future")

    first, second = of_kind(entries, "achievement")
    assert first.n > 1
    assert second.n >= 1


def test_hidden_and_revoked_awards_are_withdrawn_and_return(app, alice, clock, entries):
    olga = add_person(app, "olga", is_admin=True)
    release(app, alice)
    with working(app):
        packs.create_pack(alice.user, name="Live")
    (before,) = of_kind(entries, "achievement")
    with working(app):
        visibility.set_all_visibility(alice.user, public=False)
    assert of_kind(entries, "achievement") == []
    with working(app):
        visibility.set_all_visibility(alice.user, public=True)
    assert of_kind(entries, "achievement") == [before]

    with working(app):
        revoke.revoke(olga.user, alice.user, "first_release", reason="a mistake")
    assert of_kind(entries, "achievement")[0].n == before.n - 1
    with working(app):
        revoke.restore(olga.user, alice.user, "first_release")
    assert of_kind(entries, "achievement") == [before]


def test_a_deleted_collaborator_leaves_a_release_of_one(app, alice, bob, clock, entries):
    work_together(app, alice, bob)
    song = release(app, alice)
    with working(app):
        collaborators.add_collaborator(find_song(song), username="bob", limits=())
    with working(app):
        deletion.delete_account(bob.user)
    (entry,) = of_kind(entries, "release")
    assert (entry.key, entry.people) == ("release", [alice.id])


def test_only_some_entries_of_a_day_are_in_the_feed_of_everyone(app, alice, clock):
    with working(app):
        for number in range(projection.MOST_A_DAY + 5):
            packs.create_pack(alice.user, name=f"Pack {number}")
    with app.app_context():
        shown = sa.select(sa.func.count()).select_from(FeedEntry)
        shown = shown.where(FeedEntry.in_global, FeedEntry.user_id == alice.id)
        assert db.session.scalar(shown) == projection.MOST_A_DAY


def test_the_past_is_written_quietly_and_once(app, alice, bob, clock, entries):
    work_together(app, alice, bob)
    joint = release(app, alice)
    with working(app):
        collaborators.add_collaborator(find_song(joint), username="bob", limits=())
    release(app, bob, "Other")
    before = [(entry.kind, entry.key, entry.n, entry.at, entry.people) for entry in entries()]
    with working(app):
        db.session.execute(sa.delete(FeedPerson))
        db.session.execute(sa.delete(FeedEntry))
        db.session.execute(sa.update(FeedRebuild).values(last_user_id=0, done_at=None))
    clock.move(days=3)

    for _ in range(10):
        with working(app):
            rebuild.step()
    with app.app_context():
        assert not rebuild.is_waiting()
    after = [(entry.kind, entry.key, entry.n, entry.at, entry.people) for entry in entries()]
    assert sorted(after) == sorted(before)


def test_a_rebuild_of_a_right_feed_changes_nothing(app, alice, clock):
    song = release(app, alice)
    with working(app):
        assert projection.rebuild([alice.id]) == 0
        db.session.execute(sa.update(Song).where(Song.id == song).values(status="wip"))
        assert projection.rebuild([alice.id]) == 1
        db.session.execute(sa.update(Song).where(Song.id == song).values(status="released"))
        assert projection.rebuild([alice.id]) == 1


def test_an_import_is_one_line_until_it_is_undone(app, alice, clock, entries):
    lines = "".join(f"Song {number},Artist {number}\n" for number in range(60))
    with working(app):
        playlist = files.read(f"title,artist\n{lines}".encode())
        import_id = imports.begin_file(alice.user, playlist, name="Mix", status="released").id
    app.extensions["trackflow.jobs"].work.named["import"](import_id)
    (entry,) = entries()
    assert (entry.key, entry.kind, entry.n) == ("import", "release", 60)

    with working(app):
        undo.request(db.session.get_one(Import, import_id, with_for_update=True))
    app.extensions["trackflow.jobs"].work.named["import"](import_id)
    assert entries() == []


def test_the_people_of_the_tests_are_not_mixed_up(app, alice, clock, entries):
    dave = add_person(app, "dave")
    release(app, alice)
    release(app, dave, "Two")
    assert [entry.people for entry in of_kind(entries, "release")] == [[alice.id], [dave.id]]
