"""Every achievement, earned through forms over a hundred days."""

from __future__ import annotations

import io
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.browsing import Browser
from tests.support.people import PASSWORD

if TYPE_CHECKING:
    from flask import Flask

    from tests.support.moving_clock import MovingClock

pytestmark = pytest.mark.both_databases(postgresql="stress")

# As in their URLs; this test uses no internals.
PARTS = [
    *("demucs", "midi", "tempo_map", "fake_ending", "drums", "bass", "guitar", "vocals"),
    *("harmonies", "pro_keys", "keys", "animations", "drum_fills", "overdrive", "compile"),
]
COMPLETIONIST = "completionist"
FINISHED_A_DAY = 4
DAYS = 100


@dataclass(frozen=True)
class Song:
    """A song as it is in a playlist or entered into the form."""

    title: str
    artist: str
    year: int

    @property
    def label(self) -> str:
        return f"{self.title} — {self.artist}"


# Names that occur twice, as pages show them.
SHARED_NAMES = {
    "pack_master": "Pack Master · Packs",
    "pack_legend": "Pack Legend · Packs",
    "pack_completion_master": "Pack Master · Completed packs",
    "pack_completion_legend": "Pack Legend · Completed packs",
}


@dataclass(frozen=True)
class Line:
    """One line of a receipt: what counted, where it leads, since when."""

    label: str
    url: str | None
    at: datetime


@dataclass
class Walker:
    """A user with a browser who records the expected counters of every action, and their dates."""

    app: Flask
    clock: MovingClock
    username: str
    counted: dict[str, list[Line]] = field(default_factory=lambda: defaultdict(list))
    seen: set[tuple[str, object]] = field(default_factory=set)
    ids: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.browser = Browser(self.app)
        self.browser.post(
            "/register",
            username=self.username,
            email=f"{self.username}@example.org",
            password=PASSWORD,
            timezone="UTC",
        )
        self.browser.follow()
        assert self.browser.signed_in
        self.note_the_day()

    # --- time ----------------------------------------------------------------------------------

    def note_the_day(self) -> None:
        self.counts("login_streak", self.clock().date().isoformat(), None)

    def next_day(self) -> None:
        """Move to the next noon; the first request is the visit."""
        tomorrow = self.clock() + timedelta(days=1)
        self.clock.set(tomorrow.replace(hour=12, minute=0))
        self.browser.get("/")
        self.note_the_day()

    @property
    def days(self) -> int:
        return len(self.counted["login_streak"])

    # --- what counts -----------------------------------------------------------------------------

    def counts(self, metric: str, label: str, url: str | None) -> None:
        self.counted[metric].append(Line(label, url, self.clock()))

    def counts_song(self, metric: str, song: Song) -> None:
        self.counts(metric, song.label, self.address(song))

    def counts_released(self, song: Song) -> None:
        """A release, and what is new about it."""
        self.counts_song("total_released", song)
        decade = song.year - song.year % 10
        for kind, value, label in (
            ("artists", song.artist, song.artist),
            ("years", song.year, str(song.year)),
            ("decades", decade, f"{decade}s"),
        ):
            if (kind, value) not in self.seen:
                self.seen.add((kind, value))
                self.counts(f"distinct_{kind}", label, self.address(song))

    def counts_new(self, song: Song, status: str) -> None:
        self.counts_song("total_songs", song)
        if status == "future":
            self.counts_song("total_planned", song)
        elif status == "wip":
            self.counts_song("total_started", song)
        else:
            self.counts_released(song)

    # --- actions ---------------------------------------------------------------------------------

    def does(self, path: str, **fields: object) -> str:
        """Send a form a minute later; return its redirect."""
        self.clock.move(minutes=1)
        page = self.browser.post(path, **fields)
        assert page.status == 303, f"POST {path} with {fields}: {page.text}"
        return page.location.partition("#")[0]

    def learn_ids(self) -> None:
        """Look up the ids of the user's songs."""
        cursor = None
        while True:
            query = {"cursor": cursor} if cursor else {}
            piece = self.browser.api("GET", "/api/songs/", limit=100, **query).json
            self.ids |= {(song["title"], song["artist"]): song["id"] for song in piece["items"]}
            cursor = piece["next"]
            if cursor is None:
                return

    def address(self, song: Song) -> str:
        return f"/songs/{self.ids[song.title, song.artist]}"

    def adds(self, song: Song, status: str = "future") -> None:
        fields = {"title": song.title, "artist": song.artist, "year": song.year}
        self.does("/songs/", **fields, status=status)
        self.learn_ids()
        self.counts_new(song, status)

    def imports(self, name: str, songs: list[Song], status: str) -> None:
        rows = [f"{song.title},{song.artist},,{song.year},spotify:track:1\n" for song in songs]
        content = "".join(["title,artist,album,year,Track URI\n", *rows]).encode()
        upload = (io.BytesIO(content), "playlist.csv")
        address = self.does("/imports/", file=upload, name=name, status=status, start="1")
        self.learn_ids()
        self.counts("total_spotify_imports", name, address)
        for song in songs:
            self.counts_new(song, status)

    def starts(self, song: Song) -> None:
        self.does(f"{self.address(song)}/status", status="wip")
        self.counts_song("total_started", song)

    def finishes(self, song: Song) -> None:
        self.does(f"{self.address(song)}/status", status="released")
        self.counts_song("total_finished", song)
        self.counts_released(song)

    def ticks(self, song: Song, parts: list[str], state: str = "done") -> None:
        for part in parts:
            self.does(f"{self.address(song)}/parts/{part}", state=state)

    def authors(self, song: Song) -> None:
        self.ticks(song, PARTS[:10])
        self.ticks(song, PARTS[10:], "skip")
        self.counts_song("total_authored", song)

    def packs(self, name: str) -> str:
        address = self.does("/packs/", name=name)
        self.counts("total_packs", name, address)
        return address

    def begins_album(self, album: str, artist: str, *titles: str) -> str:
        fields = {"album": album, "artist": artist, "year": "", "tracks": "\n".join(titles)}
        address = self.does("/series/", **fields)
        self.counts("total_series", f"{album} — {artist}", address)
        return address

    def asks(self, kind: str, metric: str, title: str) -> None:
        address = self.does(f"/{kind}/", title=title, description="Please.")
        self.counts(metric, title, address)

    def is_joined_by(self, song: Song, other: Walker) -> None:
        address = self.address(song)
        self.does(f"{address}/collaborators", username=other.username)
        for invitation in other.browser.api("GET", "/api/invitations/").json["items"]:
            other.does(f"/invitations/{invitation['id']}/accept")
        self.counts("total_collaborations", f"{song.title} — with {other.username}", address)
        other.counts("collaborations_joined", f"{song.title} — with {self.username}", address)

    # --- what came of it -------------------------------------------------------------------------

    def catalogue(self) -> list[dict]:
        return self.browser.api("GET", "/api/achievements/", limit=100).json["items"]

    def expected(self) -> dict[str, list[Line]]:
        """The expected lines of the receipt by code; the last one has the date."""
        catalogue = self.catalogue()
        lines = {
            each["code"]: self.counted[each["metric"]][: each["threshold"]]
            for each in catalogue
            if len(self.counted[each["metric"]]) >= each["threshold"]
            and each["code"] != COMPLETIONIST
        }
        if len(lines) == len(catalogue) - 1:
            others = [each for each in catalogue if each["code"] != COMPLETIONIST]
            others.sort(key=lambda each: (lines[each["code"]][-1].at, each["id"]))
            lines[COMPLETIONIST] = [
                Line(
                    SHARED_NAMES.get(each["code"], each["name"]),
                    f"/achievements/{each['code']}",
                    lines[each["code"]][-1].at,
                )
                for each in others
            ]
        return lines

    def receipt(self, code: str) -> list[Line]:
        """The texts on the page of an achievement."""
        page = self.browser.get(f"/achievements/{code}", receipt="all")
        lines = []
        for line in page.all(".receipt__line"):
            link, told = line.find("a"), line.find(["a", "bdi"])
            at = datetime.fromisoformat(str(line.find("time")["datetime"]))
            lines.append(Line(told.get_text(), link and str(link["href"]), at))
        return lines

    def earned(self) -> dict[str, datetime]:
        """By code the date that the grid shows."""
        page = self.browser.get("/achievements/")
        return {
            str(tile["data-achievement"]): datetime.fromisoformat(
                str(tile.select_one("time")["datetime"])
            )
            for tile in page.all('#achievement-grid [data-state="earned"]')
        }

    def assert_all_is_as_noted(self) -> None:
        expected = self.expected()
        assert self.earned() == {code: lines[-1].at for code, lines in expected.items()}
        for code, lines in expected.items():
            assert self.receipt(code) == lines, code


@pytest.fixture
def app(make_app):
    """An application where one may have fifteen ideas a day; imports are done at once."""
    return make_app(JOBS="at-once", LIMIT_FEEDBACK="1000/1 day")


def songs_of(name: str, count: int, *, first: int = 0) -> list[Song]:
    """Two of every artist, and of every year from 1500 on."""
    numbers = range(first, first + count)
    return [Song(f"{name} {n}", f"Artist {n // 2}", 1500 + n // 2) for n in numbers]


# --- one walk through the whole list -------------------------------------------------------------


def plans(alice: Walker) -> list[Song]:
    """The first ten by hand, the rest as playlists."""
    planned = songs_of("Plan", 250)
    for song in planned[:10]:
        alice.adds(song)
    for number, (start, end) in enumerate([(10, 25), (25, 50), (50, 100), (100, 250)], 1):
        alice.imports(f"Some day {number}", planned[start:end], "future")
    return planned


def work_begins(alice: Walker, planned: list[Song]) -> list[Song]:
    """250 songs in work: ten of the planned ones, and playlists."""
    for song in planned[:10]:
        alice.starts(song)
    more = songs_of("Work", 240, first=10)
    for number, (start, end) in enumerate([(0, 15), (15, 40), (40, 90), (90, 240)], 1):
        alice.imports(f"On the desk {number}", more[start:end], "wip")
    return planned[:10] + more


def brings_along(alice: Walker) -> list[Song]:
    """Songs charted elsewhere, of two artists with unfinished older songs."""
    first, second = songs_of("Old", 4), songs_of("Older", 8)
    alice.imports("Charted elsewhere", first, "released")
    alice.imports("Charted elsewhere, too", second, "released")
    return first + second


def is_helped(alice: Walker, bob: Walker, songs: list[Song]) -> None:
    for song in songs[:25]:
        alice.is_joined_by(song, bob)


def helps(alice: Walker, bob: Walker) -> None:
    theirs = [Song(f"Bob's {n}", "Bob", 2001) for n in range(25)]
    bob.imports("Bob's", theirs, "wip")
    for song in theirs:
        bob.is_joined_by(song, alice)


def says_what_is_missing(alice: Walker) -> None:
    for n in range(10):
        alice.asks("features", "total_feature_requests", f"Idea {n}")
    for n in range(5):
        alice.asks("bugs", "total_bug_reports", f"Bug {n}")


def authors_and_packs(alice: Walker, songs: list[Song]) -> None:
    """One pack waits for a song's last part, the others get songs that are ready."""
    waiting = alice.packs("Pack 0")
    alice.does(f"{waiting}/songs", song_id=alice.ids[songs[0].title, songs[0].artist])
    for song in songs[:25]:
        alice.authors(song)
        if song == songs[0]:
            alice.counts("completed_packs", "Pack 0", waiting)
        alice.next_day()
    for n in range(1, 20):
        address = alice.packs(f"Pack {n}")
        if n < 5:
            song = songs[n]
            alice.does(f"{address}/songs", song_id=alice.ids[song.title, song.artist])
            alice.counts("completed_packs", f"Pack {n}", address)


def albums_begin(alice: Walker, unfinished: list[Song], released: list[Song]) -> list[str]:
    """One album waits for its song to be released; return its URL first."""
    addresses = []
    for n, song in enumerate([unfinished[0], *released[:4]]):
        address = alice.begins_album(f"Album {n}", song.artist, song.title, "An interlude")
        alice.does(f"{address}/tracks/2", irrelevant="1")
        alice.does(f"{address}/tracks/1", song_id=alice.ids[song.title, song.artist])
        if n:
            alice.counts("completed_series", f"Album {n} — {song.artist}", address)
        addresses.append(address)
    return addresses


def finishes_it_all(alice: Walker, in_work: list[Song], waiting_album: str) -> None:
    for n, song in enumerate(in_work):
        alice.finishes(song)
        if n == 0:
            alice.counts("completed_series", f"Album 0 — {song.artist}", waiting_album)
        if n % FINISHED_A_DAY == 0:
            alice.next_day()


def test_alice_earns_every_achievement_in_a_hundred_days(app, clock):
    bob, alice = Walker(app, clock, "bob"), Walker(app, clock, "alice")

    planned = plans(alice)
    in_work = work_begins(alice, planned)
    alice.next_day()
    released = brings_along(alice)
    is_helped(alice, bob, in_work)
    helps(alice, bob)
    says_what_is_missing(alice)
    alice.next_day()
    authors_and_packs(alice, in_work)
    waiting_album = albums_begin(alice, in_work, released)[0]
    finishes_it_all(alice, in_work, waiting_album)
    assert COMPLETIONIST not in alice.earned()
    while alice.days < DAYS:
        alice.next_day()

    alice.assert_all_is_as_noted()
    assert len(alice.expected()) == 82
    assert alice.earned()[COMPLETIONIST] == clock()
    page = alice.browser.get("/achievements/me")
    assert "82 of 82 ·" in page.text
    assert page.one(".scoreboard__bar").get_text() == "100%"
    newest = [tile["data-achievement"] for tile in page.all("[data-achievement]")]
    assert newest[:2] == ["trackflow_veteran", COMPLETIONIST]
    assert alice.browser.get("/achievements/me/progress").all("progress[max]") == []
    bob.assert_all_is_as_noted()


def test_charlie_earns_every_import_achievement_by_imports_only(app, clock):
    charlie = Walker(app, clock, "charlie")
    charlie.imports("A library", songs_of("Song", 500), "released")
    charlie.next_day()
    charlie.imports("A wish list", songs_of("Wish", 250), "future")
    charlie.next_day()
    charlie.imports("A desk", songs_of("Desk", 250), "wip")
    charlie.assert_all_is_as_noted()
    assert {"library_of_legend", "legendary_status", "history_buff", "universal_listener"} <= set(
        charlie.earned()
    )
    assert {"planning_legend", "work_legend", "timeline_legend"} <= set(charlie.earned())
