"""Chart files in the browser: upload, report, confirmation."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa

from tests.support import charts
from tests.support.browsing import Browser
from tests.support.people import working
from tests.support.producer import Producer
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.achievements.standings.models import LeaderboardScore
from trackflow_web.community import figures
from trackflow_web.domain.authoring.models import SongPart
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.chart_scans import actions, rules
from trackflow_web.domain.chart_scans.models import MOST_ATTEMPTS, ChartScan
from trackflow_web.domain.packs.queries import find_pack
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.streaks.models import ChartingWeek
from trackflow_web.integrations.charts import scans, uploads
from trackflow_web.integrations.charts.report import report_on
from trackflow_web.kernel.database import db


def send(browser, *files):
    return browser.post(
        "/imports/charts", files=[(io.BytesIO(content), name) for name, content in files]
    )


def send_full_band(browser):
    return send(browser, ("song.ini", charts.INI.encode()), ("notes.mid", charts.full_band()))


@pytest.fixture
def reported(as_alice):
    """The address of the report on a full-band chart of Alice."""
    answer = send_full_band(as_alice)
    assert answer.status == 303
    return answer.headers["Location"]


def songs(app, person):
    with app.app_context():
        own = sa.select(Song).where(Song.user_id == person.id)
        return {song.title: song for song in db.session.scalars(own)}


def test_the_report_shows_evidence_for_each_part_and_changes_nothing(
    app, as_alice, alice, reported
):
    page = as_alice.get(reported)
    shown = {each["data-part"]: each["data-evidence"] for each in page.all("[data-part]")}
    assert len(shown) == 15
    assert shown["guitar"] == "for"
    assert shown["fake_ending"] == "unknown"
    assert songs(app, alice) == {}


@pytest.mark.both_databases
def test_a_confirmed_song_has_the_confirmed_parts_and_no_credit(app, as_alice, alice, reported):
    answer = as_alice.post(f"{reported}/confirm", song="0", part=["drums", "0:bass"], skip="keys")
    assert answer.status == 303
    song = songs(app, alice)["One"]
    assert (song.artist, song.year, song.status, song.parts_done, song.parts_skipped) == (
        *("Metallica", 1988, "wip", 2, 1),
    )
    with app.app_context():
        done_by = sa.select(SongPart.done_by).where(SongPart.song_id == song.id)
        assert set(db.session.scalars(done_by)) == {None}


@pytest.mark.both_databases
def test_a_library_becomes_songs_in_two_clicks(app, as_alice, alice):
    report = send(as_alice, ("library.zip", charts.library(3))).headers["Location"]
    as_alice.post(f"{report}/confirm", everything="1", status="released")
    made = songs(app, alice)
    assert set(made) == {"Song 0", "Song 1", "Song 2"}
    assert {song.parts_done for song in made.values()} == {13}
    page = as_alice.get("/imports/")
    assert "library.zip" in page.text


def test_a_song_of_ones_own_gets_the_parts(app, as_alice, alice, reported):
    as_alice.post("/songs/", title="One!", artist="The Metallica", status="wip")
    as_alice.post("/songs/", title="ONE", artist="the metallica", status="future")
    assert "have this song" in as_alice.get(reported).text
    as_alice.post(f"{reported}/confirm", song="0", part="drums")
    found = songs(app, alice)
    assert found["ONE"].parts_done == 1
    assert found["ONE"].status == "future"
    assert len(found) == 2


def test_a_song_is_confirmed_once(app, as_alice, alice, reported):
    for part in ("drums", "bass"):
        as_alice.post(f"{reported}/confirm", song="0", part=part)
    assert songs(app, alice)["One"].parts_done == 1


def test_what_is_done_stays_done(app, as_alice, alice, reported):
    as_alice.post("/songs/", title="One", artist="Metallica", status="wip")
    song = songs(app, alice)["One"]
    as_alice.post(f"/songs/{song.id}/parts/drums", state="done")
    as_alice.post(f"{reported}/confirm", song="0", part="bass", skip="drums")
    assert (songs(app, alice)["One"].parts_done, songs(app, alice)["One"].parts_skipped) == (2, 0)
    with app.app_context():
        done_by = db.session.execute(sa.select(SongPart.part, SongPart.done_by)).all()
    assert dict(done_by) == {"drums": alice.id, "bass": None}


CREDITS = (
    "[song]\nname = One\nartist = Metallica\ncharter = Alice & Bob\ncharter_guitar = <b>ALICE</b>\n"
    "charter_drums = Bob\ncharter_vocals = Alice, Bob\ncharter_lower_diff = Charlie\n"
)


@pytest.mark.both_databases
def test_who_is_named_by_a_charter_name_gets_the_credit_without_a_date(app, as_alice, alice):
    as_alice.post("/settings/profile", charter_names="Al\n<color=#ff0000>Alice</color>")
    report = send(as_alice, ("song.ini", CREDITS.encode()), ("notes.mid", charts.full_band()))
    page = as_alice.get(report.location)
    seen = {part: page.one(f"[data-part={part}]").text for part in ("guitar", "drums", "bass")}
    assert "Charted by ALICE: you get the credit." in seen["guitar"]
    assert "Charted by Bob." in seen["drums"]
    assert "Charted by" not in seen["bass"]
    assert "Also credited: Charlie" in page.text
    as_alice.post(f"{report.location}/confirm", everything="1")
    with app.app_context():
        rows = db.session.execute(
            sa.select(SongPart.part, SongPart.done_by, SongPart.first_done_at.is_(None))
            .join(Song, Song.id == SongPart.song_id)
            .where(
                Song.user_id == alice.id,
                SongPart.part.in_(("guitar", "drums", "vocals", "bass")),
            )
        ).all()
    assert {part: (by, undated) for part, by, undated in rows} == {
        "guitar": (alice.id, True),
        "drums": (None, False),
        "vocals": (None, False),
        "bass": (None, False),
    }
    song = songs(app, alice)["One"]
    assert "charter_guitar" in as_alice.get(f"/songs/{song.id}/credits.ini").html


def test_a_charter_of_the_whole_song_gets_the_credit_for_every_part(app, as_alice, alice):
    as_alice.post("/settings/profile", charter_names="Alice")
    report = send_full_band(as_alice).location
    as_alice.post(f"{report}/confirm", song="0", part=["drums", "overdrive"])
    song = songs(app, alice)["One"]
    with app.app_context():
        done_by = sa.select(SongPart.done_by).where(SongPart.song_id == song.id)
        assert set(db.session.scalars(done_by)) == {alice.id}
    as_alice.post(f"/songs/{song.id}/parts/drums", state="todo")
    as_alice.post(f"/songs/{song.id}/parts/drums", state="done")
    assert songs(app, alice)["One"].parts_done == 2


@pytest.mark.both_databases
@pytest.mark.parametrize("other", ["todo", "skip"])
def test_doing_a_credited_part_again_is_no_work(app, as_alice, alice, other):
    as_alice.post("/settings/profile", charter_names="Alice")
    report = send_full_band(as_alice).location
    as_alice.post(f"{report}/confirm", song="0", part=["drums", "overdrive"])
    song = songs(app, alice)["One"]
    for state in (other, "done"):
        as_alice.post(f"/songs/{song.id}/parts/drums", state=state)
    with app.app_context():
        own = SongPart.song_id == song.id
        rows = db.session.execute(sa.select(SongPart.done_by, SongPart.first_done_at).where(own))
        assert {tuple(row) for row in rows} == {(alice.id, None)}
        parts = sa.select(LeaderboardScore).where(
            LeaderboardScore.kind == "parts", LeaderboardScore.user_id == alice.id
        )
        assert db.session.scalars(parts).all() == []
        weeks = sa.select(ChartingWeek).where(ChartingWeek.user_id == alice.id)
        assert db.session.scalars(weeks).all() == []


@pytest.mark.both_databases
def test_a_pack_is_complete_once_chart_files_have_the_last_parts(app, as_alice, alice, reported):
    maker = Producer(app, alice)
    song_id = maker.add("One", "Metallica")
    pack_id = maker.pack("Encore", song_id)
    last = [Part.DRUMS, Part.BASS, Part.GUITAR, Part.VOCALS, Part.OVERDRIVE]
    maker.author(song_id, "skip", [part for part in Part if part not in last])
    as_alice.post(f"{reported}/confirm", song="0", part=[str(part) for part in last])
    with app.app_context():
        assert find_pack(pack_id).completed_at is not None
    assert maker.number("completed_packs") == 1


def test_awards_of_confirmed_charts_belong_to_the_import_on_a_new_day_too(
    clock, app, as_alice, alice, reported
):
    clock.move(days=1)
    as_alice.post(f"{reported}/confirm", song="0", part="drums", status="released")
    with app.app_context():
        awards = sa.select(UserAchievement.import_id).where(
            UserAchievement.user_id == alice.id, UserAchievement.backfilled
        )
        found = db.session.scalars(awards).all()
    assert found
    assert None not in found


def test_a_refused_confirmation_keeps_what_was_chosen(as_alice, reported):
    page = as_alice.post(f"{reported}/confirm", part="0:bass", status="released")
    assert page.status == 422
    assert page.all('[name="song"][checked]') == []
    assert [box["value"] for box in page.all('[name="part"][checked]')] == ["0:bass"]
    assert page.one('[name="status"] [selected]')["value"] == "released"


@pytest.mark.parametrize("names", ["", "Alice"])
def test_parts_of_imported_charts_are_no_work_of_this_week(app, as_alice, alice, names):
    def done_this_week():
        with working(app):
            figures.make(figures.ReportKind.STATS)
            counted = figures.latest_of_all()[figures.ReportKind.STATS].data["figures"]
        return {key: value for key, value, _ in counted}["parts_this_week"]

    as_alice.post("/settings/profile", charter_names=names)
    before = done_this_week()
    report = send_full_band(as_alice).location
    as_alice.post(f"{report}/confirm", song="0", part=["drums", "bass"])
    assert done_this_week() == before
    song = songs(app, alice)["One"]
    as_alice.post(f"/songs/{song.id}/parts/guitar", state="done")
    assert done_this_week() == before + 1


def test_importing_charts_earns_one_summary_and_can_be_undone(app, as_alice, alice, reported):
    as_alice.post(f"{reported}/confirm", song="0", part="drums")
    page = as_alice.follow()
    assert page.toasts() in ([], ["summary"])
    number = as_alice.get("/imports/").one(".table--imports a")["href"].rsplit("/", 1)[1]
    as_alice.post(f"/imports/{number}/undo")
    assert songs(app, alice) == {}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "song"),
        ({"song": "1"}, "song"),
        ({"song": "x"}, "song"),
        ({"song": "0", "part": "kazoo"}, "part"),
        ({"song": "0", "part": "9" * 50 + ":drums"}, "song"),
        ({"song": "0", "status": "lost"}, "status"),
    ],
)
def test_what_cannot_be_confirmed_is_refused(app, as_alice, alice, reported, fields, field):
    answer = as_alice.post(f"{reported}/confirm", **fields)
    assert answer.status == 422
    assert songs(app, alice) == {}


def test_a_song_without_names_needs_them(app, as_alice, alice):
    report = send(as_alice, ("notes.mid", charts.full_band())).headers["Location"]
    assert as_alice.post(f"{report}/confirm", song="0").status == 422
    names = {"title:0": "One", "artist:0": "Metallica"}
    assert as_alice.post(f"{report}/confirm", song="0", **names).status == 303
    assert "One" in songs(app, alice)


def test_chart_files_are_in_the_navigation_among_the_imports(as_alice, reported):
    for address in ("/imports/charts", reported):
        assert as_alice.get(address).one(".nav a[aria-current=page]")["href"] == "/imports/"


@pytest.mark.parametrize("files", [[], [("song.txt", b"x")], [("a.zip", b"no zip")]])
def test_an_upload_without_songs_is_refused(app, as_alice, files):
    answer = send(as_alice, *files)
    assert answer.status == 422
    assert answer.one("#files-error")


def test_no_transaction_is_open_while_files_are_read(app, as_alice, monkeypatch):
    open_meanwhile = []

    def read(found):
        open_meanwhile.append(db.session().in_transaction())
        return report_on(found)

    monkeypatch.setattr(scans, "report_on", read)
    assert send_full_band(as_alice).status == 303
    assert open_meanwhile == [False]


def test_files_of_visitors_are_not_read(app, monkeypatch):
    monkeypatch.setattr(scans, "report_on", None)
    assert send_full_band(Browser(app)).status in {303, 400}


def test_many_songs_are_read_by_a_job(make_app, app, alice):
    app = make_app(JOBS="worker")
    browser = Browser(app)
    browser.enter(alice)
    report = send(browser, ("library.zip", charts.library(25))).headers["Location"]
    assert "0 of 25 songs read" in browser.get(report).text
    assert browser.post(f"{report}/confirm", song="0").status == 422
    assert app.extensions["trackflow.jobs"].run_due()
    page = browser.get(report, page=2)
    assert len(page.all("[data-song]")) == 5
    browser.post(f"{report}/confirm", everything="1")
    assert len(browser.get("/songs/", status="wip").all("#song-rows > li")) == 25


def test_an_upload_that_kills_workers_fails_eventually(make_app, clock, alice):
    app = make_app(JOBS="worker")
    browser = Browser(app)
    browser.enter(alice)
    address = send(browser, ("library.zip", charts.library(25))).headers["Location"]
    (scan_id,) = (int(part) for part in address.split("/") if part.isdecimal())
    for _ in range(MOST_ATTEMPTS):
        with working(app):
            assert actions.count_attempt(scan_id)
    with working(app):
        assert not actions.count_attempt(scan_id)
    assert browser.get(address).one("#charts").get("hx-trigger")  # the last one may still read
    clock.move(minutes=10)
    assert browser.get(address).one("#charts").get("hx-trigger") is None
    assert "25 songs couldn't be read" in browser.last.text
    assert browser.api("GET", f"/api/imports/charts/{scan_id}").json["state"] == "failed"


def test_an_upload_is_its_users_alone(as_alice, as_bob, reported):
    assert as_bob.get(reported).status == 404
    assert as_bob.post(f"{reported}/confirm", song="0").status == 404


def test_only_the_latest_uploads_are_kept(app, as_alice, alice):
    for _ in range(7):
        send(as_alice, ("notes.mid", charts.full_band()))
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(ChartScan)) == 5


def test_the_report_tells_when_an_upload_has_more_songs_than_are_read(as_alice, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_SONGS", 2)
    monkeypatch.setattr(rules, "MOST_SONGS", 2)
    told = "Only the first 2 songs"
    for number in (1, 3):
        report = send(as_alice, ("a.zip", charts.library(number))).location
        assert (told in as_alice.get(report).text) is (number > 2)
