"""Atom feeds: what readers get, as a visitor sees it, and the private feed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from tests.support.browsing import Browser
from tests.support.people import working
from tests.support.songs import add_song
from trackflow_web.domain.people.models import Audience
from trackflow_web.domain.relations import actions as relations
from trackflow_web.integrations import atom

NS = {"a": atom.NAMESPACE}
START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def song_id(app, clock, alice, as_alice):
    """A release of Alice, whose profile everyone sees and who is no newcomer."""
    clock.move(days=30)
    with working(app):
        alice.user.audience = Audience.EVERYONE
    song_id = add_song(app, alice, "Wake <up> & go", artist="Arcade Fire")
    as_alice.post(f"/songs/{song_id}/status", status="released")
    return song_id


def read(app, address, **headers):
    """The response to a visitor, and its document."""
    answer = app.test_client().get(address, headers=headers)
    return answer, parsed(answer.data) if answer.data else None


def parsed(content):
    return ET.fromstring(content)  # noqa: S314 -- our own


def titles(document):
    return [each.text for each in document.findall("a:entry/a:title", NS)]


@pytest.mark.both_databases
def test_a_release_is_an_entry_with_a_stable_id(app, song_id):
    answer, document = read(app, "/community/feed.atom?type=releases")
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert titles(document) == ["alice released Wake <up> & go"]
    entry = document.find("a:entry", NS)
    assert entry.find("a:id", NS).text.startswith("tag:localhost,2026:feed/")
    assert entry.find("a:link", NS).get("href").endswith(f"/releases/{song_id}")
    assert "Wake &lt;up&gt; &amp; go" in entry.find("a:content", NS).text
    for name in ("id", "title", "updated"):
        assert document.find(f"a:{name}", NS).text


def test_an_unchanged_feed_is_not_sent_again(app, song_id):
    answer, _ = read(app, "/users/alice/feed.atom")
    again, _ = read(app, "/users/alice/feed.atom", **{"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("address", ["/community/feed.atom", "/community/feed.atom?user_id=2"])
def test_visitors_read_only_what_is_for_everyone(app, alice, song_id, address):
    assert titles(read(app, address)[1])
    with working(app):
        alice.user.audience = Audience.MEMBERS
    assert titles(read(app, address)[1]) == []


def test_the_feed_of_a_hidden_user_is_that_of_a_missing_one(app, alice, song_id):
    with working(app):
        alice.user.audience = Audience.MEMBERS
    assert read_status(app, "/users/alice/feed.atom") == 404
    assert read_status(app, "/users/nobody/feed.atom") == 404


def read_status(app, address):
    return app.test_client().get(address).status_code


def test_an_achievement_has_a_feed_of_its_holders(app, alice, song_id):
    answer, document = read(app, "/achievements/first_release.atom")
    assert answer.status_code == 200
    assert titles(document) == ["alice earned First Release"]
    with working(app):
        alice.user.audience = Audience.ME
    assert titles(read(app, "/achievements/first_release.atom")[1]) == []
    assert read_status(app, "/achievements/nothing.atom") == 404


def test_the_private_feed_follows_and_can_be_replaced(app, alice, bob, as_bob, song_id):
    with working(app):
        relations.set_follow(bob.user, alice.user, wanted=True, limits=(), newcomer_days=0)
        alice.user.audience = Audience.MEMBERS
    address = as_bob.get("/settings/people?list=following").one("[name=feed_address]")["value"]
    path = address.removeprefix("http://localhost")
    answer, document = read(app, path)
    assert any("Wake" in title for title in titles(document))
    assert answer.headers["Cache-Control"].startswith("private")
    as_bob.post("/settings/people/feed-address")
    assert read_status(app, path) == 404
    assert read_status(app, path.replace("/feeds/", "/feeds/x")) == 404


def test_the_private_feed_outlives_a_rotation_of_the_key(make_app, alice):
    before = Browser(make_app(SECRET_KEY="the-key-of-last-year"))
    before.enter(alice)
    address = before.get("/settings/people?list=following").one("[name=feed_address]")["value"]
    after = make_app(SECRET_KEY="the-key-of-this-year", SECRET_KEY_FALLBACKS="the-key-of-last-year")
    assert read_status(after, address.removeprefix("http://localhost")) == 200


@pytest.mark.parametrize("query", ["type=lost", "user_id=0", "user_id=x"])
def test_unknown_filters_are_refused(app, query):
    assert read_status(app, f"/community/feed.atom?{query}") == 422


@pytest.mark.parametrize(
    ("minutes", "shown"), [(0, 0), (1, 30), (29, 30), (30, 30), (31, 60), (90, 90)]
)
def test_a_growing_entry_is_updated_at_most_every_half_hour(minutes, shown):
    last = START + timedelta(minutes=minutes)
    assert atom.updated_at(START, last) == START + timedelta(minutes=shown)


def test_characters_that_xml_cannot_hold_are_left_out():
    entry = atom.AtomEntry("i", "a\x00b\uffff", "http://x/", START, START, [], "")
    document = parsed(atom.document(atom.AtomFeed("i", "t", "s", "p", [entry])))
    assert titles(document) == ["ab"]
