"""Reading the feed: who sees which entries, in which order."""

from __future__ import annotations

import pytest

from tests.support.people import Person, work_together, working
from tests.support.songs import add_song
from trackflow_web.domain.authoring import actions as authoring
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.imports import actions as imports
from trackflow_web.domain.imports import files
from trackflow_web.domain.moderation import holding
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.packs.queries import find_pack
from trackflow_web.domain.people.models import Audience
from trackflow_web.domain.relations import actions as relations
from trackflow_web.domain.relations import muting
from trackflow_web.domain.relations.models import Muted
from trackflow_web.domain.series import actions as series
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs import collaborators
from trackflow_web.domain.songs.queries import find_song

both_databases = pytest.mark.both_databases
FEED = "/api/community/feed"


@pytest.fixture(autouse=True)
def _registered_by_the_clock(clock):
    """People register at the time of the tests, or they would stay newcomers."""


@pytest.fixture
def feed(as_charlie):
    """`feed(type="packs")`: the entries that Charlie gets."""

    def items(**query):
        return as_charlie.api("GET", FEED, None, **query).json["items"]

    return items


def release(app, person: Person, title: str = "One", artist: str = "Metallica", **more) -> int:
    return add_song(app, person, title, artist, status="released", **more)


def joint(app, owner: Person, helper: Person) -> int:
    work_together(app, owner, helper)
    song_id = add_song(app, owner, "Together")
    with working(app):
        song = find_song(song_id)
        collaborators.add_collaborator(song, username=helper.username, limits=())
        authoring.mark_part(song, Part.DRUMS, helper.user, state="done")
        songs.move_song(song, owner.user, status="released")
    return song_id


def follow(app, follower: Person, person: Person) -> None:
    with working(app):
        relations.set_follow(follower.user, person.user, wanted=True, limits=(), newcomer_days=0)


def set_audience(app, person: Person, audience: Audience) -> None:
    with working(app):
        person.user.audience = audience


def make_pack(app, person: Person, name: str = "Live") -> int:
    with working(app):
        return packs.create_pack(person.user, name=name).id


def of(items, *usernames: str):
    return [item for item in items if item["actors"][0]["username"] in usernames]


def subjects(items) -> list[str]:
    return [item["subject"]["title"] for item in items]


@both_databases
def test_each_type_shows_only_its_entries(app, alice, clock, feed):
    clock.move(days=10)
    release(app, alice)
    make_pack(app, alice)
    with working(app):
        series.create_series(alice.user, artist="A", album="B", year=1999, tracks=["One"])
    expected = {
        "releases": {"release"},
        "achievements": {"achievement"},
        "packs": {"pack"},
        "series": {"series"},
        "all": {"release", "achievement", "pack", "series"},
    }
    for who in ({}, {"user_id": alice.id}):
        found = {
            name: {item["type"] for item in of(feed(type=name, **who), "alice")}
            for name in expected
        }
        assert found == expected


@both_databases
def test_followed_are_others_than_the_reader(app, alice, bob, charlie, feed):
    follow(app, charlie, alice)
    release(app, alice)
    release(app, bob, "Two")
    release(app, charlie, "Own")
    work_together(app, charlie, alice)
    mine = joint(app, charlie, alice)
    theirs = joint(app, bob, alice)

    ids = {item["subject"]["id"] for item in feed(who="followed", type="releases")}
    assert theirs in ids
    assert mine not in ids
    assert {item["actors"][0]["username"] for item in feed(who="followed")} == {"alice", "bob"}


@both_databases
@pytest.mark.parametrize("who", ["everyone", "followed"])
def test_a_cursor_goes_on_where_it_was_while_entries_come(
    app, alice, charlie, clock, as_charlie, who
):
    follow(app, charlie, alice)
    for number in range(5):
        clock.move(hours=7)
        release(app, alice, f"Song {number}")
    query = {"who": who, "type": "releases", "limit": 2}
    first = as_charlie.api("GET", FEED, None, **query).json
    clock.move(hours=7)
    release(app, alice, "Newest")
    second = as_charlie.api("GET", FEED, None, cursor=first["next"], **query).json

    assert subjects(first["items"]) == ["Song 4", "Song 3"]
    assert subjects(second["items"]) == ["Song 2", "Song 1"]
    skipped = as_charlie.api("GET", FEED, None, offset=3, **query).json
    assert subjects(skipped["items"]) == ["Song 2", "Song 1"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("limit", "0"),
        ("limit", "101"),
        ("offset", "-1"),
        ("offset", "1001"),
        ("type", "songs"),
        ("who", "nobody"),
        ("user_id", "x"),
        ("cursor", "forged"),
    ],
)
def test_a_bad_parameter_is_named(as_charlie, field, value):
    answer = as_charlie.api("GET", FEED, None, **{field: value})
    assert answer.status == 422
    assert field in answer.json["errors"]
    assert as_charlie.get("/community/", **{field: value}).status == 422


def test_a_hidden_entry_is_gone_for_its_reader_only(app, alice, as_charlie, as_bob, feed):
    release(app, alice)
    (item,) = of(feed(type="releases"), "alice")
    url = f"{FEED}/{item['id']}/hidden"
    assert as_charlie.api("PUT", url).status == 204
    assert as_charlie.api("PUT", url).status == 204
    assert of(feed(type="releases"), "alice") == []
    assert of(as_bob.api("GET", FEED).json["items"], "alice")
    assert as_charlie.api("DELETE", url).status == 204
    assert of(feed(type="releases"), "alice") == [item]

    set_audience(app, alice, Audience.ME)
    assert as_charlie.api("PUT", url).status == 404
    assert as_charlie.post(f"/community/feed/{item['id']}/hide").status == 404


def test_without_a_script_hiding_keeps_the_filter_and_can_be_undone(app, alice, as_charlie):
    release(app, alice)
    address = "/community/?type=releases"
    page = as_charlie.get(address)
    button = page.all("button[form=feed-form]")[0]
    form = page.one("#feed-form")
    sent = {each["name"]: each["value"] for each in form.select("input")}
    answer = as_charlie.post(button["formaction"], **sent, set=button["value"])
    assert (answer.status, answer.location) == (303, address)
    undo = as_charlie.follow().one(".notice--undo form")
    sent = {each["name"]: each["value"] for each in undo.select("input")}
    assert as_charlie.post(undo["action"], **sent).location == address
    assert as_charlie.follow().all(f"button[formaction='{button['formaction']}']")


@both_databases
def test_entries_of_hidden_owners_are_left_out(app, alice, bob, charlie, feed):
    follow(app, charlie, alice)
    joint(app, alice, bob)
    assert of(feed(), "alice")
    set_audience(app, alice, Audience.ME)
    for query in ({}, {"who": "followed"}, {"user_id": alice.id}, {"user_id": bob.id}):
        assert of(feed(**query), "alice") == []
    set_audience(app, alice, Audience.MEMBERS)
    assert of(feed(), "alice")


@both_databases
def test_a_hidden_collaborator_is_one_more(app, alice, bob, charlie, feed, as_charlie):
    follow(app, charlie, bob)
    song = joint(app, alice, bob)
    (item,) = of(feed(type="releases"), "alice")
    assert [actor["username"] for actor in item["actors"]] == ["alice", "bob"]
    assert [actor["parts"] for actor in item["actors"]] == [[], ["drums"]]

    set_audience(app, bob, Audience.ME)
    (item,) = of(feed(type="releases"), "alice")
    assert [actor["username"] for actor in item["actors"]] == ["alice"]
    assert (item["others"], item["subject"]["id"]) == (1, song)
    shown = as_charlie.get("/community/", type="releases").one(f"[data-id='{item['id']}']")
    assert "and one more" in " ".join(shown.get_text().split())
    assert "bob" not in shown.get_text()
    # Whom the reader asks for must not be found by what others did.
    assert feed(user_id=bob.id) == []
    assert feed(who="followed") == []


def test_an_import_is_one_line(app, alice, feed):
    lines = "".join(f"Song {number},Artist {number}\n" for number in range(12))
    with working(app):
        playlist = files.read(f"title,artist\n{lines}".encode())
        import_id = imports.begin_file(alice.user, playlist, name="Mix", status="released").id
    app.extensions["trackflow.jobs"].work.named["import"](import_id)
    (item,) = of(feed(), "alice")
    assert (item["n"], item["imported"], item["type"]) == (12, True, "release")


@both_databases
def test_newcomers_are_in_the_feed_of_everyone_with_releases_only(app, alice, clock, feed):
    release(app, alice)
    make_pack(app, alice)
    assert {item["type"] for item in of(feed(), "alice")} == {"release"}
    assert {item["type"] for item in feed(user_id=alice.id)} == {"release", "achievement", "pack"}
    clock.move(days=3)
    assert {item["type"] for item in of(feed(), "alice")} == {"release", "achievement", "pack"}


def test_what_is_undone_is_withdrawn(app, alice, clock, feed):
    song = release(app, alice)
    assert subjects(of(feed(type="releases"), "alice")) == ["One"]
    with working(app):
        songs.move_song(find_song(song), alice.user, status="wip")
    assert of(feed(type="releases"), "alice") == []
    with working(app):
        songs.move_song(find_song(song), alice.user, status="released")
    pack = make_pack(app, alice)
    clock.move(days=10)
    assert of(feed(type="packs"), "alice")
    with working(app):
        packs.delete_pack(find_pack(pack, for_update=True))
    assert of(feed(type="packs"), "alice") == []
    assert of(feed(type="releases"), "alice")


@both_databases
def test_an_album_without_a_release_is_no_link_for_others(
    app, alice, as_alice, as_charlie, clock, feed
):
    clock.move(days=10)
    song_id = add_song(app, alice, "Fuel", "Metallica")
    with working(app):
        album = series.create_series(
            alice.user, artist="Metallica", album="Reload", year=1997, tracks=["Fuel"]
        )
        series.set_track(album, 1, song_id=song_id, irrelevant=False)
        page = f"/series/{album.id}"
    shown = "/community/?type=series"
    assert not as_charlie.get(shown).all("a.happening__subject")
    assert "Reload" in as_charlie.get(shown).one("[data-feed=series] h3").text
    assert as_charlie.get(feed(type="series")[0]["subject"]["url"]).status == 200
    assert as_alice.get(shown).one("a.happening__subject")["href"] == page
    with working(app):
        songs.move_song(find_song(song_id, for_update=True), alice.user, status="released")
    assert as_charlie.get(shown).one("a.happening__subject")["href"] == page
    assert feed(type="series")[0]["subject"]["url"] == page
    assert as_charlie.get(page).status == 200


@both_databases
def test_muted_artists_packs_and_people_are_not_heard_of(app, alice, bob, charlie, clock, feed):
    pack = make_pack(app, alice)
    release(app, alice, "Loud", "Noisy Ones")
    clock.move(hours=7)
    packed = release(app, alice, "Packed", "Others")
    with working(app):
        packs.put_song(find_pack(pack, for_update=True), song_id=packed, optional=False)
    clock.move(hours=7)
    release(app, bob, "Fine")
    with working(app):
        series.create_series(alice.user, artist="noisy ones", album="B", year=1999, tracks=["X"])
    clock.move(days=10)

    def titles():
        items = [i for i in of(feed(), "alice", "bob") if i["type"] != "achievement"]
        return sorted(subjects(items))

    assert titles() == ["B", "Fine", "Live", "Loud", "Packed"]
    with working(app):
        muting.set_mute_of_artist(charlie.user, "Noisy  ones", wanted=True)
    assert titles() == ["Fine", "Live", "Packed"]
    with working(app):
        muting.set_mute_of(charlie.user, muting.Kind.PACK, pack, wanted=True)
    assert titles() == ["Fine"]
    with working(app):
        relations.set_mute(charlie.user, bob.user, wanted=True)
    assert titles() == []
    with working(app):
        muting.set_mute_of(charlie.user, muting.Kind.PACK, pack, wanted=False)
    assert titles() == ["Live", "Packed"]


@both_databases
def test_a_merged_entry_names_neither_held_nor_muted_songs(app, alice, charlie, as_charlie):
    release(app, alice, "Muted", "Noisy Ones")
    held = release(app, alice, "Held", "Others")
    single = release(app, alice, "Single", "Others")
    release(app, alice, "Newest", "Others")

    def named():
        entry = as_charlie.get("/community/", type="releases", user_id=alice.id)
        return {t for t in ("Muted", "Held", "Single", "Newest") if t in entry.one("article").text}

    assert named() == {"Muted", "Held", "Single", "Newest"}
    with working(app):
        muting.set_mute_of_artist(charlie.user, "Noisy Ones", wanted=True)
        relations.mute(charlie.user, Muted.SONG, single)
        holding.hold("release", held, is_automatic=False)
    assert named() == {"Newest"}


def test_the_next_part_keeps_the_filters_of_the_address(app, alice, as_charlie):
    with working(app):
        for number in range(3):
            packs.create_pack(alice.user, name=f"Pack {number}")
    page = as_charlie.get(f"/community/feed?user_id={alice.id}&limit=1&type=packs")
    first = page.one("article[data-feed]")["data-id"]
    following = page.one("a[rel=next]")["href"]
    assert {f"user_id={alice.id}", "limit=1", "type=packs"} <= set(
        following.split("?")[1].split("&")
    )
    assert as_charlie.get(following).one("article[data-feed]")["data-id"] != first
