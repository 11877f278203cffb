"""The page of a leaderboard, and the ladder of levels."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.browsing import Browser
from tests.support.people import add_person, working
from tests.support.songs import add_song
from trackflow_web.domain.people.models import Audience, User
from trackflow_web.kernel.database import db

URL = "/community/leaderboard?kind=releases&period=week"


@pytest.fixture
def crowd(app, alice):
    for number in range(5):
        add_song(app, add_person(app, f"racer{number}"), status="released")
    add_song(app, alice, "Two", status="released")
    add_song(app, alice, "Three", status="released")


@pytest.mark.usefixtures("crowd")
def test_the_leaderboard_is_a_table_with_the_readers_row_marked(as_alice):
    page = as_alice.get(URL)
    assert page.one("table caption").get_text(strip=True) == "Releases, this week"
    own = page.one("tr[data-user=alice]")
    assert own["aria-current"] == "true"
    assert own["data-place"] == "1"
    assert "You're 1st of 6, with 2 releases." in page.one("#my-place").get_text(" ", strip=True)


@pytest.mark.usefixtures("crowd")
def test_visitors_see_the_top_of_those_whose_profiles_are_for_everyone(app):
    with working(app):
        others = sa.update(User).where(User.username != "racer1")
        db.session.execute(others.values(audience=Audience.EVERYONE))
    page = Browser(app).get(URL)
    assert [row["data-user"] for row in page.all("tr[data-user]")] == [
        "alice", "racer0", "racer2", "racer3", "racer4"
    ]  # fmt: skip
    assert not page.all("tr[aria-current]")
    assert page.one("#my-place a")["href"].startswith("/login?next=")


def test_a_single_release_is_counted_in_the_singular(app, alice, as_alice):
    add_song(app, alice, status="released")
    assert "You have 1 release." in as_alice.get(URL).one("#my-place").get_text(" ", strip=True)


@pytest.mark.usefixtures("crowd")
def test_every_period_kind_and_view_is_a_link(as_alice):
    page = as_alice.get(URL)
    for name in ("kind=parts", "period=month", "view=top"):
        assert as_alice.get(page.one(f'.tabs a[href*="{name}"]')["href"]).status == 200
    assert as_alice.get(page.one('a:-soup-contains("Previous period")')["href"]).status == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "songs"),
        ("period", "day"),
        ("view", "all"),
        ("start", "yesterday"),
        ("start", "2999-01-01"),
        ("cursor", "x"),
    ],
)
def test_an_unknown_parameter_is_refused_by_name(as_alice, field, value):
    assert as_alice.get(f"/community/leaderboard?{field}={value}").status == 422
    answer = as_alice.get(f"/api/community/leaderboard?{field}={value}")
    assert field in answer.json["errors"]


def test_an_empty_leaderboard_says_how_to_get_on_it(as_alice):
    page = as_alice.get(URL)
    assert page.one(".empty")
    assert "Nothing of yours counts this week yet." in page.one("#my-place").get_text()


@pytest.mark.usefixtures("crowd")
def test_the_api_returns_rows_and_the_own_place(as_alice):
    answer = as_alice.get("/api/community/leaderboard?kind=releases&view=top").json
    assert answer["items"][0]["username"] == "alice"
    assert answer["items"][0]["place"] == 1
    assert answer["me"] == {"place": 1, "score": 2, "reason": None}
    assert answer["closed"] is False
    assert answer["end"] > answer["start"]


def test_the_ladder_marks_the_level_of_the_reader(app, alice, as_alice):
    assert (
        as_alice.get("/achievements/levels")
        .one('[aria-current="step"]')
        .get_text(" ", strip=True)
        .startswith("Level 1 Roadie 0 points")
    )
    for number in range(5):
        add_song(
            app,
            alice,
            f"Song {number}",
            f"Artist {number}",
            year=1960 + 10 * number,
            status="released",
        )
    level = as_alice.get("/achievements/levels").one('[aria-current="step"] .levels__level')
    assert level.get_text(strip=True) != "Level 1"


def test_a_new_level_has_its_own_toast_once(as_alice):
    shown = []
    for number in range(6):
        form = {
            "title": f"Song {number}",
            "artist": f"Artist {number}",
            "year": str(1960 + 10 * number),
            "status": "released",
        }
        as_alice.post("/songs/", **form)
        shown += [
            toast["data-toast"] for toast in as_alice.get("/songs/").all("#toasts [data-toast]")
        ]
    assert "level" in shown
    assert as_alice.get("/songs/").all('[data-toast="level"]') == []


def test_an_administrator_renames_levels(as_admin, as_alice):
    assert as_admin.post("/admin/levels", level_1="Garage band").status == 303
    step = as_alice.get("/achievements/levels").one('[aria-current="step"]')
    assert "Garage band" in step.get_text()
    assert as_admin.get("/admin/levels").one("[name=level_1]")["value"] == "Garage band"
    assert as_admin.post("/admin/levels", level_1="x" * 41).status == 422
    assert as_admin.post("/admin/levels", level_1="").status == 303
    assert "Roadie" in as_alice.get("/achievements/levels").text
    assert as_alice.get("/admin/levels").status == 404
