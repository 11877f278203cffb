"""Actions on songs: each milestone counts once, undoing lowers the counters."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.people import working
from trackflow_web.achievements.models import UserStats
from trackflow_web.domain.songs import actions, queries
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Duplicate
from trackflow_web.kernel.events import Event

pytestmark = pytest.mark.both_databases


@pytest.fixture
def add(app, alice):
    def add(title="One", artist="Metallica", **more):
        with working(app):
            return actions.add_song(alice.user, title=title, artist=artist, **more).id

    return add


@pytest.fixture
def change(app, alice):
    """`change(song_id, "wip")` moves, `change(song_id, title=...)` edits, `change(id)` deletes."""

    def change(song_id, status=None, **fields):
        with working(app):
            song = queries.find_song(song_id)
            if status:
                actions.move_song(song, alice.user, status=status)
            elif fields:
                known = {key: getattr(song, key) for key in ("title", "artist", "album", "year")}
                actions.edit_song(song, alice.user, **known | fields)
            else:
                actions.delete_song(song, alice.user)

    return change


@pytest.fixture
def numbers(app, alice):
    """Alice's counters by their names."""

    def read(*names):
        with app.app_context():
            stats = db.session.get_one(UserStats, alice.id)
            return [getattr(stats, name) for name in names]

    return read


LADDER = ("total_songs", "total_planned", "total_started", "total_released", "total_finished")


def test_a_planned_song_counts_as_planned(add, numbers):
    add()
    assert numbers(*LADDER) == [1, 1, 0, 0, 0]


def test_moving_a_song_sets_its_milestones(add, change, numbers):
    song_id = add()
    change(song_id, "wip")
    change(song_id, "released")
    assert numbers(*LADDER) == [1, 1, 1, 1, 1]


def test_a_song_released_without_work_is_not_finished(add, numbers):
    add(status="released")
    assert numbers(*LADDER) == [1, 0, 0, 1, 0]


def test_a_song_moved_back_and_forth_counts_once(add, change, numbers):
    song_id = add()
    for _ in range(5):
        for status in ("wip", "released", "future"):
            change(song_id, status)
    assert numbers(*LADDER) == [1, 1, 1, 1, 1]


def test_moving_a_song_to_its_own_status_changes_nothing(app, alice, add, change):
    song_id = add()
    change(song_id, "future")
    with app.app_context():
        assert (
            db.session.scalar(
                sa.select(sa.func.count()).where(
                    Event.user_id == alice.id, Event.name == "song_planned"
                )
            )
            == 1
        )


def test_deleting_a_song_lowers_the_counters(add, change, numbers):
    change(add(status="released", year="1988"))
    assert numbers(*LADDER, "distinct_artists", "distinct_years") == [0] * 7


def test_milestones_keep_their_first_date(app, add, change, clock):
    song_id, began = add(status="wip"), clock.at
    clock.move(days=1)
    for status in ("future", "wip"):
        change(song_id, status)
    with app.app_context():
        assert queries.find_song(song_id).started_at == began


def test_a_song_in_another_spelling_is_a_duplicate(add):
    first = add()
    for title, artist in [
        ("One", "Metallica"),
        (" ONE ", "The Metallica"),
        ("Öné", "metal lica"),
        ("One\N{ZERO WIDTH SPACE}", "METALLICA"),
    ]:
        with pytest.raises(Duplicate) as refusal:
            add(title, artist)
        assert refusal.value.existing_id == first


def test_two_users_may_have_the_same_song(app, bob, add):
    add()
    with working(app):
        assert actions.add_song(bob.user, title="One", artist="Metallica").id


def test_a_song_cannot_be_renamed_to_an_existing_one(app, add, change):
    first = add("One")
    second = add("Two")
    with pytest.raises(Duplicate) as refusal:
        change(second, title="ONE ")
    assert refusal.value.existing_id == first
    with app.app_context():
        assert queries.find_song(second).title == "Two"


def test_the_spelling_of_a_song_may_be_corrected(app, add, change):
    song_id = add("one")
    change(song_id, title="One")
    with app.app_context():
        assert queries.find_song(song_id).title == "One"


def test_changing_artist_and_year_updates_the_counters(add, change, numbers):
    song_id = add(artist="Beatles", year="1969", status="released")
    add("Help!", artist="The Beatles", year="1965", status="released")
    assert numbers("distinct_artists", "distinct_years", "distinct_decades") == [1, 2, 1]
    change(song_id, artist="Kinks", year="1971")
    assert numbers("distinct_artists", "distinct_years", "distinct_decades") == [2, 2, 2]


def test_names_of_the_maximum_length_can_be_stored(app, add):
    # Squares that unfold into whole words, in ever other combinations: nothing compresses them.
    squares = [chr(0x3300 + number * 7 % 88) for number in range(200)]
    song_id = add("".join(squares), "".join(reversed(squares)), status="released")
    with app.app_context():
        assert len(queries.find_song(song_id).title) == 200


def test_a_search_ignores_case_and_accents_and_treats_wildcards_as_text(app, alice, add):
    titles = ["100% Pure Love", "Motörhead Song", "a_b", "back\\slash"]
    for title in titles:
        add(title, "X")
    found = {}
    for q in ("", "MOTORHEAD", "motörh", "%", "_", "\\", "a%b", "' OR 1=1 --", "noise"):
        with app.app_context():
            songs = queries.list_songs(alice.id, status=None, q=q, page=1).songs
        found[q] = sorted(song.title for song in songs)
    assert found == {
        "": titles,
        "MOTORHEAD": ["Motörhead Song"],
        "motörh": ["Motörhead Song"],
        "%": ["100% Pure Love"],
        "_": ["a_b"],
        "\\": ["back\\slash"],
        "a%b": [],
        "' OR 1=1 --": [],
        "noise": [],  # another user's
    }


def test_songs_are_listed_in_pages(app, alice, add):
    for number in range(5):
        add(f"Song {number}")
    with app.app_context():
        pages = [
            queries.list_songs(alice.id, status=None, q="", page=page, size=2) for page in (1, 2, 3)
        ]
    assert [[song.title[-1] for song in page.songs] for page in pages] == [
        ["4", "3"],
        ["2", "1"],
        ["0"],
    ]
    assert {(page.pages, page.total) for page in pages} == {(3, 5)}


def test_a_page_number_past_the_end_returns_the_last_page(app, alice, add):
    add()
    with app.app_context():
        listing = queries.list_songs(alice.id, status=None, q="", page=7)
    assert (listing.page, len(listing.songs)) == (1, 1)


def test_songs_are_counted_by_status(app, alice, add):
    for number, status in enumerate(["future", "wip", "wip"]):
        add(f"Song {number}", status=status)
    with app.app_context():
        assert queries.count_songs(alice.id).tabs == {
            "all": 3,
            "future": 1,
            "wip": 2,
            "released": 0,
        }


def test_deleting_a_song_deletes_its_rows_only(app, add, change):
    song_id = add()
    with app.app_context():
        before = db.session.scalar(sa.select(sa.func.count()).select_from(Song))
    change(song_id)
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Song)) == before - 1
