"""Public pages of releases, packs, albums and awards, and the lists of members."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from tests.support.charter import Charter, statements_of
from tests.support.people import add_person, working
from tests.support.producer import Producer
from tests.support.songs import add_song
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.domain.people.models import Audience
from trackflow_web.domain.releases import public_ids
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.visibility.models import Hold
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.pages.home import crawlers

MOST_STATEMENTS = 13


@pytest.fixture
def release(app, alice):
    def release(title="One", artist="Metallica", **more):
        return add_song(app, alice, title, artist, **{"status": "released", **more})

    return release


@pytest.fixture
def places(app, alice, release):
    """The paths of Alice's public pages: profile, award, release, pack, album."""
    song = release("One", album="Load")
    producer = Producer(app, alice)
    pack, album = producer.pack("Encore", song), producer.album("One")
    producer.link(album)
    return {
        "profile": "/users/alice",
        "award": "/users/alice/achievements/first_release",
        "release": f"/releases/{song}",
        "pack": f"/packs/{pack}",
        "album": f"/series/{album}",
    }


def set_audience(app, person, audience):
    with working(app):
        person.user.audience = audience


def read(browser, path):
    """The text of a file, which is no page."""
    answer = browser.client.get(path)
    assert answer.status_code == 200
    return answer.text


def hold(app, subject_type, subject_id):
    with working(app):
        db.session.add(
            Hold(
                subject_type=subject_type,
                subject_id=subject_id,
                is_automatic=False,
                created_at=clock.now(),
            )
        )


def test_a_release_page_shows_the_song_credits_and_links(as_bob, app, release):
    song = release("One", album="Load", year=1996)
    with working(app):
        row = db.session.get_one(Song, song)
        row.download_url, row.video_url = "https://files.example/1", "https://video.example/1"
        row.notes = "A secret note"
    page = as_bob.get(f"/releases/{song}")
    assert page.one("h1").get_text() == "One"
    assert "Metallica · Load · 1996" in page.text
    assert page.one('a[href="https://files.example/1"]')["rel"] == [
        "nofollow",
        "ugc",
        "noopener",
        "noreferrer",
    ]
    assert page.all('a[href="https://video.example/1"]')
    assert page.one('.release-credit a[href="/users/alice"]')
    assert "secret" not in page.html


def test_a_song_that_is_not_released_has_no_page_even_for_its_owner(as_alice, app, alice):
    song = add_song(app, alice, "One")
    hidden, missing = as_alice.get(f"/releases/{song}"), as_alice.get("/releases/999999")
    assert hidden.status == missing.status == 404


def test_public_pages_are_for_visitors_if_the_profile_is_for_everyone(
    stranger, app, alice, places, subtests
):
    set_audience(app, alice, Audience.EVERYONE)
    for name, path in places.items():
        with subtests.test(name=name):
            page = stranger.get(path)
            assert page.status == 200
            assert not page.all('main form[action^="/packs"], main form[action^="/series"]')
            assert page.one('link[rel="canonical"]')["href"] == f"http://localhost{path}"
            for tag in ("og:title", "og:description", "og:url", "og:site_name", "og:type"):
                assert page.one(f'meta[property="{tag}"]')["content"]
            image = page.one('meta[property="og:image"]')["content"]
            assert image.startswith("http://localhost/static/img/share.png")
            assert stranger.client.get(image).mimetype == "image/png"


@pytest.mark.parametrize("audience", [Audience.MEMBERS, Audience.ME])
def test_to_visitors_private_pages_look_like_missing_ones(
    stranger, app, alice, places, audience, subtests
):
    set_audience(app, alice, audience)
    missing = {
        "profile": "/users/nobody",
        "award": "/users/alice/achievements/nothing",
        "release": "/releases/9",
        "pack": "/packs/9",
        "album": "/series/9",
    }
    for name, path in places.items():
        with subtests.test(name=name):
            hidden, absent = stranger.get(path), stranger.get(missing[name])
            assert hidden.status == absent.status
            assert hidden.html.replace(path, missing[name]) == absent.html
            # Owners of packs and albums may just be signed out.
            assert hidden.status == (303 if name in {"pack", "album"} else 404)


def test_members_see_the_pages_of_members_without_previews(as_bob, places, subtests):
    for name, path in places.items():
        with subtests.test(name=name):
            page = as_bob.get(path)
            assert page.status == 200
            assert not page.all('meta[property^="og:"], link[rel="canonical"]')
            assert page.one('meta[name="robots"]')["content"] == "noindex"


def test_a_private_profile_hides_all_of_its_pages_from_members(
    as_bob, app, alice, places, subtests
):
    set_audience(app, alice, Audience.ME)
    for name, path in places.items():
        with subtests.test(name=name):
            assert as_bob.get(path).status == 404


def test_what_a_moderator_has_hidden_is_seen_only_by_its_owner(as_bob, as_alice, app, places):
    song = int(places["release"].rpartition("/")[2])
    pack = int(places["pack"].rpartition("/")[2])
    hold(app, "release", song)
    assert as_bob.get(places["release"]).status == 404
    assert as_bob.get(places["pack"]).status == 404  # nothing else is in it
    assert as_alice.get(places["release"]).status == 200
    assert "One" not in as_bob.get("/community/releases").one("main").get_text()
    hold(app, "pack", pack)
    assert as_alice.get(places["pack"]).status == 200


def test_packs_and_albums_show_others_only_releases(as_bob, as_alice, app, alice, places):
    secret = add_song(app, alice, "Secret plan")
    Producer(app, alice).put(int(places["pack"].rpartition("/")[2]), secret)
    for name in ("pack", "album"):
        page = as_bob.get(places[name])
        assert page.all(".release-tile a")
        assert "Secret" not in page.html
        assert not page.all('main form[action^="/packs"], main form[action^="/series"]')
        assert as_alice.get(places[name]).all("main form")


def test_a_pack_without_releases_is_not_found(as_bob, app, alice):
    pack = Producer(app, alice).pack("Encore")
    assert as_bob.get(f"/packs/{pack}").status == 404


@pytest.mark.both_databases
def test_a_release_links_to_its_pack_its_album_and_more_by_its_owner(as_bob, release, places):
    release("Two", "Queen")
    page = as_bob.get(places["release"])
    assert page.all(f'a[href="{places["pack"]}"]')
    assert page.all(f'a[href="{places["album"]}"]')
    assert [tile.get_text() for tile in page.all(".release-tile__title")] == ["Two"]


@pytest.mark.both_databases
def test_the_page_of_an_award_has_evidence_date_and_rarity(as_bob, places):
    page = as_bob.get(places["award"])
    assert page.one("h1").get_text() == "First Release"
    assert page.one(".award-hero__date time")["datetime"]
    assert "1 song" in page.text
    assert page.one(f'.receipt a[href="{places["release"]}"]').get_text() == "One — Metallica"
    assert "(2 of 3)" in page.one(".award-hero__share").get_text()


def test_evidence_shows_no_song_that_is_not_released(as_bob, as_alice, app, alice):
    worker = Charter(app, alice)
    worker.add("Secret plan")
    worker.given("dreamer")
    for browser in (as_bob, as_alice):
        assert "Secret" not in browser.get("/users/alice/achievements/dreamer").html


@pytest.mark.leaves_drift("awards are changed without the engine")
def test_hidden_and_revoked_awards_have_no_page_for_others(as_bob, as_alice, app, places):
    with working(app):
        db.session.execute(sa.update(UserAchievement).values(is_public=False))
    assert as_bob.get(places["award"]).status == 404
    assert "Only you see this." in as_alice.get(places["award"]).text
    with working(app):
        db.session.execute(sa.update(UserAchievement).values(revoked_at=clock.now()))
    assert as_alice.get(places["award"]).status == 404


def test_sharing_offers_the_link_and_its_snippets(as_alice, app, alice, places):
    page = as_alice.get(places["release"])
    assert page.one("#share-link")["value"] == f"http://localhost{places['release']}"
    assert page.one("#share-bbcode")["value"].startswith("[url=http://localhost/")
    assert "Only members" in page.one("#share").get_text()
    assert "One" in page.one("#share-discord").get_text()
    set_audience(app, alice, Audience.EVERYONE)
    assert "Only members" not in as_alice.get(places["release"]).one("#share").get_text()


def test_credits_are_downloaded_by_who_works_on_a_song(as_alice, as_bob, places):
    path = places["release"].replace("releases", "songs") + "/credits.ini"
    answer = as_alice.get(path)
    assert answer.text.strip() == "charter = alice"
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert as_bob.get(path).status == 404


def test_the_grid_shows_covers_and_is_filtered(as_bob, release):
    release("One", year=1988)
    release("Two", "Queen")
    page = as_bob.get("/community/releases")
    titles = [each.get_text() for each in page.all(".release-tile__title")]
    assert titles[:2] == ["Two", "One"]
    cover = page.all(".release-tile img")[0]
    assert (cover["width"], cover["height"], cover["alt"]) == ("250", "250", "")
    assert as_bob.get(cover["src"]).status == 200
    found = as_bob.get("/community/releases", artist="metallica", year="1988")
    assert [each.get_text() for each in found.all(".release-tile__title")] == ["One"]
    assert "No releases match" in as_bob.get("/community/releases", year="1901").text
    assert as_bob.get("/community/releases", year="soon").status == 422
    assert as_bob.get("/community/releases", user="<b>").status == 422


def test_the_grid_has_pages(as_bob, app, alice):
    Charter(app, alice).add_many(50, status="released")
    first = as_bob.get("/community/releases", user="alice")
    assert len(first.all(".release-tile")) == 48
    second = as_bob.get(first.one('a[rel="next"]')["href"])
    assert len(second.all(".release-tile")) == 2
    assert second.all('a[rel="prev"]')
    assert "No more releases" in as_bob.get("/community/releases", user="alice", page=3).text


def test_songs_of_one_album_share_a_cover_and_others_do_not(as_bob, release):
    for title, album in (("One", "Load"), ("Two", "Load"), ("Three", "Reload")):
        release(title, album=album)
    covers = [
        image["src"]
        for image in as_bob.get("/community/releases", artist="metallica").all(".release-tile img")
    ]
    assert covers[1] == covers[2] != covers[0]


@pytest.mark.parametrize("letters", ["<", "AAA", "%2F", "-"])
def test_a_cover_draws_only_letters(stranger, letters):
    assert stranger.get(f"/covers/generated/00ff00ff-{letters}.svg").status == 404


@pytest.mark.both_databases
def test_the_directory_lists_visible_people(as_alice, app, bob):
    add_person(app, "robert")
    names = [
        str(card["data-user"]) for card in as_alice.get("/community/people").all("[data-user]")
    ]
    assert names == sorted(names)
    assert {"alice", "bob", "robert"} <= set(names)
    found = as_alice.get("/community/people", q="ob")
    assert [card["data-user"] for card in found.all("[data-user]")] == ["bob", "robert"]
    with working(app):
        bob.user.display_name = "Zoë 100%"
    for typed in ("Zoë", "0%"):
        found = as_alice.get("/community/people", q=typed)
        assert [card["data-user"] for card in found.all("[data-user]")] == ["bob"], typed
    set_audience(app, bob, Audience.ME)
    assert "bob" not in as_alice.get("/community/people").one("main").get_text()
    assert "No people match" in as_alice.get("/community/people", q="zzz").text


def test_a_profile_has_releases_and_numbers_of_followers(as_bob, places):
    as_bob.post("/users/alice/follow", set="1")
    page = as_bob.get("/users/alice")
    assert "1 follower" in page.one(".profile__figures").get_text(" ", strip=True)
    assert page.all(f'.release-tile a[href="{places["release"]}"]')
    assert page.all(f'a[href="{places["pack"]}"]')


@pytest.mark.both_databases
def test_robots_and_sitemap_name_public_pages_only(stranger, app, alice, bob, places):
    set_audience(app, alice, Audience.EVERYONE)
    song = add_song(app, bob, "Members only", status="released")
    assert "Sitemap: http://localhost/sitemap.xml" in stranger.get("/robots.txt").text
    listed = read(stranger, "/sitemap.xml")
    for name in ("profile", "release", "pack"):
        assert f"<loc>http://localhost{places[name]}</loc>" in listed
    assert "/users/bob<" not in listed
    assert f"/releases/{song}<" not in listed
    for address in re.findall(r"<loc>http://localhost([^<]+)</loc>", listed):
        assert stranger.get(address).status == 200, address
    assert places["release"] in read(stranger, "/sitemap-releases-0.xml")
    assert stranger.get("/sitemap-releases-9.xml").status == 404
    assert stranger.get("/sitemap-secrets-0.xml").status == 404


def test_a_large_site_has_an_index_of_its_sitemap(stranger, app, places, monkeypatch):
    monkeypatch.setattr(crawlers, "IDS_A_FILE", 2)
    monkeypatch.setattr(public_ids, "IDS_A_FILE", 2)
    index = read(stranger, "/sitemap.xml")
    assert "<sitemapindex" in index
    assert "http://localhost/sitemap-releases-1.xml" in index


@pytest.mark.parametrize("name", ["release", "pack", "album", "award", "profile"])
def test_statements_of_public_pages_are_bounded(as_bob, app, places, name):
    as_bob.get(places[name])
    with statements_of(app) as seen:
        as_bob.get(places[name])
    assert len(seen) <= MOST_STATEMENTS


@pytest.mark.parametrize("path", ["/community/releases", "/community/people"])
def test_statements_of_lists_are_bounded(as_bob, app, alice, path):
    Charter(app, alice).add_many(30, status="released")
    as_bob.get(path)
    with statements_of(app) as seen:
        as_bob.get(path)
    assert len(seen) <= 6


def test_a_notification_of_a_release_leads_to_its_page(as_bob, app, alice, bob):
    as_bob.post("/users/alice/follow", set="1")
    song = add_song(app, alice, "One", status="released")
    row = as_bob.get("/notifications/").one('[data-notification="new_release"]')
    address = as_bob.get(f"/notifications/{row['data-id']}/go").location
    assert address == f"/releases/{song}"


def test_the_page_of_a_released_song_links_to_its_public_page(as_alice, app, alice, release):
    song, planned = release("One"), add_song(app, alice, "Two")
    assert as_alice.get(f"/songs/{song}").all(f'a[href="/releases/{song}"]')
    assert not as_alice.get(f"/songs/{planned}").all(f'a[href="/releases/{planned}"]')


def test_charter_names_are_shown_without_the_markup_of_games(as_alice):
    as_alice.post("/settings/profile", charter_names="<color=#ff0000>Al</color>")
    assert "Charts as Al" in as_alice.get("/users/alice").text


@pytest.mark.both_databases
def test_an_achievement_lists_followed_users_who_show_it(as_bob, app, alice, places):
    assert not as_bob.get("/achievements/first_release").all("#followed-holders")
    as_bob.post("/users/alice/follow", set="1")
    page = as_bob.get("/achievements/first_release")
    assert page.all(f'#followed-holders a[href="{places["award"]}"]')
    set_audience(app, alice, Audience.ME)
    assert not as_bob.get("/achievements/first_release").all("#followed-holders")
