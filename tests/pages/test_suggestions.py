"""What fields offer while one types."""

from __future__ import annotations

import pytest

from tests.support.people import work_together, working
from tests.support.songs import add_song
from trackflow_web.domain.people.models import Audience


def offered(page):
    return [option["value"] for option in page.all("option")]


@pytest.mark.both_databases
def test_own_artists_are_offered_the_most_frequent_first(app, alice, bob, as_alice):
    add_song(app, alice, "One", artist="Metallica")
    add_song(app, alice, "Two", artist="METALLICA")
    add_song(app, alice, "Three", artist="The Meters")
    add_song(app, alice, "Four", artist="100% Me_at")
    add_song(app, bob, "Five", artist="Megadeth")
    page = as_alice.get("/suggestions/artists", htmx=True, artist="me")
    assert offered(page) == ["METALLICA", "The Meters"]
    assert offered(as_alice.get("/suggestions/artists", htmx=True, artist="100%")) == ["100% Me_at"]
    assert offered(as_alice.get("/suggestions/artists", htmx=True, artist="%")) == []


@pytest.mark.both_databases
def test_only_users_whose_profile_may_be_seen_are_offered(app, alice, bob, charlie, as_alice):
    def offers(start):
        return offered(as_alice.get("/suggestions/people", htmx=True, username=start))

    assert offers("B") == ["bob"]
    assert offers("al") == []  # herself
    assert offers("") == []
    with working(app):
        bob.user.audience = Audience.ME
    assert offers("b") == []
    with working(app):
        bob.user.audience = Audience.EVERYONE
    assert offers("bo") == ["bob"]


def test_the_artist_field_has_a_list_without_a_script(app, alice, as_alice):
    song = add_song(app, alice, "One", artist="Metallica")
    page = as_alice.get("/songs/")
    assert page.one("#artist")["list"] == "artists"
    assert [option["value"] for option in page.all("#artists option")] == ["Metallica"]
    assert as_alice.get(f"/songs/{song}").one("datalist#artists")


def test_an_overlong_search_prefix_is_rejected(as_alice):
    assert as_alice.get("/suggestions/artists", htmx=True, artist="x" * 101).status == 422


def test_people_one_works_with_are_offered_without_a_script(app, alice, bob, as_alice):
    song = add_song(app, alice, "One")
    page = as_alice.get(f"/songs/{song}")
    assert page.one("#username")["list"] == "people"
    assert page.all("#people option") == []
    work_together(app, alice, bob)
    as_alice.post(f"/songs/{song}/collaborators", username="bob")
    assert [each["value"] for each in as_alice.get(f"/songs/{song}").all("#people option")] == [
        "bob"
    ]


def test_followed_people_are_offered_without_a_script(app, alice, bob, charlie, as_alice):
    song = add_song(app, alice, "One")
    as_alice.post("/users/charlie/follow", set="1")
    assert "charlie" in offered(as_alice.get(f"/songs/{song}"))
    with working(app):
        charlie.user.audience = Audience.ME
    assert "charlie" not in offered(as_alice.get(f"/songs/{song}"))
