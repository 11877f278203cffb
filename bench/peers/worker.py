"""A program that does on request what is measured: one JSON document a line, in and out."""

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
    """Songs and achievements in one SQLite file, kept by the means of one library."""

    def connection(self) -> sqlite3.Connection:
        """The driver's connection that everything goes through."""

    def add_user(self, user_id: int, songs: Sequence[Song]) -> None:
        """Write a user with their songs straight into the tables; awards nothing."""

    def act(self, user_id: int, song: Song, *, checked: bool) -> None:
        """Keep one song more in a transaction of its own; `checked`, with the achievements."""

    def recheck(self, user_ids: Sequence[int]) -> None:
        """Award what is due to these users, in one transaction."""

    def awards(self, user_ids: Sequence[int]) -> list[tuple[int, str]]:
        """Who has which achievement, by its code."""

    def progress(self, user_id: int) -> list[tuple[str, int, int, bool]]:
        """Each achievement as a page shows it: code, how many so far, of how many, whether held."""


def serve(make: Callable[[Workload], Program]) -> None:
    """Read the workload, then do what each line asks for until there is none."""
    desk = Desk(make(Workload.from_json(json.loads(sys.stdin.readline()))))
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        answer = getattr(desk, f"do_{asked.pop('do')}")(**asked)
        print(json.dumps(answer), flush=True)


class Desk:
    """What can be asked of a program; times are in seconds.

    They are the processor's: whoever else is busy on the machine does not change them. Only where
    commits wait for the disk it is the time that passes.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.numbers = count()
        self.now = time.process_time

    def do_add(self, users: list[int], songs: int) -> dict[str, object]:
        """Add these users, each with so many songs."""
        for user_id in users:
            self.program.add_user(user_id, list(songs_of(user_id, songs)))
        return {"users": len(users)}

    def do_synchronous(self, to: str) -> dict[str, object]:
        """Let SQLite write commits so from now on: NORMAL or FULL, in WAL mode."""
        self.now = time.perf_counter if to == "FULL" else time.process_time
        connection = self.program.connection()
        connection.execute(f"PRAGMA synchronous={to}")
        return {
            "journal": connection.execute("PRAGMA journal_mode").fetchone()[0],
            "synchronous": connection.execute("PRAGMA synchronous").fetchone()[0],
        }

    def do_act(self, users: list[int], times: int) -> dict[str, object]:
        """Let the first user act with the achievements and the second without, in turns."""
        seconds: tuple[list[float], list[float]] = ([], [])
        for turn in range(times):
            for which in (0, 1) if turn % 2 else (1, 0):
                song = one_more(next(self.numbers))
                start = self.now()
                self.program.act(users[which], song, checked=not which)
                seconds[which].append(self.now() - start)
        return {"checked": seconds[0], "bare": seconds[1]}

    def do_statements(self, users: list[int]) -> dict[str, object]:
        """Count what SQLite is given to do for one action of each user."""
        counts = []
        for which in (0, 1):
            with self._counting() as seen:
                self.program.act(users[which], one_more(next(self.numbers)), checked=not which)
            counts.append(len(seen))
        return {"checked": counts[0], "bare": counts[1]}

    def do_recheck(self, users: list[int]) -> dict[str, object]:
        """Award these users what is due."""
        start = time.process_time()
        self.program.recheck(users)
        return {"seconds": time.process_time() - start}

    def do_awards(self, users: list[int]) -> dict[str, object]:
        """Tell who has what."""
        return {"awards": sorted(self.program.awards(users))}

    def do_progress(self, user: int, times: int) -> dict[str, object]:
        """Put the data of a page together so often."""
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
