"""Releases as others see them: who sees which, their credits, and the texts about them."""

from __future__ import annotations

import pytest

from tests.support.people import work_together, working
from tests.support.songs import add_song
from trackflow_web.domain.authoring import actions as authoring
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.people.charter_names import charter_name, plain
from trackflow_web.domain.people.models import Audience, User
from trackflow_web.domain.releases import messages, queries
from trackflow_web.domain.releases.credits import credits_of, ini_lines
from trackflow_web.domain.releases.queries import Filters
from trackflow_web.domain.songs import collaborators
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.kernel.database import db


@pytest.fixture
def release(app, alice):
    """`release("One")`: a released song of Alice's; returns its id."""

    def release(title="One", artist="Metallica", **more):
        return add_song(app, alice, title, artist, **{"status": "released", **more})

    return release


@pytest.fixture
def joint(app, alice, bob, release):
    """A release of Alice's on which Bob did the drums and she the guitar."""
    song_id = release("One", album="And Justice", year=1988)
    work_together(app, alice, bob)
    with working(app):
        song = find_song(song_id, for_update=True)
        collaborators.add_collaborator(song, username="bob", limits=())
        authoring.mark_part(song, Part.DRUMS, bob.user, state="done")
        authoring.mark_part(song, Part.GUITAR, alice.user, state="done")
    return song_id


def set_audience(app, person, audience):
    with working(app):
        person.user.audience = audience


def titles(app, viewer, **filters):
    with app.app_context():
        page = queries.list_releases(Filters(**filters), viewer.id, page=1)
        return [song.title for song in page.songs if not song.title.startswith("Noise")]


@pytest.mark.both_databases
def test_a_list_of_releases_has_those_of_visible_users_newest_first(
    app, bob, alice, release, clock
):
    release("One")
    clock.move(minutes=1)
    release("Two")
    add_song(app, alice, "Planned")
    assert titles(app, bob) == ["Two", "One"]
    set_audience(app, alice, Audience.ME)
    assert titles(app, bob) == []
    assert titles(app, alice) == ["Two", "One"]


@pytest.mark.both_databases
def test_releases_are_filtered_by_artist_year_pack_user_and_text(app, bob, alice, release):
    one = release("One", "The Beatles", year=1965, album="Help!")
    release("Two", "Queen", year=1975)
    with working(app):
        pack = songs_pack(alice, "2112", one)
    for filters, found in (
        ({"artist": "beatles"}, ["One"]),
        ({"year": 1975}, ["Two"]),
        ({"pack": "2112"}, ["One"]),
        ({"pack": str(pack)}, ["One"]),
        ({"pack": "another"}, []),
        ({"q": "help"}, ["One"]),
        ({"q": "100%"}, []),
        ({"user": "alice"}, ["Two", "One"]),
        ({"user": "bob"}, []),
        ({"artist": "queen", "year": 1965}, []),
    ):
        assert titles(app, bob, **filters) == found, filters


def songs_pack(person, name, *song_ids):
    from trackflow_web.domain.packs import actions as packs  # noqa: PLC0415 -- only here

    pack = packs.create_pack(person.user, name=name)
    for song_id in song_ids:
        packs.put_song(pack, song_id=song_id, optional=False)
    return pack.id


@pytest.mark.leaves_drift("the song is changed without the engine")
def test_imported_releases_appear_only_when_filtered(app, bob, release):
    song_id = release("One")
    with working(app):
        song = db.session.get_one(Song, song_id)
        song.import_id = _some_import(song.user_id)
        song.released_at = song.created_at
    assert titles(app, bob) == []
    assert titles(app, bob, q="One") == ["One"]


def _some_import(user_id):
    from trackflow_web.domain.imports import actions, files  # noqa: PLC0415 -- only here

    rows = files.read(b"title,artist\nOther,Metallica\n")
    return actions.begin_file(db.session.get_one(User, user_id), rows, name="List").id


@pytest.mark.both_databases
def test_credits_name_the_owner_first_and_everybody_with_their_parts(app, charlie, joint):
    with app.app_context():
        found = credits_of(queries.find_release(joint, charlie.id), charlie.id)
        people = [(each.user.username, each.is_owner, each.parts) for each in found.people]
    assert people == [("alice", True, (Part.GUITAR,)), ("bob", False, (Part.DRUMS,))]
    assert found.done == [Part.DRUMS, Part.GUITAR]


def test_hidden_collaborators_are_named_only_to_the_owner_and_themselves(
    app, alice, bob, charlie, joint
):
    set_audience(app, bob, Audience.ME)
    for viewer, is_named in ((alice, True), (bob, True), (charlie, False)):
        with app.app_context():
            song = queries.find_release(joint, viewer.id)
            found = credits_of(song, viewer.id)
            assert any(each.user and each.user.username == "bob" for each in found.people) is (
                is_named
            )
            text = "\n".join(ini_lines(song, viewer.id))
            assert ("bob" in text) is is_named
            assert ("bob" in messages.release_messages(song, found, "u").discord) is is_named


def test_visitors_see_only_collaborators_whose_profile_is_for_everyone(app, alice, joint):
    set_audience(app, alice, Audience.EVERYONE)
    with app.app_context():
        found = credits_of(queries.find_release(joint, None), None)
        assert [each.user and each.user.username for each in found.people] == ["alice", None]


def test_credit_lines_use_charter_names_and_the_keys_of_games(app, alice, bob, joint):
    with working(app):
        bob.user.charter_names = "<color=#ff0000>Bobby</color>\nBob the Charter"
        song = find_song(joint, for_update=True)
        authoring.mark_part(song, Part.HARMONIES, alice.user, state="done")
        authoring.mark_part(song, Part.VOCALS, bob.user, state="done")
        assert ini_lines(song, alice.id) == [
            "charter = alice, <color=#ff0000>Bobby</color>",
            "charter_drums = <color=#ff0000>Bobby</color>",
            "charter_guitar = alice",
            "charter_vocals = alice, <color=#ff0000>Bobby</color>",
        ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("<color=#ff0000>Bobby</color>", "Bobby"),
        ("<b>Bo</b>b", "Bob"),
        ("a < b > c", "a < b > c"),
        ("<b></b>", "<b></b>"),
    ],
)
def test_the_markup_of_games_is_not_shown(name, shown):
    assert plain(name) == shown


def test_a_user_without_charter_names_is_credited_by_the_shown_name():
    assert charter_name(User(username="bob", display_name="Bob B.", charter_names="")) == "Bob B."


def test_messages_have_song_parts_credits_and_links(app, charlie, release, joint):
    with working(app):
        db.session.get_one(Song, joint).download_url = "https://files.example/one"
    with app.app_context():
        song = queries.find_release(joint, charlie.id)
        found = messages.release_messages(
            song, credits_of(song, charlie.id), "https://x/releases/1"
        )
    assert found.discord.splitlines() == [
        "**One** by Metallica",
        "And Justice · 1988",
        "Parts: drums, guitar",
        "Charted by alice (guitar); bob (drums)",
        "Download: <https://files.example/one>",
        "https://x/releases/1",
    ]
    assert "[b]One[/b] by Metallica" in found.forum
    assert "[url=https://files.example/one]Download[/url]" in found.forum


def test_titles_can_add_no_markup_and_call_nobody():
    assert messages.markdown("**@everyone** [a](b)") == (
        "\\*\\*@\N{ZERO WIDTH SPACE}everyone\\*\\* \\[a\\](b)"
    )
    assert messages.bbcode("[img]x[/img]") == "(img)x(/img)"
    for escaped in (messages.markdown, messages.bbcode):
        for address in ("https://evil.example", "WWW.evil.example", "x https://www.evil.example"):
            shown = escaped(address).casefold()
            assert "://" not in shown
            assert "www." not in shown
    found = messages.snippets("https://x/", '"><script>')
    assert "<script>" not in found["HTML"]
