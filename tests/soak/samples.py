"""What the site uses, every few seconds: memory, files, threads, connections, files on disk."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from tests.soak.browser import Broken, Browser

if TYPE_CHECKING:
    from tests.soak.load import Tally
    from tests.soak.site import Site

PERCENTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
_MEMORY = re.compile(r"^(Rss|Pss):\s+(\d+) kB$", re.MULTILINE)
_THREADS = re.compile(r"^Threads:\s+(\d+)$", re.MULTILINE)
_MEGABYTE = 1024 * 1024
_DEAD = "SELECT coalesce(sum(n_dead_tup), 0) FROM pg_stat_user_tables"
_CONNECTIONS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = 'trackflow' AND pid <> pg_backend_pid()"
)
_WAL = "SELECT coalesce(sum(size), 0) FROM pg_ls_waldir()"
_SIZE = "SELECT pg_database_size('trackflow')"


class Sampler:
    """Takes samples of a site."""

    def __init__(self, site: Site, tally: Tally) -> None:
        self.site = site
        self.tally = tally

    def take(self) -> dict[str, float]:
        """Return the values by name; memory and sizes in megabytes."""
        web = family(self.site.web.pid)
        jobs = family(self.site.jobs.pid)
        found: dict[str, float] = {
            **_of_processes("web", web),
            **_of_processes("jobs", jobs),
            **self._of_database([*web, *jobs]),
            "job queue MB": _size_of(self.site.folder.rglob("*.jobs*")),
            "temporary files": float(sum(1 for _ in self._temporary())),
            "metrics MB": _size_of((self.site.folder / "metrics").iterdir()),
            **self._of_responses(),
        }
        self._scrape()
        return found

    def _temporary(self) -> Iterable[Path]:
        return (path for path in (self.site.folder / "temporary").rglob("*") if path.is_file())

    def _scrape(self) -> None:
        """As Prometheus does."""
        token = f"Bearer {self.site.metrics_token}"
        with suppress(Broken):
            answer = Browser(self.site.port).get("/metrics", Authorization=token)
            self.tally.note(answer.status, 0.0, "metrics")

    def _of_responses(self) -> dict[str, float]:
        seconds = self.tally.recent()
        return {
            "responses": float(len(seconds)),
            **{name: percentile(seconds, share) for name, share in PERCENTILES.items()},
        }

    def _of_database(self, processes: Sequence[int]) -> dict[str, float]:
        server = self.site.server
        if server is None:
            return _of_sqlite(Path(self.site.url.removeprefix("sqlite:///")), processes)
        found = _of_processes("postgresql", family(server.process.pid))
        with psycopg.connect(self.site.url) as connection:
            for name, statement, unit in (
                ("connections", _CONNECTIONS, 1),
                ("WAL MB", _WAL, _MEGABYTE),
                ("database MB", _SIZE, _MEGABYTE),
                ("dead tuples", _DEAD, 1),
            ):
                (value,) = connection.execute(statement).fetchone() or (0,)
                found[name] = float(value) / unit
        return found


def family(root: int) -> list[int]:
    """Return a process and all that descend from it."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        with suppress(OSError):
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
            waiting += [int(word) for word in children.split()]
            found.append(pid)
    return found


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which this share of them is; 0 without any."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def _of_processes(name: str, pids: Iterable[int]) -> dict[str, float]:
    rss = pss = threads = files = 0
    for pid in pids:
        with suppress(OSError):
            memory = dict(_MEMORY.findall(Path(f"/proc/{pid}/smaps_rollup").read_text()))
            rss, pss = rss + int(memory["Rss"]), pss + int(memory["Pss"])
            status = _THREADS.search(Path(f"/proc/{pid}/status").read_text())
            threads += int(status[1]) if status else 0
            files += sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return {
        f"{name} PSS MB": pss / 1024,
        f"{name} RSS MB": rss / 1024,
        f"{name} threads": float(threads),
        f"{name} files": float(files),
    }


def _of_sqlite(file: Path, processes: Iterable[int]) -> dict[str, float]:
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    connection.close()
    return {
        "connections": float(sum(_opened(pid, file) for pid in processes)),
        "WAL MB": _size_of([Path(f"{file}-wal")]),
        "database MB": _size_of([file]),
        "free pages": float(free),
    }


def _opened(pid: int, file: Path) -> int:
    """How often a process has a file open."""
    count = 0
    with suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                count += descriptor.readlink() == file
    return count


def _size_of(paths: Iterable[Path]) -> float:
    size = 0
    for path in paths:
        with suppress(OSError):
            size += path.stat().st_size
    return size / _MEGABYTE
