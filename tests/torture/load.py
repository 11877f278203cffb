"""Users at work: each adds and moves songs, loads pages, and retries after failures."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from tests.support.wire import Broken
from tests.torture.journal import BUSY, NO_ANSWER, Journal, Tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.support.wire import Answer, Visitor

CLIENTS = 6
SONGS_EACH = 6
# Seconds before a retry, and for which a user keeps retrying.
BEFORE_TRYING_AGAIN = 0.03
HAVE_IT = 422
# While the whole service is down, as long until they look again whether it is up.
OUTAGE = 5.0
# People comment, react and follow here as fast as they can, and followers are told of at once.
TALKATIVE = {
    "LIMIT_COMMENTS": "1000/1 second",
    "LIMIT_REACTIONS": "1000/1 second",
    "LIMIT_FOLLOWS": "1000000/1 hour",
    "NEWCOMER_DAYS": "0",
}
GOOD = range(200, 400)

Ask = Callable[[], "Answer"]


class Actor:
    """One user, with a journal of acknowledged actions."""

    def __init__(
        self,
        visitor: Visitor,
        tally: Tally,
        stop: threading.Event,
        is_up: threading.Event | None = None,
    ) -> None:
        self.visitor = visitor
        self.journal = Journal(visitor)
        self.tally = tally
        self.stop = stop
        self.is_up = is_up

    def live(self, followed: Visitor | None = None) -> None:
        """Follow, add some songs, move each through its statuses, load pages in between."""
        if followed:
            self.follow(followed)
        for number in range(SONGS_EACH):
            self.add(f"Song {number}", htmx=bool(random.getrandbits(1)))
            self.look()
        for status in ("wip", "released"):
            for song_id, title in self.songs():
                self.move(song_id, title, status, htmx=bool(random.getrandbits(1)))
                if random.random() < 0.3:
                    self.look()
                if status == "released":
                    self.comment(song_id, f"About {title}.")
        self.react()

    def add(self, title: str, *, htmx: bool) -> None:
        """Add a song. An error that it exists means that an earlier response was lost."""
        fields = {"title": title, "artist": f"Artist of {title}", "year": 1950 + 3 * len(title)}
        answer = self.insist(lambda: self.visitor.post("/songs/", htmx=htmx, **fields))
        if answer is None:
            return
        if self.accept(answer, also=HAVE_IT):
            self.journal.songs[title] = "future"

    def move(self, song_id: int, title: str, status: str, *, htmx: bool) -> None:
        """Move a song; until that is acknowledged its status is unknown."""
        self.journal.songs[title] = None
        path = f"/songs/{song_id}/status"
        answer = self.insist(lambda: self.visitor.post(path, htmx=htmx, status=status))
        if answer is not None and self.accept(answer):
            self.journal.songs[title] = status

    def follow(self, other: Visitor) -> None:
        """Follow a user."""
        path = f"/users/{other.username}/follow"
        answer = self.insist(lambda: self.visitor.post(path, set="1"))
        if answer is not None and self.accept(answer):
            self.journal.follows.add(other.user_id)

    def comment(self, song_id: int, body: str) -> None:
        """Comment on a release. An error that it was just said means that a response was lost."""
        path = f"/comments/release/{song_id}"
        answer = self.insist(lambda: self.visitor.post(path, body=body))
        if answer is not None and self.accept(answer, also=HAVE_IT):
            self.journal.comments.add(body)

    def react(self) -> None:
        """React to some releases of others, and comment on one."""
        answer = self.insist(lambda: self.visitor.get("/api/community/releases?limit=10"))
        if answer is None or not self.accept(answer, wrote=False):
            return
        mine = {song_id for song_id, _ in self.songs()}
        others = {item["id"] for item in json.loads(answer.text)["items"]} - mine
        for song_id in others:
            fields = {"subject": "release", "id": song_id, "kind": "banger"}
            answer = self.insist(lambda fields=fields: self.visitor.post("/reactions", **fields))
            if answer is not None and self.accept(answer):
                self.journal.reactions.add(song_id)
        for song_id in sorted(others)[-1:]:
            self.comment(song_id, f"Thank you for {song_id}.")

    def look(self, path: str = "/songs/") -> None:
        """Load a page, which shows pending toasts."""
        answer = self.insist(lambda: self.visitor.get(path))
        if answer is not None:
            self.accept(answer, wrote=False)

    def songs(self) -> list[tuple[int, str]]:
        """Ids and titles of all songs, which must include the acknowledged ones."""
        answer = self.insist(lambda: self.visitor.get("/api/songs/?limit=100"))
        if answer is None or not self.accept(answer, wrote=False):
            return []
        found = [(item["id"], item["title"]) for item in json.loads(answer.text)["items"]]
        if missing := self.journal.songs.keys() - {title for _, title in found}:
            self.tally.note(answer.status, strange=f"acknowledged and not listed: {missing}")
        return found

    def insist(self, ask: Ask) -> Answer | None:
        """Ask until a response comes that is not "busy"; None when the time is up before."""
        while not self.stop.is_set():
            answer = self.once(ask)
            if answer is not None and answer.status != BUSY:
                return answer
            if self.is_up:
                self.is_up.wait(OUTAGE)
            time.sleep(BEFORE_TRYING_AGAIN * random.uniform(0.5, 2))
        return None

    def once(self, ask: Ask) -> Answer | None:
        """Ask once; None when no whole answer came."""
        try:
            answer = ask()
        except Broken:
            self.tally.note(NO_ANSWER)
            return None
        if answer.status == BUSY:
            self.tally.note(BUSY)
        return answer

    def accept(self, answer: Answer, *, also: int = 200, wrote: bool = True) -> bool:
        """Count a response and keep what it announces; return whether it says that it was done."""
        fine = answer.status in GOOD or answer.status == also
        strange = "" if fine else f"{answer.status}: {answer.text[-300:]}"
        self.tally.note(answer.status, wrote=wrote and fine, strange=strange)
        self.journal.note_toasts(answer)
        return fine


class Crowd:
    """Concurrent users at work; `more` returns the next ones, who have done nothing yet.

    All of them follow one user, who does nothing.
    """

    def __init__(
        self, more: Callable[[], Sequence[Visitor]], followed: Visitor | None = None
    ) -> None:
        self.tally = Tally()
        self.journals: list[Journal] = []
        # Cleared while the whole service is down.
        self.is_up = threading.Event()
        self.is_up.set()
        self._more = more
        self._followed = followed
        self._waiting = iter(more())
        self._stop = threading.Event()
        self._lock = threading.Lock()

    @contextmanager
    def at_work(self, clients: int = CLIENTS) -> Iterator[None]:
        """Run them until the block ends."""
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _work(self) -> None:
        while not self._stop.is_set():
            if visitor := self._next():
                actor = Actor(visitor, self.tally, self._stop, self.is_up)
                self.journals.append(actor.journal)
                try:
                    actor.live(self._followed)
                except Exception as broken:  # noqa: BLE001 -- nobody else would hear of it
                    self.tally.note(200, strange=f"a client gave up: {broken!r}")

    def _next(self) -> Visitor | None:
        with self._lock:
            if visitor := next(self._waiting, None):
                return visitor
            # They are made past the site, in a database that may be away just now.
            with suppress(SQLAlchemyError):
                self._waiting = iter(self._more())
        return None
