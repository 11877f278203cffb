"""oEmbed describes public pages of this site and nothing else."""

from __future__ import annotations

import json

import pytest

from tests.support.people import working
from tests.support.songs import add_song
from trackflow_web.domain.people.models import Audience


@pytest.fixture
def song(app, alice):
    with working(app):
        alice.user.audience = Audience.EVERYONE
    return add_song(app, alice, "One", "Metallica", status="released")


def ask(browser, url, **more):
    return browser.get("/oembed", url=url, **more)


def test_a_release_is_described(stranger, song):
    answer = ask(stranger, f"http://localhost/releases/{song}", format="json")
    assert answer.status == 200
    found = json.loads(answer.text)
    assert (found["version"], found["title"]) == ("1.0", "One by Metallica")
    assert found["author_url"] == "http://localhost/users/alice"
    assert found["provider_name"] == "TrackFlow"


def test_profiles_and_awards_are_described(stranger, song):
    for path in ("/users/alice", "/users/alice/achievements/first_release"):
        assert "alice" in json.loads(ask(stranger, f"http://localhost{path}").text)["title"]


def test_private_pages_are_not_described_even_to_their_owner(as_alice, stranger, app, alice, song):
    with working(app):
        alice.user.audience = Audience.MEMBERS
    missing = ask(stranger, "http://localhost/releases/999999")
    for browser in (stranger, as_alice):
        assert ask(browser, f"http://localhost/releases/{song}").status == 404
    assert ask(stranger, f"http://localhost/releases/{song}").html == missing.html


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example/users/alice",
        "//localhost/users/alice",
        "javascript://localhost/users/alice",
        "http://localhost@evil.example/users/alice",
        "http://[",
        "http://localhost/songs/",
        "http://localhost/users/alice/card",
    ],
)
def test_other_addresses_are_not_found(stranger, song, url):
    assert ask(stranger, url).status == 404


def test_parameters_are_checked(stranger, song):
    assert stranger.get("/oembed").status == 422
    url = "http://localhost/users/alice"
    assert ask(stranger, url, format="xml").status == 501
    assert ask(stranger, url, format="yaml").status == 422
    assert ask(stranger, url, maxwidth="-1").status == 422
    assert ask(stranger, "http://localhost/" + "a" * 600).status == 422
