"""The statistics page and the gap map."""

from __future__ import annotations

import re

import pytest

from tests.support.charter import Charter, statements_of
from tests.support.people import working
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.songs import actions as songs

MOST_STATEMENTS = 9


@pytest.fixture
def worker(app, alice):
    return Charter(app, alice)


def rows(page, key):
    """The table of a chart: the name of each row and its numbers."""
    return {
        row.th.get_text(strip=True): [cell.get_text(strip=True) for cell in row.select("td")]
        for row in page.all(f"#chart-{key} tbody tr")
    }


def test_the_statistics_page_shows_achievements_first(as_alice, worker):
    worker.add(status="released")
    page = as_alice.get("/stats")
    assert [heading.get_text(strip=True) for heading in page.all("main h2")] == [
        "Achievements",
        "Your library",
    ]
    assert page.one('[data-badge="first_release"] .rarity').get_text(strip=True) == "○Common"
    assert "Release your first song" in page.one('[data-badge="first_release"]').get_text()


def test_progress_is_totalled_by_category_and_by_rarity(as_alice, worker):
    worker.add(status="released")
    page = as_alice.get("/stats")
    earned = {
        bar["aria-label"]: (bar["value"], bar["max"])
        for bar in page.all("progress[aria-label^='Earned']")
    }
    # First Release, First Finish does not count: it never was in WIP.
    assert earned["Earned: milestone"][0] == "1"
    assert sum(int(total) for _, total in earned.values()) == 2 * 82


@pytest.mark.both_databases
def test_chart_tables_show_the_numbers_of_the_library(as_alice, worker):
    one = worker.add("One", "Metallica", year=1988, status="released")
    worker.add("Two", "Metallica", year=1991)
    worker.add("Uprising", "Muse", year=2009, status="wip")
    worker.add("Undated", "Muse")
    worker.mark(one, "done", [Part.DRUMS, Part.BASS])
    worker.mark(one, "skip", [Part.KEYS])
    page = as_alice.get("/stats")
    assert rows(page, "states") == {"Future Plans": ["2"], "WIP": ["1"], "Released": ["1"]}
    assert rows(page, "artists") == {"Metallica": ["1", "1"], "Muse": ["0", "2"]}
    assert rows(page, "decades") == {
        "1980s": ["1", "0"],
        "1990s": ["0", "1"],
        "2000s": ["0", "1"],
    }
    years = {year: counts for year, counts in rows(page, "years").items() if counts != ["0", "0"]}
    assert years == {"1988": ["1", "0"], "1991": ["0", "1"], "2009": ["0", "1"]}
    parts = rows(page, "parts")
    assert len(parts) == 15
    assert (parts["Drums"], parts["Keys"], parts["Vocals"]) == (["1", "0"], ["0", "1"], ["0", "0"])


def test_the_points_chart_ends_at_the_total(as_alice, worker):
    worker.add(status="released")
    page = as_alice.get("/stats")
    board = int(page.all(".scoreboard b")[1].get_text())
    last = page.all("#chart-points tbody tr")[-1]
    assert int(last.select("td")[-1].get_text()) == board > 0
    assert page.one("#chart-points polyline")["points"]


def test_every_chart_has_a_name_a_description_and_a_table(as_alice, worker):
    worker.add(year=1988)
    page = as_alice.get("/stats")
    pictures = page.all("svg[role=img]")
    assert len(pictures) == 6
    for picture in pictures:
        named = [page.one(f"#{key}").get_text() for key in picture["aria-labelledby"].split()]
        assert all(named)
        assert picture.find_parent("figure").select("details table tbody tr")
    assert not page.all("main [style]")


def test_a_user_without_songs_sees_what_to_do(as_alice):
    page = as_alice.get("/stats")
    assert "No songs yet" in page.text
    assert page.one("main .empty a")["href"] == "/songs/"


def test_markup_in_an_artist_name_is_escaped(as_alice, worker):
    worker.add(artist='<svg onload="alert(1)">' * 3)
    page = as_alice.get("/stats")
    assert not page.all("[onload]")


def test_statistics_omit_the_work_of_others(as_charlie, worker):
    worker.add(artist="Secret Band", year=1988)
    assert "Secret Band" not in as_charlie.get("/stats").text
    assert "Secret Band" not in as_charlie.get("/stats/gaps").text


@pytest.mark.parametrize("address", ["/stats", "/stats/gaps", "/achievements/"])
def test_statements_are_bounded_however_many_songs(as_alice, worker, app, address):
    def statements():
        as_alice.get(address)
        with statements_of(app) as seen:
            as_alice.get(address)
        return len(seen)

    def add(numbers):
        with working(app):
            for number in numbers:
                songs.add_song(
                    worker.user,
                    title=f"Song {number}",
                    artist=f"Artist {number}",
                    year=1900 + number,
                    status=("future", "wip", "released")[number % 3],
                )

    add(range(10))
    few = statements()
    add(range(10, 100))
    assert statements() == few <= MOST_STATEMENTS


@pytest.mark.both_databases
def test_the_gap_map_names_the_planned_songs(as_alice, worker):
    worker.add("One", "Metallica", year=1988, status="released")
    religion = worker.add("Losing My Religion", "R.E.M.", year=1991)
    page = as_alice.get("/stats/gaps")
    assert page.one("#year-1991 a")["href"] == f"/songs/{religion}"
    assert "15 parts left" in page.one("#year-1991").get_text()
    cell = page.one('td a[href="#year-1991"]')
    assert re.sub(r"\s+", " ", cell.get_text(" ", strip=True)).endswith(
        "1991: 1 planned song would add it"
    )
    assert "1988: 1 song released" in page.text
    assert "1977: missing" in page.text
    assert "R.E.M." in page.text


def test_variety_achievements_link_to_the_gap_map(as_alice):
    for code in ("variety_seeker", "time_traveler", "decade_dabbler"):
        assert as_alice.get(f"/achievements/{code}").all('main a[href="/stats/gaps"]')
    assert as_alice.get("/stats").all('main a[href="/stats/gaps"]')
    assert not as_alice.get("/achievements/first_release").all('main a[href="/stats/gaps"]')


def test_next_up_names_the_song(as_alice, worker):
    song = worker.add("Everlong", "Foo Fighters")
    worker.mark(song, "done", list(Part)[:13])
    first = as_alice.get("/achievements/").all(".next")[0]
    assert first["data-badge"] == "perfectionist"
    assert "2 parts on Everlong" in re.sub(r"\s+", " ", first.get_text(" ", strip=True))
    assert first.select_one(f'a[href="/songs/{song}"]')


def test_achievements_without_progress_are_called_locked(as_alice):
    options = as_alice.get("/achievements/").all("#achievement-state option")
    assert [option.get_text() for option in options] == [
        "Any state",
        "Earned",
        "In progress",
        "Locked",
    ]


def test_anonymous_visitors_are_redirected_to_sign_in(stranger):
    for address in ("/stats", "/stats/gaps"):
        answer = stranger.get(address)
        assert (answer.status, answer.location) == (303, f"/login?next={address}")
