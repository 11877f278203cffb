"""Cards, profiles and comparisons show public data only."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.charter import Charter, statements_of
from tests.support.people import work_together, working
from tests.support.producer import Producer
from trackflow_web.achievements.awards import visibility
from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.people.models import Audience, User
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

MOST_STATEMENTS = 10
ADDRESSES = ("/users/alice", "/users/alice/card", "/users/alice/compare")


@pytest.fixture
def worker(app, alice):
    return Charter(app, alice)


@pytest.fixture
def hide(app, alice):
    """`hide("first_release")`: Alice hides it."""

    def hide(code):
        with working(app):
            visibility.set_visibility(alice.user, code, public=False)

    return hide


def see(browser, address):
    return browser.get(address, htmx=address.endswith("/card"))


def codes(page):
    return [str(badge["data-badge"]) for badge in page.all("[data-badge]")]


@pytest.mark.both_databases
def test_a_profile_shows_achievements_and_released_songs(as_bob, worker, app):
    song = worker.add("One", "Metallica", status="released")
    worker.add("Secret plan", "Metallica")
    with working(app):
        packs.put_song(packs.create_pack(worker.user, name="Encore"), song_id=song, optional=False)
        packs.create_pack(worker.user, name="Secret pack")
    page = as_bob.get("/users/alice")
    assert {"first_release", "pack_rookie"} & set(codes(page))
    assert "Metallica" in page.text
    assert "Encore" in page.text
    assert "Secret" not in page.text


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_hidden_achievement_appears_on_no_page_of_others(as_charlie, worker, hide, address):
    worker.given("artisan", "perfectionist")
    before = see(as_charlie, address)
    hide("artisan")
    after = see(as_charlie, address)
    assert "artisan" in codes(before)
    assert "artisan" not in codes(after)
    assert "Artisan" not in after.text


def test_a_hidden_achievement_counts_in_points_and_level_only(as_charlie, worker, hide):
    worker.given("artisan", "perfectionist")
    hide("artisan")
    standing = as_charlie.get("/users/alice").one(".standing").get_text(" ", strip=True)
    assert "110 points" in standing
    assert "Level 2" in standing
    assert "1 achievement" in standing
    assert "0 of 3" in as_charlie.get("/achievements/artisan").text


def test_the_owner_sees_their_profile_as_others_do(as_alice, worker, hide):
    worker.given("artisan")
    hide("artisan")
    assert "artisan" not in codes(as_alice.get("/users/alice"))


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_profile_shows_no_private_data(as_charlie, worker, alice, address):
    worker.add("Secret plan")
    page = see(as_charlie, address)
    assert alice.email not in page.html
    assert "Secret plan" not in page.html
    assert f"/{alice.id}" not in page.html


def test_the_card_shows_up_to_five_badges(as_bob, worker):
    worker.given("artisan", "perfectionist", "multi_talented", "master_craftsman", "team_player")
    worker.given("first_finish")
    card = as_bob.get("/users/alice/card", htmx=True)
    assert codes(card)[:3] == ["artisan", "master_craftsman", "multi_talented"]
    assert len(codes(card)) == 5
    assert card.one("#person-card-name").get_text(strip=True) == "alice"
    assert "Joined" in card.text
    assert card.all('a[href="/users/alice"]')
    assert card.all('a[href="/users/alice#achievements"]')
    assert not card.soup.html


def test_pinned_badges_come_first_on_the_card(as_bob, worker, app):
    worker.given("artisan", "perfectionist", "multi_talented", "master_craftsman")
    with working(app):
        award = db.session.scalars(
            sa.select(UserAchievement)
            .join(Achievement)
            .where(Achievement.code == "perfectionist", UserAchievement.user_id == worker.id)
        ).one()
        award.pin = 1
    assert codes(as_bob.get("/users/alice/card", htmx=True)) == [
        "perfectionist",
        "artisan",
        "master_craftsman",
    ]
    assert codes(as_bob.get("/users/alice"))[0] == "perfectionist"


def test_without_htmx_the_card_redirects_to_the_profile(as_bob, alice):
    answer = as_bob.get("/users/alice/card")
    assert (answer.status, answer.location) == (303, "/users/alice")


@pytest.mark.both_databases
def test_comparing_shows_the_achievements_of_each_and_of_both(as_bob, bob, app, worker):
    worker.given("artisan", "perfectionist")
    Charter(app, bob).given("perfectionist", "team_player")
    page = as_bob.get("/users/alice/compare")
    assert [str(badge["data-badge"]) for badge in page.all("#only-theirs [data-badge]")] == [
        "artisan"
    ]
    assert [str(badge["data-badge"]) for badge in page.all("#only-mine [data-badge]")] == [
        "team_player"
    ]
    assert [str(badge["data-badge"]) for badge in page.all("#both [data-badge]")] == [
        "perfectionist"
    ]


def test_comparing_with_the_own_profile_redirects_to_it(as_alice):
    answer = as_alice.get("/users/alice/compare")
    assert (answer.status, answer.location) == (303, "/users/alice")
    assert not as_alice.get("/users/alice").all('a[href$="/compare"]')


@pytest.mark.parametrize("address", ADDRESSES)
def test_banned_users_have_no_profile(as_bob, alice, app, address):
    with working(app):
        db.session.get_one(User, alice.id).banned_at = clock.now()
    assert see(as_bob, address).status == 404


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_private_profile_returns_404_to_others(as_bob, as_alice, app, address):
    with working(app):
        db.session.scalars(
            sa.select(User).where(User.username == "alice")
        ).one().audience = Audience.ME
    assert see(as_bob, address).status == 404
    assert see(as_alice, address).status in {200, 303}


def test_names_without_a_profile_are_not_links(as_alice, alice, bob, app):
    work_together(app, alice, bob)
    with working(app):
        db.session.get_one(User, bob.id).audience = Audience.ME
    as_alice.post("/songs/", title="One", artist="Metallica")
    address = as_alice.get("/songs/").one(".song__title a")["href"]
    as_alice.post(f"{address}/collaborators", username="bob")
    page = as_alice.get(address)
    assert "bob" in page.one(".helpers").get_text()
    assert not page.all('a[href="/users/bob"]')


@pytest.mark.parametrize("name", ["nobody", "Alice", "ALICE", "al%00ice", "a" * 300, "%ff"])
def test_other_spellings_of_a_name_return_404(as_bob, alice, name):
    assert as_bob.get(f"/users/{name}").status == 404


def set_audience(app, person, audience):
    with working(app):
        person.user.audience = audience


@pytest.mark.parametrize("address", ADDRESSES[:2])
@pytest.mark.parametrize("audience", [Audience.MEMBERS, Audience.ME])
def test_to_anonymous_visitors_other_profiles_look_like_missing_ones(
    stranger, app, alice, address, audience
):
    set_audience(app, alice, audience)
    hidden = see(stranger, address)
    missing = see(stranger, address.replace("alice", "nobody"))
    assert hidden.status == missing.status == 404
    assert hidden.html == missing.html


def test_anonymous_visitors_see_a_profile_for_everyone(stranger, app, worker, alice, hide):
    worker.given("artisan", "perfectionist")
    worker.add("Secret plan")
    hide("artisan")
    set_audience(app, alice, Audience.EVERYONE)
    page = stranger.get("/users/alice")
    assert page.status == 200
    assert "perfectionist" in codes(page)
    assert "artisan" not in codes(page)
    assert "Secret" not in page.html
    assert alice.email not in page.html
    assert not page.all("form")
    assert see(stranger, "/users/alice/card").status == 200


def test_comparing_needs_a_session(stranger, app, alice):
    set_audience(app, alice, Audience.EVERYONE)
    assert stranger.get("/users/alice/compare").location.startswith("/login?next=")


def _complete_packs(browser):
    figures = browser.get("/users/alice").all(".figure")
    return next(
        figure.dd.get_text()
        for figure in figures
        if figure.dt.get_text().startswith("complete pack")
    )


@pytest.mark.both_databases
@pytest.mark.fault("B7")
def test_complete_packs_are_counted_once_their_songs_are_released(as_bob, as_alice, app, alice):
    producer = Producer(app, alice)
    song = producer.authored("One")
    optional = producer.add("Two")
    pack = producer.pack("Encore", song)
    producer.put(pack, optional, optional=True)
    assert producer.number("completed_packs") == 1
    assert [_complete_packs(browser) for browser in (as_bob, as_alice)] == ["0", "0"]
    producer.move(song, "released")
    assert [_complete_packs(browser) for browser in (as_bob, as_alice)] == ["1", "1"]


def test_a_name_is_a_link_that_opens_the_card_with_htmx(app, as_alice, alice, bob):
    work_together(app, alice, bob)
    song = as_alice.post("/songs/", title="One", artist="Metallica").location
    assert song
    page = as_alice.get("/songs/")
    address = page.one(".song__title a")["href"]
    as_alice.post(f"{address}/collaborators", username="bob")
    name = as_alice.get(address).one('main .user-name[href="/users/bob"]')
    assert name["hx-get"] == "/users/bob/card"
    assert name["hx-target"] == "#person-card-body"


def test_the_navigation_links_to_the_own_profile(as_alice):
    page = as_alice.get("/users/alice")
    assert page.one('.nav a[href="/users/alice"]')["aria-current"] == "page"
    assert page.one('.nav a[href="/stats"]')


@pytest.mark.parametrize("address", ADDRESSES)
def test_statements_are_bounded(as_bob, worker, app, address):
    worker.given("artisan", "perfectionist")
    worker.add_many(30, status="released")
    see(as_bob, address)
    with statements_of(app) as seen:
        see(as_bob, address)
    assert len(seen) <= MOST_STATEMENTS


def test_badges_are_pinned_from_the_profile_and_from_their_page(as_alice, worker):
    worker.given("artisan", "perfectionist", "multi_talented")
    page = as_alice.get("/users/alice")
    assert not page.all("#pinned")
    form = page.one('form[action="/settings/achievements/perfectionist/pin"]')
    answer = as_alice.post(form["action"], move="pin", next="/users/alice")
    assert (answer.status, answer.location) == (303, "/users/alice")
    pinned = as_alice.follow().all("#pinned [data-badge]")
    assert [badge["data-badge"] for badge in pinned] == ["perfectionist"]
    page = as_alice.get("/achievements/perfectionist")
    assert page.one(".pin-form button").get_text() == "Unpin Perfectionist"
    as_alice.post(form["action"], move="unpin", next="/achievements/perfectionist")
    assert as_alice.follow().one(".pin-form button").get_text() == "Pin Perfectionist"


def test_others_see_no_pin_buttons(as_bob, worker):
    worker.given("artisan")
    assert not as_bob.get("/users/alice").all(".pin-form")


def test_badges_that_are_not_pinned_are_sorted_by_rarity_or_date(as_bob, worker, clock):
    for code in ("artisan", "perfectionist", "multi_talented", "dreamer", "team_player"):
        worker.given(code)
        clock.move(days=1)
    rarest = as_bob.get("/users/alice")
    latest = as_bob.get("/users/alice", sort="latest")
    shown = [badge["data-badge"] for badge in latest.all(".small-badge")]
    assert shown == sorted(shown, key=["team_player", "dreamer", "perfectionist"].index)
    assert {badge["data-badge"] for badge in rarest.all(".small-badge")} == set(shown)
    assert as_bob.get("/users/alice", sort="nonsense").status == 422


def test_the_calendar_is_the_owners_until_it_is_shared(as_alice, as_bob, stranger, app, alice):
    as_alice.get("/songs/")
    page = as_alice.get("/users/alice")
    assert "1 active day and 0 parts done" in page.one("#days-summary").get_text()
    assert "Only you see this." in page.one("#days").get_text()
    assert not as_bob.get("/users/alice").all("#days")
    as_alice.post("/settings/privacy", days="1", profile="everyone")
    for browser in (as_alice, as_bob, stranger):
        assert "Only you" not in browser.get("/users/alice").one("#days").get_text()


def test_the_page_of_an_achievement_is_for_everyone(stranger, worker):
    worker.given("artisan")
    page = stranger.get("/achievements/artisan")
    assert page.status == 200
    assert "Artisan" in page.one("h1").get_text()
    assert not page.all("form, .tile__standing, .receipt")
    assert stranger.get("/achievements/nothing").status == 404
