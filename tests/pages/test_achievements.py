"""The achievement pages: tiles, filters, search, the page of each, the earned ones."""

from __future__ import annotations

import pytest

from tests.support.catalogues import BY_CODE, ENTRIES
from tests.support.charter import ALL_PARTS, Charter
from trackflow_web.achievements import metrics
from trackflow_web.achievements.awards import visibility
from trackflow_web.achievements.models import UserStats
from trackflow_web.domain.people import administration
from trackflow_web.kernel.database import db

PAGE = "/achievements/"
SHARE_OF_THREE = "1 of 3, too few to say"


@pytest.fixture
def work_of_alice(app, alice):
    return Charter(app, alice)


@pytest.fixture
def work_of_bob(app, bob):
    return Charter(app, bob)


@pytest.fixture
def as_everything(as_alice, work_of_alice):
    """Alice, who has every achievement."""
    work_of_alice.given(*BY_CODE)
    return as_alice


def tiles(page):
    return [str(tile["data-achievement"]) for tile in page.all("li[data-achievement]")]


def words(element):
    return " ".join(element.get_text(" ").split())


# --- tiles ---------------------------------------------------------------------------------------


def test_anonymous_visitors_are_redirected_to_sign_in(stranger):
    page = stranger.get(PAGE)
    assert page.status == 303
    assert page.location.startswith("/login?next=")


def test_the_page_shows_all_82_achievements_in_the_grid(as_alice):
    page = as_alice.get(PAGE)
    assert tiles(page) == [entry.code for entry in ENTRIES]
    assert len(page.one("#achievement-grid").select("li[data-achievement]")) == 82


def test_a_tile_has_its_data_attributes(as_alice):
    for tile in as_alice.get(PAGE).all("li[data-achievement]"):
        entry = BY_CODE[tile["data-achievement"]]
        assert tile["data-state"] in {"earned", "progress", "locked"}
        assert (tile["data-category"], tile["data-rarity"]) == (entry.category, entry.rarity)


def test_a_tile_shows_name_description_rarity_and_points_as_text(as_alice):
    tile = as_alice.get(PAGE).one("[data-achievement=hard_worker]")
    text = words(tile)
    for part in ("Hard Worker", "Start 5 WIP songs", "Common", "10 points", "Locked", "0/5 songs"):
        assert part in text
    assert tile.select_one('h3 a[href="/achievements/hard_worker"]')


def test_a_tile_in_progress_has_a_bar_with_its_value_as_text(as_alice, work_of_alice):
    work_of_alice.add_many(3)
    tile = as_alice.get(PAGE).one("[data-achievement=visionary]")
    bar = tile.select_one("progress")
    assert tile["data-state"] == "progress"
    assert (bar["value"], bar["max"]) == ("3", "5")
    assert "3/5 songs" in words(tile)
    assert "Locked" not in words(tile)


def test_an_earned_tile_has_its_date_and_no_bar(clock, as_alice, work_of_alice):
    work_of_alice.add()
    tile = as_alice.get(PAGE).one("[data-achievement=dreamer]")
    assert tile["data-state"] == "earned"
    assert tile.select_one("time")["datetime"] == "2026-03-02T12:00:00Z"
    assert "2 March 2026" in words(tile)
    assert tile.select_one("progress") is None


def test_the_date_is_that_of_the_readers_zone(app, clock, as_alice, work_of_alice, work):
    with work():
        work_of_alice.user.timezone = "Pacific/Kiritimati"
    work_of_alice.add()
    tile = as_alice.get(PAGE).one("[data-achievement=dreamer]")
    assert "3 March 2026" in words(tile)


@pytest.mark.leaves_drift("numbers are set without the songs that would count")
def test_a_bar_is_full_only_when_the_achievement_is_earned(app, alice, as_alice, work):
    with work():
        stats = db.session.get_one(UserStats, alice.id)
        for name in metrics.BY_NAME:
            setattr(stats, name, 1000)
    page = as_alice.get(PAGE)
    bars = page.one("#achievement-grid").select("progress")
    assert len(bars) == 82
    assert all(int(bar["value"]) < int(bar["max"]) for bar in bars)
    assert "100 %" not in words(page.one("#achievement-grid"))


def test_an_achievement_stays_earned_after_the_action_is_undone(as_alice, work_of_alice):
    work_of_alice.delete(work_of_alice.add())
    tile = as_alice.get(PAGE).one("[data-achievement=dreamer]")
    assert tile["data-state"] == "earned"


def test_the_page_shows_only_the_readers_own_achievements(as_alice, work_of_bob):
    work_of_bob.add()
    tile = as_alice.get(PAGE).one("[data-achievement=dreamer]")
    assert tile["data-state"] == "locked"


# --- holders -------------------------------------------------------------------------------------


def share_of(browser, code):
    return words(browser.get(PAGE).one(f"[data-achievement={code}] .tile__share"))


def test_the_share_of_users_counts_every_holder(as_alice, work_of_alice, work_of_bob):
    # noise is the third user; it has a released song, and a planned one too.
    assert "1 of 3, too few to say" in share_of(as_alice, "dreamer")
    work_of_bob.add()
    assert "2 of 3, too few to say" in share_of(as_alice, "dreamer")
    assert "0 of 3, too few to say" in share_of(as_alice, "visionary")


def test_the_share_of_users_omits_banned_users(as_alice, work_of_bob, work):
    work_of_bob.add()
    with work():
        administration.ban(work_of_bob.user, by=None, why="spam")
    assert "1 of 2, too few to say" in share_of(as_alice, "dreamer")


def test_the_share_of_users_counts_a_hidden_award_for_its_owner_only(
    as_alice, as_bob, work_of_bob, work
):
    work_of_bob.add()
    with work():
        visibility.set_visibility(work_of_bob.user, "dreamer", public=False)
    assert SHARE_OF_THREE in share_of(as_alice, "dreamer")
    assert as_bob.get(PAGE).one("[data-achievement=dreamer]")["data-state"] == "earned"


# --- the summary and next up ---------------------------------------------------------------------


def test_the_summary_shows_points_and_level(as_alice, work_of_alice):
    work_of_alice.given("planning_legend", "chart_topper")
    board = words(as_alice.get(PAGE).one(".scoreboard"))
    assert "2 of 82 · 300 points · level 4" in board
    assert "200 points to level 5" in board


def test_the_summary_counts_what_is_earned_though_filters_hide_it(as_alice, work_of_alice):
    work_of_alice.add()
    page = as_alice.get(PAGE, state="locked")
    assert "1 of 82 · 10 points · level 1" in words(page.one(".scoreboard"))


def test_next_up_shows_the_three_closest_with_what_is_missing(as_alice, work_of_alice):
    work_of_alice.add_many(9)
    page = as_alice.get(PAGE)
    nearest = [item["data-badge"] for item in page.all(".next-up [data-badge]")]
    assert (nearest[0], len(nearest)) == ("long_term_planner", 3)
    assert "1 song to go" in words(page.one(".next-up [data-badge=long_term_planner]"))
    assert len({BY_CODE[code].metric for code in nearest}) == 3


# --- filters, search, order ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"category": "social"}, 4),
        ({"rarity": "legendary"}, 9),
        ({"state": "earned"}, 2),
        ({"q": "wip"}, 14),
        ({"category": "milestone", "rarity": "epic"}, 5),
        ({"category": "milestone", "state": "earned", "q": "FUTURE plans"}, 1),
        ({"category": "", "state": "", "rarity": "", "q": "", "sort": ""}, 82),
    ],
)
def test_filters_show_the_matching_tiles_and_their_number(as_alice, work_of_alice, filters, found):
    work_of_alice.add()
    work_of_alice.add("Two", status="wip")
    page = as_alice.get(PAGE, **filters)
    assert len(tiles(page)) == found
    noun = "achievement" if found == 1 else "achievements"
    assert words(page.one("#achievement-count")) == f"{found} {noun} shown"


def test_every_state_is_a_filter(as_alice, work_of_alice):
    work_of_alice.add()
    shown = [set(tiles(as_alice.get(PAGE, state=s))) for s in ("earned", "progress", "locked")]
    assert shown[0] == {"dreamer"}
    assert "visionary" in shown[1]
    assert set.union(*shown) == set(BY_CODE)


@pytest.mark.parametrize(
    "q", ["rising star", "star RISING", "rísing  stár", "songs 5 release star"]
)
def test_a_search_finds_words_in_any_order_case_and_accents(as_alice, q):
    assert "rising_star" in tiles(as_alice.get(PAGE, q=q))


@pytest.mark.parametrize("q", ["%", "_", "\\", "'; --", "<script>"])
def test_a_search_matches_wildcard_characters_literally(as_alice, q):
    page = as_alice.get(PAGE, q=q)
    assert page.one("#achievement-q")["value"] == q
    assert tiles(page) == []


def test_the_filter_form_keeps_its_values(as_alice):
    page = as_alice.get(PAGE, category="quality", state="locked", sort="name", q="pack")
    chosen = {one["name"]: one.select_one("[selected]") for one in page.all(".toolbar select")}
    chosen.pop("rarity")
    assert {name: option["value"] for name, option in chosen.items()} == {
        "category": "quality",
        "state": "locked",
        "sort": "name",
    }
    assert page.one("#achievement-q")["value"] == "pack"


def test_an_empty_result_links_to_itself_without_each_filter(as_alice):
    page = as_alice.get(PAGE, category="social", rarity="legendary", q="nothing like this")
    links = {words(link): link["href"] for link in page.all("#achievement-grid a")}
    assert tiles(page) == []
    assert "category" not in links["Remove Social"]
    assert "rarity=legendary" in links["Remove Social"]
    assert "rarity" not in links["Remove Legendary"]
    assert "q=" not in links["Remove “nothing like this”"]
    assert links["Clear filters"] == "/achievements/"


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("ladder", "dreamer"),
        ("closest", "long_term_planner"),
        ("recent", "visionary"),
        ("points", "planning_legend"),
        ("name", "artisan"),
    ],
)
def test_tiles_follow_the_requested_order(as_alice, work_of_alice, clock, sort, first):
    for number in range(9):
        work_of_alice.add(f"Song {number}")
        clock.move(minutes=1)
    assert tiles(as_alice.get(PAGE, sort=sort))[0] == first


def test_sorting_by_rarity_puts_the_rarest_first(as_alice):
    order = tiles(as_alice.get(PAGE, sort="rarest"))
    assert BY_CODE[order[0]].rarity == "legendary"
    assert order[-1] in {"dreamer", "getting_started", "first_release", "decade_dabbler"}


@pytest.mark.parametrize("name", ["category", "state", "rarity", "sort"])
def test_an_unknown_filter_value_is_rejected_by_field(as_alice, name):
    page = as_alice.get(PAGE, **{name: "nonsense"})
    assert page.status == 422
    assert f"{name}:" in page.text


@pytest.mark.parametrize("q", ["x" * 101, "a\x00b"])
def test_an_invalid_search_is_rejected_by_field(as_alice, q):
    page = as_alice.get(PAGE, q=q)
    assert page.status == 422
    assert "q:" in page.text


# --- the fragment --------------------------------------------------------------------------------


@pytest.mark.parametrize("filters", [{}, {"category": "diversity"}, {"q": "wip", "sort": "name"}])
def test_htmx_gets_the_same_tiles_as_the_page(as_alice, work_of_alice, filters):
    work_of_alice.add(status="wip")
    as_alice.get(PAGE)
    page = as_alice.get(PAGE, **filters)
    fragment = as_alice.get(PAGE, htmx="achievement-results", **filters)
    assert str(fragment.one("#achievement-grid")) == str(page.one("#achievement-grid"))
    assert words(fragment.one("#achievement-count")) == words(page.one("#achievement-count"))
    assert fragment.soup.html is None


def test_a_history_restore_request_returns_the_whole_page(as_alice):
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    page = as_alice.request("GET", PAGE, headers=headers)
    assert page.soup.html is not None


# --- one achievement -----------------------------------------------------------------------------


def test_an_achievements_page_shows_its_metric_and_holders(as_alice):
    page = as_alice.get("/achievements/rising_star")
    assert page.one("h1").get_text(strip=True) == "Rising Star"
    assert "Each of your songs counts once, when first released." in page.text
    assert "Earned by 0 of 2, too few to say" in page.text
    assert page.one("article[data-achievement=rising_star]")["data-state"] == "locked"


def test_an_achievements_page_shows_its_ladder(as_alice):
    page = as_alice.get("/achievements/multi_talented")
    rungs = [rung["data-badge"] for rung in page.all(".ladder [data-badge]")]
    assert rungs == ["perfectionist", "multi_talented", "master_craftsman", "artisan"]
    current = page.one(".ladder [aria-current=page]")
    assert current["href"] == "/achievements/multi_talented"


def test_the_receipt_lists_the_counted_rows_with_links(clock, as_alice, work_of_alice):
    ids = []
    for number in range(6):
        ids.append(work_of_alice.add(f"Song {number}"))
        clock.move(hours=1)
    lines = as_alice.get("/achievements/visionary").all(".receipt li")
    assert [line.select_one("a")["href"] for line in lines] == [f"/songs/{i}" for i in ids[:5]]
    assert words(lines[0]).startswith("Song 0 — Metallica")
    assert lines[1].select_one("time")["datetime"] == "2026-03-02T13:00:00Z"


def test_a_receipt_shows_ten_lines_and_links_to_all(as_alice, work_of_alice):
    work_of_alice.add_many(25, status="future")
    page = as_alice.get("/achievements/strategic_thinker")
    assert len(page.all(".receipt li")) == 10
    everything = page.one('a[href*="receipt=all"]')
    assert words(everything) == "Show all"
    page = as_alice.get(everything["href"])
    assert len(page.all(".receipt li")) == 25
    assert not page.all('a[href*="receipt=all"]')
    assert not as_alice.get("/achievements/long_term_planner").all('a[href*="receipt=all"]')


def test_a_duplicate_name_is_shown_with_its_ladder(as_alice):
    page = as_alice.get(PAGE, q="pack master")
    assert [words(name) for name in page.all(".tile__name")] == [
        "Pack Master · Packs",
        "Pack Master · Completed packs",
    ]
    page = as_alice.get("/achievements/pack_completion_legend")
    assert words(page.one("h1")) == "Pack Legend · Completed packs"
    assert "Pack Legend · Completed packs" in page.one("title").get_text()
    assert words(as_alice.get(PAGE, q="dreamer").one(".tile__name")) == "Dreamer"


def test_an_unearned_achievement_has_no_receipt(as_alice, work_of_alice):
    work_of_alice.add_many(4)
    assert as_alice.get("/achievements/visionary").all(".receipt li") == []


def test_the_receipt_of_artists_names_each_once(as_alice, work_of_alice):
    for number in range(5):
        work_of_alice.add("One", f"Artist {number}", status="released", year=1980 + number)
        work_of_alice.add("Two", f"ARTIST {number}", status="released", year=1980 + number)
    artists = as_alice.get("/achievements/variety_seeker").all(".receipt li")
    years = as_alice.get("/achievements/time_traveler").all(".receipt li")
    assert len(artists) == len(years) == 5
    assert [words(line)[:4] for line in years] == ["1980", "1981", "1982", "1983", "1984"]
    assert all(line.select_one("a[href^='/songs/']") for line in (*artists, *years))


def test_the_receipt_of_a_streak_names_days_without_links(clock, as_alice):
    for _ in range(2):
        clock.move(days=1)
        as_alice.get("/songs/")
    lines = as_alice.get("/achievements/early_bird").all(".receipt li")
    assert [words(line)[:10] for line in lines] == ["2026-03-02", "2026-03-03", "2026-03-04"]
    assert not [line for line in lines if line.select_one("a")]


def test_every_achievement_has_a_page(as_everything):
    for code in BY_CODE:
        page = as_everything.get(f"/achievements/{code}")
        assert page.one(f"article[data-achievement={code}]")["data-state"] == "earned"


@pytest.mark.parametrize("code", ["nothing", "Dreamer", "dreamer2", "%00", "é", "1"])
def test_an_unknown_code_returns_404(as_alice, code):
    assert as_alice.get(f"/achievements/{code}").status == 404


# --- what one has --------------------------------------------------------------------------------


def test_a_user_without_achievements_sees_how_to_start(as_alice):
    page = as_alice.get("/achievements/me")
    assert tiles(page) == []
    assert page.one('#achievement-grid a[href="/songs/"]')


def test_earned_achievements_are_listed_newest_first(clock, as_alice, work_of_alice):
    work_of_alice.add()
    clock.move(hours=1)
    work_of_alice.add("Two", status="wip")
    page = as_alice.get("/achievements/me")
    assert tiles(page) == ["getting_started", "dreamer"]
    assert "2 of 82 · 20 points" in words(page.one(".scoreboard"))


def test_the_progress_page_has_a_bar_for_each_unearned_achievement(as_alice, work_of_alice):
    work_of_alice.add_many(9)
    page = as_alice.get("/achievements/me/progress")
    bars = [bar["data-badge"] for bar in page.all("#progress-bars [data-badge]")]
    assert bars[0] == "long_term_planner"
    assert set(bars) == set(BY_CODE) - {"dreamer", "visionary"}
    assert len(page.all("#progress-bars progress")) == 80


def test_progress_is_a_fragment_for_htmx(as_alice):
    page = as_alice.get("/achievements/me/progress")
    fragment = as_alice.get("/achievements/me/progress", htmx=True)
    assert fragment.soup.html is None
    assert str(fragment.one("#progress-bars")) == str(page.one("#progress-bars"))


def test_a_user_with_every_achievement_sees_a_message(as_everything):
    assert "earned everything" in as_everything.get("/achievements/me/progress").text
    page = as_everything.get(PAGE)
    assert "82 of 82 · 5,680 points" in words(page.one(".scoreboard"))
    assert not page.all(".next-up")


def test_an_authored_song_is_on_its_receipt(as_alice, work_of_alice):
    song = work_of_alice.add()
    work_of_alice.mark(song, "done", ALL_PARTS)
    line = as_alice.get("/achievements/perfectionist").one(".receipt li a")
    assert line["href"] == f"/songs/{song}"
