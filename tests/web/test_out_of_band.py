"""What the after-request hook adds to a response: toasts, in the one response that shows them."""

from __future__ import annotations

import re
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog
from flask import Response, redirect, send_file, stream_with_context
from jinja2 import ChoiceLoader, DictLoader
from werkzeug.test import EnvironBuilder

from tests.support.browsing import Browser
from tests.support.catalogues import BY_CODE, Deploy
from tests.support.charter import Charter, at_once, statements_of
from tests.support.people import working
from trackflow_web.achievements import toasts as waiting_toasts
from trackflow_web.achievements.catalogue import sync
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.domain.songs import actions
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel.database import db
from trackflow_web.web import after_action, out_of_band
from trackflow_web.web.caller import get_current_user

MESSAGE = re.compile(r'id="(toast-[^"]+)" data-toast="([^"]+)"')
EMPTY_LIST = '<ol id="toasts" role="status" aria-live="polite"></ol>'
SOME_FILE = Path(__file__).parents[2] / "LICENSE"


def page(**options):
    """A response with a place for toasts, so that only its kind decides whether they are shown."""
    return Response(out_of_band.placeholder("toasts"), **options)


# Responses that cannot show toasts.
ODD_ANSWERS = {
    "json": lambda: {"list": out_of_band.placeholder("toasts")},
    "text": lambda: page(mimetype="text/plain"),
    "empty": lambda: Response(status=204),
    "reset": lambda: page(status=205),
    "unchanged": lambda: Response(status=304),
    "moved": lambda: redirect("/songs/", 303),
    "missing": lambda: page(status=404),
    "refused": lambda: page(status=422),
    "busy": lambda: page(status=503),
    "stream": lambda: Response(
        stream_with_context(iter([out_of_band.placeholder("toasts")] * 2)), mimetype="text/html"
    ),
    "file": lambda: send_file(SOME_FILE, mimetype="text/html"),
    "go-there": lambda: page(headers={"HX-Redirect": "/songs/"}),
    "load-there": lambda: page(headers={"HX-Location": "/songs/"}),
    "load-again": lambda: page(headers={"HX-Refresh": "true"}),
}


@pytest.fixture
def app(make_app):
    """An application with a URL `/odd/<name>` for each unusual response."""
    app = make_app()
    for name, answer in ODD_ANSWERS.items():
        app.add_url_rule(f"/odd/{name}", f"odd.{name}", answer)
    app.add_url_rule("/odd/deed", "odd.deed", add_a_song_and_stream)
    return app


def add_a_song_and_stream():
    actions.add_song(get_current_user(), title="Streamed", artist="Metallica")
    return Response(iter(["one", "two"]), mimetype="text/html")


@pytest.fixture
def work_of_alice(app, alice):
    return Charter(app, alice)


@pytest.fixture
def dreamer_waits(as_alice, work_of_alice):
    """Alice is signed in and has unlocked Dreamer, which no response has shown yet."""
    work_of_alice.add()
    return as_alice


def song_id_of(app, title="One"):
    with app.app_context():
        return db.session.scalar(sa.select(Song.id).where(Song.title == title))


def waiting(app, person):
    """How many no response has shown."""
    with app.app_context():
        return db.session.scalar(
            sa.select(sa.func.count(UserAchievement.id)).where(
                UserAchievement.user_id == person.id, ~UserAchievement.notified
            )
        )


def fetch(browser, path, **request):
    """The status and the body of a response that is not a page of the site."""
    with browser.client.open(path, **request) as answer:
        return answer.status_code, answer.get_data()


# --- from the first song to the first release ----------------------------------------------------


@pytest.mark.both_databases
def test_without_htmx_the_page_after_each_action_shows_what_it_unlocked(app, stranger):
    def step(path, **fields):
        assert stranger.post(path, **fields).status == 303
        return stranger.follow().toasts()

    person = {"username": "dora", "email": "dora@example.org", "password": "a long one indeed"}
    assert step("/register", **person) == []
    assert step("/songs/", title="One", artist="Metallica") == ["dreamer"]
    status = f"/songs/{song_id_of(app)}/status"
    assert step(status, status="wip") == ["getting_started"]
    assert sorted(step(status, status="released")) == ["first_finish", "first_release"]
    for state in ("future", "wip", "released"):
        assert step(status, status=state) == []
    assert stranger.get("/songs/").toasts() == []


def test_with_htmx_the_response_to_each_action_shows_what_it_unlocked(app, as_alice):
    page = as_alice.post("/songs/", htmx="songs-panel", title="One", artist="Metallica")
    assert page.toasts() == ["dreamer"]
    song = song_id_of(app)

    def move(state):
        path = f"/songs/{song}/status"
        return as_alice.post(path, htmx=f"song-{song}", status=state).toasts()

    assert move("wip") == ["getting_started"]
    assert sorted(move("released")) == ["first_finish", "first_release"]
    assert [move(state) for state in ("future", "wip", "released")] == [[], [], []]
    assert as_alice.get("/songs/").toasts() == []


def test_adding_a_song_twice_shows_nothing_the_second_time(as_alice):
    song = {"title": "One", "artist": "Metallica"}
    assert as_alice.post("/songs/", htmx="songs-panel", **song).toasts() == ["dreamer"]
    page = as_alice.post("/songs/", htmx="songs-panel", **song)
    assert (page.status, page.toasts()) == (422, [])


def test_deleting_and_adding_again_shows_nothing_the_second_time(app, as_alice):
    as_alice.post("/songs/", htmx="songs-panel", title="One", artist="Metallica")
    as_alice.post(f"/songs/{song_id_of(app)}/delete")
    page = as_alice.post("/songs/", htmx="songs-panel", title="One", artist="Metallica")
    assert (page.status, page.toasts()) == (200, [])


def test_the_first_page_of_the_third_consecutive_day_shows_early_bird(clock, as_alice):
    for _ in range(2):
        clock.move(days=1)
        page = as_alice.get("/songs/")
    assert page.toasts() == ["early_bird"]


# --- where toasts are in a response --------------------------------------------------------------


def test_a_page_has_its_toasts_inside_the_live_region(dreamer_waits):
    page = dreamer_waits.get("/achievements/")
    assert page.one("#toasts > [data-toast=dreamer]")
    assert page.one("#toasts")["role"] == "status"


def test_a_page_without_toasts_has_the_empty_live_region(as_alice):
    assert EMPTY_LIST in as_alice.get("/songs/").html


def test_an_htmx_response_appends_toasts_to_the_live_region_of_the_page(as_alice):
    page = as_alice.post("/songs/", htmx="songs-panel", title="One", artist="Metallica")
    assert page.one('ol[hx-swap-oob="beforeend:#toasts"] > [data-toast=dreamer]')
    assert "id" not in page.one("ol[hx-swap-oob]").attrs


def test_an_htmx_response_that_unlocks_nothing_has_no_out_of_band_swap(app, as_alice):
    as_alice.post("/songs/", htmx="songs-panel", title="One", artist="Metallica")
    page = as_alice.post("/songs/", htmx="songs-panel", title="Two", artist="Metallica")
    assert not page.all("[hx-swap-oob*=toasts]")


def test_a_toast_has_name_description_points_and_rarity_and_can_be_dismissed(dreamer_waits):
    toast = dreamer_waits.get("/songs/").one("[data-toast=dreamer]")
    words = " ".join(toast.get_text(" ").split())
    assert "Dreamer" in words
    assert "Add your first song to Future Plans" in words
    assert "Common" in words
    assert "+10 points" in words
    assert toast.select_one('a[href="/achievements/dreamer"]')
    assert toast.select_one("button[data-close]")
    assert "data-stays" not in toast.attrs


@pytest.mark.parametrize("code", ["future_architect", "planning_legend"])
def test_an_epic_or_legendary_toast_stays(as_alice, work_of_alice, code):
    work_of_alice.given(code)
    assert "data-stays" in as_alice.get("/songs/").one(f"[data-toast={code}]").attrs


def test_three_toasts_are_shown_separately_in_catalogue_order(as_alice, work_of_alice, clock):
    work_of_alice.given("first_release", "dreamer", "getting_started")
    assert as_alice.get("/songs/").toasts() == ["dreamer", "getting_started", "first_release"]


def test_four_toasts_become_one_summary(app, alice, as_alice, work_of_alice):
    work_of_alice.given("dreamer", "first_release", "chart_topper", "busy_bee")
    page = as_alice.get("/songs/")
    assert page.toasts() == ["summary"]
    words = " ".join(page.one("[data-toast=summary]").get_text(" ").split())
    assert "4 achievements unlocked" in words
    assert "+95 points, rarest: Chart Topper" in words
    assert waiting(app, alice) == 0
    assert as_alice.get("/songs/").toasts() == []


def test_a_single_backfilled_award_is_shown_as_a_summary(as_alice, work_of_alice):
    work_of_alice.given("dreamer", backfilled=True)
    page = as_alice.get("/songs/")
    assert page.toasts() == ["summary"]
    assert "1 achievement unlocked" in page.text


# --- which responses show them -------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/songs/", "/achievements/", "/achievements/me", "/settings/profile"]
)
def test_the_next_page_shows_pending_toasts_once(dreamer_waits, path):
    assert dreamer_waits.get(path).toasts() == ["dreamer"]
    assert dreamer_waits.get(path).toasts() == []


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "htmx"])
def test_toasts_stay_pending_over_responses_that_cannot_show_them(
    app, alice, dreamer_waits, headers
):
    for name in ODD_ANSWERS:
        _, body = fetch(dreamer_waits, f"/odd/{name}", headers=headers)
        assert b"data-toast" not in body, name
        assert waiting(app, alice) == 1, name
    assert dreamer_waits.get("/songs/").toasts() == ["dreamer"]


NOT_LOOKED_AT = [
    ("HEAD", "/songs/", {}),
    ("OPTIONS", "/songs/", {}),
    ("GET", "/static/css/base.css", {}),
    ("GET", "/static/nothing.css", {}),
    ("GET", "/nothing-here", {}),
    ("GET", "/healthz", {}),
    ("GET", "/api/songs/", {}),
    ("GET", "/songs/?page=nonsense", {}),
    ("GET", "/songs/", {"Sec-Purpose": "prefetch"}),
    ("GET", "/songs/", {"Sec-Purpose": "prefetch;prerender"}),
    ("GET", "/songs/", {"Purpose": "prefetch"}),
    ("GET", "/songs/", {"X-Moz": "prefetch"}),
    ("GET", "/songs/", {"HX-Request": "true", "HX-History-Restore-Request": "true"}),
]


def test_toasts_stay_pending_over_requests_that_cannot_show_them(app, alice, dreamer_waits):
    for method, path, headers in NOT_LOOKED_AT:
        _, body = fetch(dreamer_waits, path, method=method, headers=headers)
        assert b"data-toast" not in body, (method, path, headers)
        assert waiting(app, alice) == 1, (method, path, headers)
    assert dreamer_waits.get("/songs/").toasts() == ["dreamer"]


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "htmx"])
def test_an_action_with_a_streamed_response_shows_its_toasts_later(as_alice, headers):
    assert fetch(as_alice, "/odd/deed", headers=headers) == (200, b"onetwo")
    assert as_alice.get("/songs/").toasts() == ["dreamer"]


def test_a_rejected_form_shows_no_toasts_and_the_next_page_does(dreamer_waits):
    page = dreamer_waits.post("/songs/", title="", artist="")
    assert (page.status, page.toasts()) == (422, [])
    assert dreamer_waits.get("/songs/").toasts() == ["dreamer"]


def test_an_action_that_unlocks_nothing_shows_pending_toasts(dreamer_waits):
    page = dreamer_waits.post("/songs/", htmx="songs-panel", title="Two", artist="Metallica")
    assert page.toasts() == ["dreamer"]


def test_a_page_without_a_session_shows_no_toasts(dreamer_waits, stranger):
    assert stranger.get("/").toasts() == stranger.get("/login").toasts() == []


def test_another_user_is_not_shown_the_toasts(dreamer_waits, as_bob):
    assert as_bob.get("/songs/").toasts() == []
    assert as_bob.post("/songs/", htmx=True, title="One", artist="Metallica").toasts() == [
        "dreamer"
    ]
    assert dreamer_waits.get("/songs/").toasts() == ["dreamer"]


def test_an_award_by_an_administrators_recheck_is_shown_to_its_owner(
    app, work, as_alice, as_admin, monkeypatch
):
    monkeypatch.setattr("trackflow_web.achievements.handler._deltas_by_user", lambda _facts: {})
    as_alice.post("/songs/", title="One", artist="Metallica")
    monkeypatch.undo()
    as_admin.post("/achievements/check", user="alice")
    assert as_admin.follow().toasts() == []
    assert as_alice.get("/songs/").toasts() == ["summary"]


# --- exactly once --------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_tabs_loading_at_once_show_a_toast_once_in_all(app, dreamer_waits):
    cookie = dreamer_waits.client.get_cookie("session").value

    def load():
        tab = Browser(app)
        tab.client.set_cookie("session", cookie)
        return tab.get("/songs/").toasts()

    shown = at_once([load] * 6)
    assert [codes for codes in shown if codes] == [["dreamer"]]


def test_a_toast_in_a_response_that_was_never_read_is_shown_again_after_two_seconds(
    clock, dreamer_waits
):
    answer = dreamer_waits.client.get("/songs/", buffered=False)
    answer.close()
    clock.move(seconds=1.9)
    assert dreamer_waits.get("/songs/").toasts() == []
    clock.move(seconds=0.1)
    assert dreamer_waits.get("/songs/").toasts() == ["dreamer"]
    clock.move(seconds=5)
    assert dreamer_waits.get("/songs/").toasts() == []


def half_taken(app, browser):
    """The body of a page whose client disconnects before the end."""
    cookie = browser.client.get_cookie("session").value
    environ = EnvironBuilder("/songs/", headers={"Cookie": f"session={cookie}"}).get_environ()
    body = app.wsgi_app(environ, lambda _status, _headers, _error=None: None)
    begun = next(iter(body)).decode()
    body.close()  # the rest is not read
    return begun


def test_a_toast_in_a_response_that_was_read_in_part_is_shown_again(app, clock, dreamer_waits):
    assert "data-toast" in half_taken(app, dreamer_waits)
    clock.move(seconds=2)
    assert dreamer_waits.get("/songs/").toasts() == ["dreamer"]


@pytest.mark.both_databases
def test_toasts_that_were_reserved_together_are_shown_again_under_the_same_id(
    app, clock, as_alice, work_of_alice
):
    work_of_alice.given("dreamer", "first_release", "hard_worker", "visionary")
    first = MESSAGE.findall(half_taken(app, as_alice))
    clock.move(seconds=2)
    work_of_alice.given("finisher")
    shown = [MESSAGE.findall(as_alice.get("/songs/").html) for _ in range(3)]
    assert [code for _, code in shown[0]] == ["finisher"]
    assert [code for _, code in first] == ["summary"]
    assert shown[1:] == [first, []]


def test_a_toast_older_than_thirty_days_is_not_shown(app, alice, clock, dreamer_waits):
    clock.move(days=30)
    assert dreamer_waits.get("/songs/").toasts() == []
    assert waiting(app, alice) == 0


def test_a_toast_almost_thirty_days_old_is_shown(clock, dreamer_waits):
    clock.move(days=29, hours=23)
    assert dreamer_waits.get("/songs/").toasts() == ["dreamer"]


def test_a_new_award_with_an_old_date_is_shown(as_alice, work_of_alice, clock):
    work_of_alice.given("dreamer", backfilled=True, at=clock() - timedelta(days=400))
    assert as_alice.get("/songs/").toasts() == ["summary"]


def test_an_award_that_the_catalogue_no_longer_has_is_skipped(
    app, alice, as_alice, work_of_alice, monkeypatch
):
    work_of_alice.given("dreamer", "first_release", backfilled=True)
    deploy = Deploy(monkeypatch)
    deploy.retire(*(code for code in BY_CODE if code != "completionist"))
    with working(app):
        sync.sync()
    with structlog.testing.capture_logs() as logs:
        page = as_alice.get("/settings/profile")
    assert (page.status, page.toasts(), logs) == (200, [], [])
    assert waiting(app, alice) == 0


# --- never an error ------------------------------------------------------------------------------


@pytest.fixture
def broken(monkeypatch):
    """`broken(module, "name")`: this raises until `broken.mend()`."""

    def break_it(module, name):
        def fail(*_arguments, **_options):
            message = f"{name} is broken"
            raise ZeroDivisionError(message)

        monkeypatch.setattr(module, name, fail)

    break_it.mend = monkeypatch.undo
    return break_it


@pytest.mark.parametrize(
    ("part", "event"),
    [
        ((out_of_band, "render_template"), "fragment_not_rendered"),
        ((waiting_toasts, "reserve"), "fragment_not_reserved"),
    ],
    ids=["template", "reserve"],
)
@pytest.mark.parametrize("htmx", [True, False], ids=["fragment", "page"])
def test_an_error_in_a_fragment_fails_neither_the_action_nor_the_page(
    app, clock, as_alice, broken, part, event, htmx
):
    broken(*part)
    with structlog.testing.capture_logs() as logs:
        page = as_alice.post("/songs/", htmx=htmx, title="One", artist="Metallica")
        if not htmx:
            page = as_alice.follow()
    broken.mend()
    assert (page.status, page.toasts()) == (200, [])
    assert {line["event"] for line in logs} == {event}
    clock.move(seconds=2)
    assert as_alice.get("/songs/").toasts() == ["dreamer"]


def test_a_toast_whose_confirmation_fails_is_shown_once_more(clock, dreamer_waits, monkeypatch):
    def busy(_ids, **_more):
        statement = "UPDATE"
        raise sa.exc.OperationalError(statement, {}, Exception("database is locked"))

    monkeypatch.setattr(waiting_toasts, "confirm", busy)
    with structlog.testing.capture_logs() as logs:
        assert dreamer_waits.get("/songs/").toasts() == ["dreamer"]
    monkeypatch.undo()
    assert [line["event"] for line in logs] == ["fragment_not_confirmed"]
    clock.move(seconds=2)
    assert dreamer_waits.get("/songs/").toasts() == ["dreamer"]


def test_a_page_is_shown_without_toasts_while_the_database_is_locked(database_url, dreamer_waits):
    other = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    page = dreamer_waits.get("/songs/")
    other.rollback()
    other.close()
    assert (page.status, page.toasts()) == (200, [])
    assert "One" in page.text
    assert dreamer_waits.get("/songs/").toasts() == ["dreamer"]


# --- at no cost ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/static/css/base.css", 200),
        ("/static/nothing.css", 404),
        ("/nothing-here", 404),
        ("/songs/", 303),
        ("/achievements/", 303),
        ("/odd/moved", 303),
        ("/odd/file", 200),
        ("/odd/stream", 200),
        ("/odd/json", 200),
    ],
)
def test_the_hook_queries_nothing_for_files_and_without_a_session(app, stranger, path, status):
    with statements_of(app) as seen:
        assert fetch(stranger, path)[0] == status
    assert (seen, seen.commits) == ([], 0)


@pytest.mark.parametrize(
    "path", ["/static/css/base.css", "/static/nothing.css", "/nothing-here", "/odd/missing"]
)
def test_the_hook_queries_nothing_for_files_and_errors_with_a_session(app, dreamer_waits, path):
    with statements_of(app) as seen:
        fetch(dreamer_waits, path)
    assert seen.naming("user_achievements") == []
    assert seen.commits == 0


def test_a_page_without_pending_toasts_runs_one_query_and_writes_nothing(app, as_alice):
    with statements_of(app) as seen:
        as_alice.get("/songs/")
    assert len(seen.naming("user_achievements")) == 1
    assert [text for text in seen if not text.startswith("SELECT")] == []


# --- any fragment --------------------------------------------------------------------------------


@pytest.fixture
def with_bell(app, monkeypatch):
    """A second fragment, which reserves nothing; `with_bell.seen` are the events it was given."""
    found = []

    def find(_user, events):
        found.append([event.name for event in events])
        return {"unread": 3}

    bell = out_of_band.Fragment("bell", "bell.html", find=find)
    template = '<b id="bell"{{ " hx-swap-oob=true" if is_swap }}>{{ content.unread }}</b>'
    monkeypatch.setattr(app.jinja_env, "loader", with_template(app, "bell.html", template))
    monkeypatch.setattr(after_action, "FRAGMENTS", (*after_action.FRAGMENTS, bell))
    return found


def with_template(app, name, source):
    return ChoiceLoader([DictLoader({name: source}), app.jinja_env.loader])


def test_an_htmx_response_has_every_fragment_that_its_events_change(as_alice, with_bell):
    page = as_alice.post("/songs/", htmx="songs-panel", title="One", artist="Metallica")
    assert page.toasts() == ["dreamer"]
    assert page.one('#bell[hx-swap-oob="true"]').get_text() == "3"
    assert with_bell[0][0] == "song_added"


def test_a_fragment_without_events_is_not_added_to_a_read_only_htmx_response(as_alice, with_bell):
    assert not as_alice.get("/songs/", htmx="song-list").all("#bell")
    assert with_bell == []


def test_a_failing_fragment_leaves_the_others_in_the_response(
    app, as_alice, with_bell, monkeypatch
):
    monkeypatch.setattr(app.jinja_env, "loader", with_template(app, "bell.html", "{{ nothing }}"))
    with structlog.testing.capture_logs() as logs:
        page = as_alice.post("/songs/", htmx="songs-panel", title="One", artist="Metallica")
    assert page.toasts() == ["dreamer"]
    assert [line["event"] for line in logs] == ["fragment_not_rendered"]
