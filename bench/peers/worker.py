"""A program that runs measured operations on request: one JSON document per line, in and out."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Protocol

from bench.peers.workload import Song, Workload, one_more, songs_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

NOT_COUNTED = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "PRAGMA", "--")


class Program(Protocol):
    """Songs and achievements in one SQLite file, maintained with one library."""

    def connection(self) -> sqlite3.Connection:
        """Return the driver connection that all statements use."""

    def add_user(self, user_id: int, songs: Sequence[Song]) -> None:
        """Insert a user and their songs directly; award nothing."""

    def act(self, user_id: int, song: Song, *, checked: bool) -> None:
        """Add one song in its own transaction; with achievements if `checked`."""

    def recheck(self, user_ids: Sequence[int]) -> None:
        """Grant the due awards of these users, in one transaction."""

    def awards(self, user_ids: Sequence[int]) -> list[tuple[int, str]]:
        """Return pairs of user id and code of an award."""

    def progress(self, user_id: int) -> list[tuple[str, int, int, bool]]:
        """Return the code, counter, threshold and whether it is earned, for each achievement."""


def serve(make: Callable[[Workload], Program]) -> None:
    """Read the workload, then execute the request of each line until the input ends."""
    desk = Desk(make(Workload.from_json(json.loads(sys.stdin.readline()))))
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        answer = getattr(desk, f"do_{asked.pop('do')}")(**asked)
        print(json.dumps(answer), flush=True)


class Desk:
    """The requests a program executes; times are in seconds.

    They are CPU time, which other load on the machine does not change. Where commits wait for the
    disk, wall time is measured instead.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.numbers = count()
        self.now = time.process_time

    def do_add(self, users: list[int], songs: int) -> dict[str, object]:
        """Add these users with this number of songs each."""
        for user_id in users:
            self.program.add_user(user_id, list(songs_of(user_id, songs)))
        return {"users": len(users)}

    def do_synchronous(self, to: str) -> dict[str, object]:
        """Set `synchronous` of SQLite to NORMAL or FULL, in WAL mode."""
        self.now = time.perf_counter if to == "FULL" else time.process_time
        connection = self.program.connection()
        connection.execute(f"PRAGMA synchronous={to}")
        return {
            "journal": connection.execute("PRAGMA journal_mode").fetchone()[0],
            "synchronous": connection.execute("PRAGMA synchronous").fetchone()[0],
        }

    def do_act(self, users: list[int], times: int) -> dict[str, object]:
        """Run actions of the first user with achievements and of the second without, in turns."""
        seconds: tuple[list[float], list[float]] = ([], [])
        for turn in range(times):
            for which in (0, 1) if turn % 2 else (1, 0):
                song = one_more(next(self.numbers))
                start = self.now()
                self.program.act(users[which], song, checked=not which)
                seconds[which].append(self.now() - start)
        return {"checked": seconds[0], "bare": seconds[1]}

    def do_statements(self, users: list[int]) -> dict[str, object]:
        """Return the number of SQL statements of one action of each user."""
        counts = []
        for which in (0, 1):
            with self._counting() as seen:
                self.program.act(users[which], one_more(next(self.numbers)), checked=not which)
            counts.append(len(seen))
        return {"checked": counts[0], "bare": counts[1]}

    def do_recheck(self, users: list[int]) -> dict[str, object]:
        """Recheck these users; return the seconds."""
        start = time.process_time()
        self.program.recheck(users)
        return {"seconds": time.process_time() - start}

    def do_awards(self, users: list[int]) -> dict[str, object]:
        """Return all awards of these users."""
        return {"awards": sorted(self.program.awards(users))}

    def do_progress(self, user: int, times: int) -> dict[str, object]:
        """Load the data of a page this many times; return the seconds."""
        seconds, shown = [], 0
        for _ in range(times):
            start = time.process_time()
            shown = len(self.program.progress(user))
            seconds.append(time.process_time() - start)
        return {"seconds": seconds, "shown": shown}

    @contextmanager
    def _counting(self) -> Iterator[list[str]]:
        seen: list[str] = []

        def note(statement: str) -> None:
            if not statement.lstrip().upper().startswith(NOT_COUNTED):
                seen.append(statement)

        connection = self.program.connection()
        connection.set_trace_callback(note)
        try:
            yield seen
        finally:
            connection.set_trace_callback(None)
