"""Covers of songs and packs: uploaded, encoded anew, shown to whoever sees what they belong to."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
from PIL import Image

from tests.support.browsing import Browser
from tests.support.people import working
from tests.support.pictures import photograph, picture
from tests.support.songs import add_song
from trackflow_web.adapters import images
from trackflow_web.domain.covers import actions
from trackflow_web.domain.covers.models import Cover
from trackflow_web.domain.people.models import Audience
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.kernel.database import db


def status(browser, address):
    return browser.client.get(address).status_code


def upload(browser, address, content, name="cover.png"):
    return browser.post(address, cover=(io.BytesIO(content), name))


@pytest.fixture
def song_id(app, alice, as_alice):
    song_id = add_song(app, alice, "One")
    as_alice.post(f"/songs/{song_id}/status", status="released")
    return song_id


@pytest.fixture
def uploaded(as_alice, song_id):
    """The URL of the cover of Alice's release."""
    assert upload(as_alice, f"/songs/{song_id}/cover", picture()).status == 303
    return as_alice.get(f"/releases/{song_id}").one(".release-hero .cover")["src"]


@pytest.mark.both_databases
def test_an_uploaded_cover_is_shown_as_a_square_of_two_sizes(as_bob, uploaded):
    assert uploaded.endswith("-500.webp")
    for size in (500, 250):
        answer = as_bob.client.get(uploaded.replace("-500", f"-{size}"))
        image = Image.open(io.BytesIO(answer.data))
        assert (image.format, image.size) == ("WEBP", (size, size))
        assert "immutable" in answer.headers["Cache-Control"]


def test_a_cover_of_what_is_not_released_is_its_owners(as_alice, as_bob, song_id, uploaded):
    as_alice.post(f"/songs/{song_id}/status", status="wip")
    assert status(as_bob, uploaded) == 404
    assert status(as_alice, uploaded) == 200


@pytest.mark.both_databases
def test_visitors_see_covers_of_public_profiles(app, alice, uploaded):
    visitor = app.test_client()
    assert visitor.get(uploaded).status_code == 404
    with working(app):
        alice.user.audience = Audience.EVERYONE
    answer = visitor.get(uploaded)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"].startswith("public")


def test_a_cover_that_only_its_owner_sees_is_kept_by_no_shared_cache(
    app, alice, as_alice, song_id, uploaded
):
    with working(app):
        alice.user.audience = Audience.EVERYONE
    as_alice.post(f"/songs/{song_id}/status", status="wip")
    answer = as_alice.client.get(uploaded)
    assert (answer.status_code, answer.headers["Cache-Control"].split(",")[0]) == (200, "private")


def test_a_removed_cover_is_gone_at_once(as_alice, song_id, uploaded):
    as_alice.post(f"/songs/{song_id}/cover", remove="1")
    assert status(as_alice, uploaded) == 404
    shown = as_alice.get(f"/releases/{song_id}").one(".release-hero .cover")["src"]
    assert shown.startswith("/covers/generated/")


def test_a_deleted_song_comes_back_with_its_cover(as_alice, song_id, uploaded):
    page = as_alice.post(f"/songs/{song_id}/delete")
    assert page.status == 303
    token = as_alice.follow().one("form[action^='/undo/']")["action"]
    assert status(as_alice, uploaded) == 404
    as_alice.post(token)
    assert status(as_alice, uploaded) == 200


def test_a_pack_has_a_cover(as_alice, as_bob):
    pack = as_alice.post("/packs/", name="Justice").location
    assert upload(as_alice, f"{pack}/cover", picture()).status == 303
    assert as_alice.get(f"{pack}/cover").one(".cover")["src"].endswith("-250.webp")


@pytest.mark.parametrize("content", [b"", b"<svg></svg>", b"\x89PNG\r\n\x1a\nbroken", b"x" * 1000])
def test_what_is_no_picture_is_refused(as_alice, song_id, content):
    page = upload(as_alice, f"/songs/{song_id}/cover", content)
    assert page.status == 422
    assert page.errors()["cover"]


def test_a_picture_above_the_limit_is_refused(as_alice, song_id, monkeypatch):
    monkeypatch.setattr(actions, "MOST_BYTES", 100)
    page = upload(as_alice, f"/songs/{song_id}/cover", picture())
    assert page.status == 422
    assert "up to" in page.errors()["cover"]


def test_a_cover_that_kills_workers_fails_eventually(make_app, alice, as_alice, song_id):
    app = make_app(JOBS="worker")
    browser = Browser(app)
    browser.enter(alice)
    upload(browser, f"/songs/{song_id}/cover", picture())
    with app.app_context():
        cover_id = db.session.scalar(sa.select(Cover.id))
    for _ in range(actions.MOST_ATTEMPTS):
        with working(app):
            assert actions.acquire(cover_id)
    with working(app):
        assert actions.acquire(cover_id) is None
    with app.app_context():
        cover = db.session.get_one(Cover, cover_id)
        assert (cover.failed, cover.original) == (True, None)


def test_only_the_owner_sets_a_cover(as_bob, song_id):
    assert as_bob.post(f"/songs/{song_id}/cover", remove="1").status == 404


@pytest.mark.both_databases
def test_covers_that_nothing_shows_are_deleted_after_a_day(app, clock, as_alice, song_id, uploaded):
    upload(as_alice, f"/songs/{song_id}/cover", picture(colour=(1, 2, 3)))
    clock.move(days=2)
    with working(app):
        actions.prune()
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Cover)) == 1
    assert status(as_alice, uploaded) == 404


@pytest.mark.both_databases
def test_other_addresses_of_covers_are_not_found(as_alice, uploaded):
    digest = uploaded.rpartition("/")[2].removesuffix("-500.webp")
    assert status(as_alice, f"/covers/{digest}-500.webp") == 200
    for name in (f"{digest[:-1]}%00", f"{digest[:-1]}%ff", f"A{digest[1:]}", "a" * 64, "a" * 2000):
        assert status(as_alice, f"/covers/{name}-500.webp") == 404
    for side in ("0", "64", "5000", "500%00"):
        assert status(as_alice, f"/covers/{digest}-{side}.webp") == 404


A_PAGE = 48
MEGABYTE = 1_000_000
# Of the first rows on a large screen.
SHOWN_AT_ONCE = 12


@pytest.fixture
def grid(app, alice):
    """The address of a full page of releases, every one with a cover as detailed as a photo."""
    taken = [images.squares(photograph(seed), (actions.LARGE, actions.SMALL)) for seed in range(4)]
    with working(app):
        for number, encoded in enumerate(taken):
            large, small = encoded[actions.LARGE], encoded[actions.SMALL]
            cover = actions.upload(alice.user, _released(alice, number), b"x")
            actions.finish(cover.id, large=large, small=small)
        digests = db.session.scalars(sa.select(Cover.digest)).all()
        for number in range(len(taken), A_PAGE):
            _released(alice, number).cover = digests[number % len(digests)]
    return "/community/releases?user=alice"


def _released(alice, number):
    title = f"Song {number}"
    return songs.add_song(alice.user, title=title, artist="Metallica", status="released")


def test_a_page_of_48_covers_weighs_at_most_one_megabyte(as_bob, grid):
    page = as_bob.get(grid)
    covers = [image["src"] for image in page.all("#release-grid img")]
    assert len(covers) == A_PAGE
    assert all(cover.endswith("-250.webp") for cover in covers)
    weights = {cover: len(as_bob.client.get(cover).data) for cover in set(covers)}
    assert min(weights.values()) > 10_000, "these are no photos"
    assert sum(weights[cover] for cover in covers) + len(page.html.encode()) <= MEGABYTE


def test_covers_keep_their_place_and_load_when_they_come_into_view(as_bob, grid):
    found = as_bob.get(grid).all("#release-grid img")
    assert {(image["width"], image["height"]) for image in found} == {("250", "250")}
    assert [image.get("loading") for image in found] == [None] * SHOWN_AT_ONCE + ["lazy"] * (
        A_PAGE - SHOWN_AT_ONCE
    )


@pytest.mark.both_databases
def test_pictures_that_wait_for_their_job_are_limited(app, alice, as_alice, monkeypatch):
    monkeypatch.setattr(actions, "MOST_WAITING", 2)
    ids = [add_song(app, alice, title) for title in ("One", "Two", "Three")]
    with working(app):
        for song_id in ids[:2]:
            actions.upload(alice.user, find_song(song_id), picture())
    address = f"/songs/{ids[2]}/cover"
    refused = upload(as_alice, address, picture())
    assert (refused.status, list(refused.errors())) == (422, ["cover"])
    # Another picture for the same song takes the place of the one that waits.
    assert upload(as_alice, f"/songs/{ids[1]}/cover", picture()).status == 303
    assert upload(as_alice, address, picture()).status == 303
