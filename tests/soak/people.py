"""People who use the site for a while: they register, do what people do, and delete their account.

As many leave as come, so the data of the site stays within bounds.
"""

from __future__ import annotations

import io
import itertools
import json
import random
import threading
import time
from contextlib import suppress
from http.client import HTTPException
from typing import TYPE_CHECKING

from PIL import Image

from tests.soak.browser import Answer, Broken, Browser, File
from trackflow_web.domain.authoring.rules import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SEE_OTHER = 303
PASSWORD = "a long password of the soak"
# Actions until somebody leaves, at least and at most.
LIFETIME = (60, 140)
SONGS_IN_AN_IMPORT = 20
# One account in so many has a webhook.
WITH_WEBHOOK = 4
PAGES = (
    "/", "/songs/", "/songs/?status=wip", "/community/", "/community/feed",
    "/community/leaderboard", "/community/releases", "/community/people", "/community/stats",
    "/achievements/", "/achievements/me", "/stats", "/stats/gaps", "/notifications/", "/packs/",
    "/series/", "/features/", "/seasons/", "/settings/profile", "/settings/privacy",
    "/static/js/toasts.js",
)  # fmt: skip
API = (
    "/api/songs/?limit=50", "/api/notifications/", "/api/community/feed", "/api/community/releases",
    "/api/community/leaderboard", "/api/achievements/me/progress", "/api/settings/profile",
)  # fmt: skip
# Other responses are listed at the end, with what was asked for.
FINE = frozenset({200, 201, 202, 204, 302, 303, 304})

_numbers = itertools.count(1)


class Person:
    """Somebody, from registering to leaving; one action at a time."""

    def __init__(self, port: int, town: Town) -> None:
        self.town = town
        number = next(_numbers)
        self.name = f"soak-{number}"
        self.browser = Browser(port, address=f"198.18.{number // 250 % 250}.{number % 250 + 1}")
        self.left = random.randint(*LIFETIME)
        # What they do first, and again if the site was busy (503).
        self.to_do = [Person.register, Person.open_profile]
        self.is_gone = False
        self.doing = ""
        self.is_busy = threading.Lock()
        self.songs: list[dict[str, object]] = []
        self.titles = itertools.count(1)

    def act(self) -> Iterator[Answer]:
        """Do one thing; yield each response. Raises Broken."""
        if self.to_do:
            action = self.to_do[0]
        elif self.left <= 0:
            action = Person.leave
        else:
            (action,) = random.choices(ACTIONS, WEIGHTS)
        self.left -= 1
        self.doing = action.__name__
        yield from action(self)

    def register(self) -> Iterator[Answer]:
        yield self.browser.get("/register")
        yield from self._until_done(
            self.browser.post(
                "/register",
                username=self.name,
                email=f"{self.name}@example.org",
                password=PASSWORD,
                timezone="Europe/Berlin",
            )
        )

    def open_profile(self) -> Iterator[Answer]:
        yield self.browser.get("/settings/privacy")
        yield from self._until_done(self.browser.post("/settings/privacy", profile="everyone"))
        if self.town.receiver and random.randrange(WITH_WEBHOOK) == 0:
            yield self.browser.post(
                "/settings/webhooks",
                url=f"{self.town.receiver}/{self.name}",
                kind="standard",
                events=["song.released", "achievement.unlocked"],
            )

    def _until_done(self, answer: Answer) -> Iterator[Answer]:
        if answer.status == SEE_OTHER:
            self.to_do.pop(0)
        yield answer

    def leave(self) -> Iterator[Answer]:
        yield self.browser.get("/settings/privacy/delete")
        answer = self.browser.post(
            "/settings/privacy/delete", username=self.name, password=PASSWORD
        )
        yield answer
        if answer.status == SEE_OTHER:
            self.is_gone = True
            self.town.replace(self)

    # --- what people do ------------------------------------------------------------------------

    def browse(self) -> Iterator[Answer]:
        yield self.browser.get(random.choice(PAGES))

    def ask_the_api(self) -> Iterator[Answer]:
        yield self.browser.get(random.choice(API))

    def poll(self) -> Iterator[Answer]:
        """The bell."""
        yield self.browser.get("/notifications/unread-count")
        if random.random() < 0.2:
            yield self.browser.get("/notifications/panel")
            yield self.browser.post("/notifications/read-all")

    def add(self) -> Iterator[Answer]:
        number = next(self.titles)
        yield self.browser.post(
            "/songs/",
            title=f"Song {number} of {self.name}",
            artist=f"Artist {random.randrange(40)}",
            album=f"Album {random.randrange(200)}",
            year=random.randint(1960, 2025),
        )

    def move(self) -> Iterator[Answer]:
        """Move a song to its next status."""
        yield from self._look_up()
        if waiting := [song for song in self.songs if song["status"] != "released"]:
            song = random.choice(waiting)
            status = "wip" if song["status"] == "future" else "released"
            yield self.browser.post(f"/songs/{song['id']}/status", status=status)

    def work(self) -> Iterator[Answer]:
        """Do a part of a song."""
        yield from self._look_up()
        if self.songs:
            song, part = random.choice(self.songs), random.choice(list(Part))
            yield self.browser.get(f"/songs/{song['id']}")
            yield self.browser.post(f"/songs/{song['id']}/parts/{part}", state="done")

    def delete_a_song(self) -> Iterator[Answer]:
        yield from self._look_up()
        if self.songs:
            yield self.browser.post(f"/songs/{random.choice(self.songs)['id']}/delete")

    def _look_up(self) -> Iterator[Answer]:
        answer = self.browser.get("/api/songs/?limit=50")
        if answer.status == 200:
            self.songs = json.loads(answer.body)["items"]
        yield answer

    def import_a_file(self) -> Iterator[Answer]:
        number = next(self.titles)
        rows = [
            f"Import {number} {row},Artist {random.randrange(40)},Album,{1960 + row}"
            for row in range(SONGS_IN_AN_IMPORT)
        ]
        content = "\n".join(["title,artist,album,year", *rows]).encode()
        answer = self.browser.post(
            "/imports/", file=File("songs.csv", content), name="Soak", status="future", start="1"
        )
        yield answer
        if "/imports/" in answer.location:
            yield self.browser.get("/imports/" + answer.location.partition("/imports/")[2])

    def follow(self) -> Iterator[Answer]:
        other = self.town.somebody()
        yield self.browser.get(f"/users/{other.name}")
        wanted = "1" if random.random() < 0.8 else "0"
        if other is not self:
            yield self.browser.post(f"/users/{other.name}/follow", set=wanted)

    def talk(self) -> Iterator[Answer]:
        """React to a release and comment on it."""
        found = self.browser.get("/api/community/releases?limit=20")
        yield found
        releases = json.loads(found.body)["items"] if found.status == 200 else []
        if not releases:
            return
        release_id = random.choice(releases)["id"]
        yield self.browser.get(f"/releases/{release_id}")
        fields = {"subject": "release", "id": release_id, "kind": "banger"}
        if not any(song["id"] == release_id for song in self.songs):
            yield self.browser.post("/reactions", **fields)
        text = f"Number {next(self.titles)}, says {self.name}: this is worth more than a word."
        yield self.browser.post(f"/comments/release/{release_id}", body=text)

    def upload(self) -> Iterator[Answer]:
        """Upload a picture."""
        colour = (random.randrange(256), random.randrange(256), random.randrange(256))
        target = io.BytesIO()
        Image.new("RGB", (64, 64), colour).save(target, "PNG")
        picture = File("face.png", target.getvalue())
        yield self.browser.post("/settings/profile", avatar=picture)

    def read_feeds(self) -> Iterator[Answer]:
        """As programs do, without a cookie."""
        other, program = self.town.somebody(), Browser(self.browser.port, self.browser.address)
        paths = (f"/users/{other.name}/feed.atom", f"/users/{other.name}/badge.svg")
        yield program.get(random.choice((*paths, f"/users/{other.name}/shield.json")))

    def visit(self) -> Iterator[Answer]:
        """As a visitor without an account."""
        visitor = Browser(self.browser.port, self.browser.address)
        yield visitor.get(random.choice(("/", f"/users/{self.town.somebody().name}", "/login")))

    def sign_in_again(self) -> Iterator[Answer]:
        self.to_do.append(Person.sign_in)
        yield self.browser.post("/logout")
        yield from self.sign_in()

    def sign_in(self) -> Iterator[Answer]:
        yield self.browser.get("/login")
        yield from self._until_done(
            self.browser.post("/login", username=self.name, password=PASSWORD)
        )
        yield self.browser.get("/settings/profile")

    def export(self) -> Iterator[Answer]:
        yield self.browser.get("/settings/privacy/export")


MIX: dict[Callable[[Person], Iterator[Answer]], int] = {
    Person.browse: 340,
    Person.ask_the_api: 100,
    Person.poll: 120,
    Person.add: 90,
    Person.move: 80,
    Person.work: 70,
    Person.delete_a_song: 10,
    Person.import_a_file: 8,
    Person.follow: 30,
    Person.talk: 40,
    Person.upload: 6,
    Person.read_feeds: 60,
    Person.visit: 30,
    Person.sign_in_again: 8,
    Person.export: 3,
}
ACTIONS, WEIGHTS = list(MIX), list(MIX.values())


class Town:
    """As many people as there are at a time."""

    def __init__(self, port: int, count: int, receiver: str = "") -> None:
        self.port = port
        self.receiver = receiver
        self.people = [Person(port, self) for _ in range(count)]
        self.left = 0
        for person in self.people:  # they have come one after the other
            person.left = random.randint(1, person.left)

    def somebody(self) -> Person:
        """Anybody with a profile to visit, busy or not; anybody at all if nobody has one."""
        return random.choice([each for each in self.people if not each.to_do] or self.people)

    def replace(self, person: Person) -> None:
        """Somebody has left, and another one comes."""
        self.people[self.people.index(person)] = Person(self.port, self)
        self.left += 1


def listen(town: Town, stop: threading.Event, seconds: tuple[float, float] = (10, 40)) -> int:
    """Hold event streams open, one after the other, each for some time; return how many."""
    opened = 0
    while not stop.is_set():
        person = town.somebody()
        until = time.monotonic() + random.uniform(*seconds)
        if person.to_do:
            stop.wait(1)
            continue
        with suppress(OSError, HTTPException, Broken):
            connection = person.browser.open("/notifications/stream", timeout=2)
            try:
                opened += _read(connection.getresponse(), until, stop)
            finally:
                connection.close()
        stop.wait(0.5)
    return opened


def _read(response: object, until: float, stop: threading.Event) -> int:
    if response.status != 200:
        return 0
    while time.monotonic() < until and not stop.is_set():
        try:
            if not response.readline():
                break
        except TimeoutError:
            break
    return 1
