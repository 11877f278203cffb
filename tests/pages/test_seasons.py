"""Seasons: planned by administrators, shown to everybody, counted within their time."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.support.charter import Charter, statements_of
from tests.support.people import PASSWORD, add_person, working
from trackflow_web.achievements.awards import holder_counts
from trackflow_web.achievements.models import CountingPeriod, Season, UserPeriodStats
from trackflow_web.achievements.recheck import reconcile
from trackflow_web.achievements.recheck import seasons as counting
from trackflow_web.achievements.standings import season_editing
from trackflow_web.jobs import holders
from trackflow_web.kernel.database import db
from trackflow_web.notifications.models import Notification

START, END = datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 3, 20, tzinfo=UTC)
FIELDS = {
    "slug": "march",
    "name": "March madness",
    "starts_at": "2026-03-10T00:00",
    "ends_at": "2026-03-20T00:00",
    "rerun": "yearly",
}
ACHIEVEMENT = {
    "code": "march_three",
    "name": "March three",
    "description": "Release three songs in March",
    "icon": "🌱",
    "metric": "total_released",
    "threshold": "3",
    "rarity": "rare",
}


def confirmed(browser):
    """The browser, its password confirmed at the present time."""
    browser.post("/confirm", password=PASSWORD)
    return browser


@pytest.fixture
def worker(app, alice):
    return Charter(app, alice)


@pytest.fixture
def season(app, clock):
    """`season(threshold="2")`: an announced season with one achievement, before its start."""

    def make(slug="march", **fields):
        with working(app):
            season_editing.add({**FIELDS, "slug": slug, **fields.pop("season", {})})
            code = f"{slug.replace('-', '_')}_three"
            season_editing.save_achievement(slug, {**ACHIEVEMENT, "code": code, **fields})

    return make


def sweep(app):
    app.extensions["trackflow.jobs"].sweep()


def counter(app, person):
    with app.app_context():
        found = sa.select(UserPeriodStats.n).where(UserPeriodStats.user_id == person.id)
        return db.session.scalar(found) or 0


# --- administration ------------------------------------------------------------------------------


@pytest.mark.usefixtures("clock")
def test_an_administrator_plans_announces_and_fills_a_season(as_admin, stranger):
    assert confirmed(as_admin).post("/admin/seasons/", **FIELDS, draft="1").status == 303
    assert (
        confirmed(as_admin).post("/admin/seasons/march/achievements", **ACHIEVEMENT).status == 303
    )
    assert "3 songs" in as_admin.get("/admin/seasons/march").one("tbody").text
    assert "total_released" not in as_admin.get("/admin/seasons/march").one("tbody").text
    listed = as_admin.get("/admin/seasons/").one("table")
    assert "Start (UTC)" in listed.text
    assert "10 March 2026, 00:00" in listed.text
    assert stranger.get("/seasons/march").status == 404
    assert stranger.get("/achievements/march_three").status == 404
    assert "march" not in stranger.get("/seasons.ics").text
    assert as_admin.api("GET", "/api/seasons/").json["items"] == []
    assert confirmed(as_admin).post("/admin/seasons/march", **FIELDS).status == 303
    page = stranger.get("/seasons/march")
    assert page.one("#promise").get_text() == "This season returns every year."
    assert "Starts in 8 days" in page.text
    (item,) = as_admin.api("GET", "/api/seasons/").json["items"]
    assert (item["slug"], item["state"], item["rerun"]) == ("march", "announced", "yearly")
    assert item["starts_at"] == "2026-03-10T00:00:00Z"
    assert item["achievements"][0]["code"] == "march_three"


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "Not good"),
        ("slug", ""),
        ("name", ""),
        ("starts_at", "soon"),
        ("starts_at", "2026-03-10"),
        ("starts_at", "9" * 5000),
        ("ends_at", "2026-03-10T00:00"),
        ("ends_at", "2029-03-10T00:00"),
        ("rerun", "never"),
        ("draft", "yes"),
    ],
)
def test_a_wrong_field_is_named(as_admin, field, value):
    page = confirmed(as_admin).post("/admin/seasons/", **{**FIELDS, field: value})
    assert page.status == 422
    assert page.one(f"[name={field}]")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "me"),
        ("code", "Ab"),
        ("code", "dreamer"),
        ("code", "dream_er"),
        ("name", "Dreamer"),
        ("metric", "login_streak"),
        ("metric", "total_spotify_imports"),
        ("metric", ""),
        ("threshold", "0"),
        ("threshold", ""),
        ("rarity", "unique"),
        ("icon", ""),
    ],
)
def test_a_wrong_field_of_an_achievement_is_named(as_admin, season, field, value):
    season()
    fields = {**ACHIEVEMENT, field: value}
    assert confirmed(as_admin).post("/admin/seasons/march/achievements", **fields).status == 422


def test_an_achievement_changes_only_before_the_start(as_admin, season, clock):
    season()
    address = "/admin/seasons/march/achievements"
    assert confirmed(as_admin).post(address, **{**ACHIEVEMENT, "threshold": "5"}).status == 303
    clock.set(START)
    assert confirmed(as_admin).post(address, **{**ACHIEVEMENT, "threshold": "1"}).status == 422
    assert confirmed(as_admin).post(address, **{**ACHIEVEMENT, "code": "march_more"}).status == 303
    clock.set(END)
    assert confirmed(as_admin).post(address, **{**ACHIEVEMENT, "code": "march_late"}).status == 422


def test_a_running_season_keeps_its_promises(as_admin, season, clock):
    season()
    clock.set(START)
    address = "/admin/seasons/march"
    for change in ({"starts_at": "2026-03-11T00:00"}, {"rerun": "once"}, {"draft": "1"}):
        assert confirmed(as_admin).post(address, **FIELDS | change).status == 422, change
    assert (
        confirmed(as_admin).post(address, **FIELDS | {"ends_at": "2026-03-19T00:00"}).status == 422
    )
    assert (
        confirmed(as_admin).post(address, **FIELDS | {"ends_at": "2026-03-21T00:00"}).status == 303
    )
    assert (
        confirmed(as_admin).post(address, **FIELDS | {"name": "Renamed"} | {"ends_at": ""}).status
        == 422
    )


def test_a_code_of_another_season_is_refused(as_admin, season):
    season()
    season("april", season={"starts_at": "2026-04-01T00:00", "ends_at": "2026-04-09T00:00"})
    assert (
        confirmed(as_admin).post("/admin/seasons/april/achievements", **ACHIEVEMENT).status == 422
    )


@pytest.mark.both_databases
def test_an_achievement_can_be_removed_from_a_draft(app, as_admin, as_bob, season, monkeypatch):
    season(season={"draft": "1"})
    # Of a large community: there is a row of each, for those of nobody too.
    monkeypatch.setattr(holder_counts, "MANY", 0)
    with app.app_context():
        holders.run(app.extensions["trackflow.jobs"].tools)
    address = "/admin/seasons/march/achievements/{}/delete"
    assert as_bob.post(address.format("march_three")).status == 404
    assert confirmed(as_admin).post(address.format("march_four")).status == 404
    assert as_admin.post(address.format("dreamer")).status == 404
    assert as_admin.get("/admin/seasons/march").one(f"[action='{address.format('march_three')}']")
    assert as_admin.post(address.format("march_three")).status == 303
    assert "None yet." in as_admin.get("/admin/seasons/march").text
    assert as_admin.post("/admin/seasons/march/achievements", **ACHIEVEMENT).status == 303
    with app.app_context():
        assert db.session.scalar(sa.select(Season.sequence)) == 3


def test_an_announced_season_keeps_its_achievements(as_admin, season):
    season()
    page = confirmed(as_admin).get("/admin/seasons/march")
    address = "/admin/seasons/march/achievements/march_three/delete"
    assert not page.all(f"[action='{address}']")
    page = as_admin.post(address)
    assert page.status == 422
    assert "its achievements stay" in page.text
    assert "march_three" in as_admin.get("/admin/seasons/march").text


def test_removing_an_achievement_takes_a_password(clock, as_admin, season):
    season(season={"draft": "1"})
    clock.move(hours=1)
    as_admin.post("/admin/seasons/march/achievements/march_three/delete")
    assert "march_three" in confirmed(as_admin).get("/admin/seasons/march").text


# --- counting ------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_only_work_within_the_season_counts(app, clock, season, worker):
    season()
    clock.set(START - timedelta(microseconds=1))
    worker.add("Before", status="released")
    clock.set(START)
    worker.add("First", status="released")
    clock.set(END - timedelta(microseconds=1))
    worker.add("Last", status="released")
    clock.set(END)
    worker.add("After", status="released")
    assert counter(app, worker) == 2
    assert "march_three" not in worker.codes


@pytest.mark.both_databases
def test_work_before_an_achievement_was_added_counts(app, clock, as_admin, season, worker):
    season()
    clock.set(START)
    for number in range(3):
        clock.move(hours=1)
        worker.add(f"Song {number}", status="released")
    fields = {**ACHIEVEMENT, "code": "march_two", "threshold": "2"}
    assert confirmed(as_admin).post("/admin/seasons/march/achievements", **fields).status == 303
    assert worker.awards["march_two"].earned_at == START + timedelta(hours=2)
    assert worker.awards["march_two"].backfilled


@pytest.mark.both_databases
def test_users_are_recounted_in_slices_that_may_be_repeated(
    app, clock, season, worker, bob, monkeypatch
):
    for person in (worker.person, bob):
        Charter(app, person).add_many(3, status="released")
    monkeypatch.setattr(reconcile, "USERS_A_CHUNK", 1)
    season(season={"starts_at": "2026-03-02T00:00"})
    sweep(app)
    assert "march_three" in worker.codes
    assert "march_three" in Charter(app, bob).codes
    with app.app_context():
        assert counting.waiting() == []


@pytest.mark.both_databases
def test_imported_songs_never_count(app, clock, season, worker, as_alice):
    season(threshold="1")
    clock.set(START)
    upload = (io.BytesIO(b"title,artist\nOne,Metallica\nTwo,Metallica\n"), "old.csv")
    as_alice.post("/imports/", file=upload, name="Old", status="released", start="1")
    assert worker.number("total_released") == 2
    assert (counter(app, worker), "march_three" in worker.codes) == (0, False)


@pytest.mark.both_databases
def test_a_season_is_closed_a_day_after_its_end(app, clock, season, worker):
    season()
    clock.set(START)
    song = worker.add(status="released")
    clock.set(END + timedelta(hours=23))
    sweep(app)
    worker.delete(song)
    assert counter(app, worker) == 0
    clock.set(END + timedelta(hours=24))
    sweep(app)
    with app.app_context():
        closed = sa.select(CountingPeriod.closed_at).join(Season)
        assert db.session.scalar(closed) == END + timedelta(hours=24)


@pytest.mark.both_databases
def test_ten_running_seasons_take_one_statement_together(app, clock, season, worker):
    for number in range(10):
        season(f"march-{number}", threshold="99")
    worker.add_many(12)
    worker.add("Zero", status="released")
    clock.set(START)
    worker.add("One", status="released")
    clock.move(hours=1)
    with statements_of(app) as seen:
        worker.add("Two", status="released")
    assert len(seen.naming("user_period_stats")) == 1


# --- what users see ------------------------------------------------------------------------------


def test_progress_is_in_the_tiles_while_the_season_runs(clock, season, worker, as_alice):
    season()
    assert not as_alice.get("/achievements/").all('[data-achievement="march_three"]')
    clock.set(START)
    worker.add(status="released")
    tile = as_alice.get("/achievements/").one('[data-achievement="march_three"]')
    assert "1/3" in tile.get_text()
    assert as_alice.get("/seasons/march").one("progress")["value"] == "1"
    clock.set(END)
    page = as_alice.get("/achievements/")
    assert not page.all('[data-achievement="march_three"]')
    assert "of 82" in page.text
    over = as_alice.get("/seasons/march")
    assert "2026 only, 0 people have it" in over.text
    assert not over.all("progress")
    trophy = as_alice.get("/achievements/march_three")
    assert "2026 only" in trophy.text
    assert not trophy.all("article progress")


def test_an_earned_one_stays_after_the_end(clock, season, worker, as_alice):
    season(threshold="1")
    clock.set(START)
    worker.add(status="released")
    clock.set(END + timedelta(days=30))
    tile = as_alice.get("/achievements/").one('[data-achievement="march_three"]')
    assert tile["data-state"] == "earned"
    assert "2026 only, 1 person has it" in as_alice.get("/seasons/march").text
    codes = [item["code"] for item in as_alice.get("/api/achievements/me?limit=100").json["items"]]
    assert "march_three" in codes


def test_times_are_those_of_the_reader_and_of_utc(app, clock, season, worker, as_alice):
    season()
    with working(app):
        worker.user.timezone = "Europe/Berlin"
    text = as_alice.get("/seasons/march").one(".season-times").get_text(" ", strip=True)
    assert "10 March 2026, 01:00" in text
    assert "10 March 2026, 00:00" in text


# --- the calendar --------------------------------------------------------------------------------


def unfolded(answer):
    lines = answer.data.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    return answer.data.replace(b"\r\n ", b"").decode().split("\r\n")


@pytest.mark.usefixtures("clock")
def test_the_calendar_is_valid_and_changes_with_its_seasons(app, client, season):
    season(season={"name": "Ten, or; more\\ " + "ü" * 40})
    answer = client.get("/seasons.ics")
    lines = unfolded(answer)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "public" in answer.headers["Cache-Control"]
    assert lines[0] == "BEGIN:VCALENDAR"
    assert "DTSTART:20260310T000000Z" in lines
    assert "DTEND:20260320T000000Z" in lines
    assert "SUMMARY:Ten\\, or\\; more\\\\ " + "ü" * 40 in lines
    (uid,) = [line for line in lines if line.startswith("UID:")]
    tag = answer.headers["ETag"]
    assert client.get("/seasons.ics", headers={"If-None-Match": tag}).status_code == 304
    with working(app):
        season_editing.change("march", {**FIELDS, "ends_at": "2026-03-21T00:00"})
    changed = unfolded(client.get("/seasons.ics", headers={"If-None-Match": tag}))
    assert uid in changed
    assert "SEQUENCE:1" in lines
    assert "SEQUENCE:2" in changed


# --- notices -------------------------------------------------------------------------------------


def notices(app):
    with app.app_context():
        rows = db.session.execute(
            sa.select(Notification.user_id, Notification.type).where(
                Notification.type.startswith("season")
            )
        )
        return sorted((row.type, row.user_id) for row in rows)


@pytest.mark.both_databases
def test_everybody_is_told_once_of_the_start_and_three_days_before_the_end(
    app, clock, season, alice, bob, monkeypatch
):
    monkeypatch.setattr("trackflow_web.notifications.seasons.SLICE", 1)
    season()
    sweep(app)
    assert notices(app) == []
    clock.set(START)
    sweep(app)
    sweep(app)
    started = notices(app)
    assert {each for each, _ in started} == {"season_started"}
    assert len({user for _, user in started}) == len(started) >= 2
    clock.set(END - timedelta(days=3))
    sweep(app)
    sweep(app)
    assert len(notices(app)) == 2 * len(started)
    assert ("season_ending", alice.id) in notices(app)
    assert ("season_ending", bob.id) in notices(app)


def test_a_notice_leads_to_its_season(app, clock, season, as_alice):
    season()
    clock.set(START)
    sweep(app)
    (item,) = as_alice.api("GET", "/api/notifications/").json["items"]
    assert item["message"] == "March madness has started."
    assert item["link"].endswith("/seasons/march")


def test_nobody_is_told_of_a_season_that_is_over(app, clock, season):
    season()
    clock.set(END)
    sweep(app)
    assert notices(app) == []


def test_who_registers_later_is_not_told(app, clock, season):
    season()
    clock.set(START)
    sweep(app)
    late = add_person(app, "latecomer")
    sweep(app)
    assert late.id not in {user for _, user in notices(app)}


@pytest.mark.both_databases
def test_an_address_that_no_season_can_have_is_not_found(as_alice):
    for slug in ("%00", "A", "a" * 41):
        assert as_alice.get(f"/seasons/{slug}").status == 404


def test_a_public_season_has_a_preview_and_is_in_the_sitemap(app, clock, stranger):
    for slug, draft in (("summer", ""), ("secret", "1")):
        with working(app):
            season_editing.add(
                {
                    "slug": slug,
                    "name": slug.capitalize(),
                    "starts_at": "2090-01-01T00:00",
                    "ends_at": "2090-02-01T00:00",
                    "draft": draft,
                }
            )
    page = stranger.get("/seasons/summer")
    assert page.one("meta[property='og:title']")["content"] == "Summer"
    assert page.one("meta[property='og:url']")["content"] == "http://localhost/seasons/summer"
    assert page.one("meta[property='og:description']")["content"].startswith("2090-01-01")
    board = stranger.get("/community/leaderboard").one("meta[property='og:title']")
    assert board["content"].startswith("Leaderboard: ")
    listed = stranger.get("/sitemap.xml").html
    for path in ("/seasons/", "/seasons/summer", "/community/leaderboard"):
        assert f"<loc>http://localhost{path}</loc>" in listed
        assert stranger.get(path).status == 200
    assert "secret" not in listed
