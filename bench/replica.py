"""Pages that may lag, read from the primary alone and with a replica: what is left to the primary.

A primary and a streaming standby, gunicorn, and clients that request the pages of `PAGES` in turn,
as visitors and signed in, beside one that moves songs. Everything shares the processors of one
machine, so pages per second say little: the figures that hold elsewhere are the CPU time and the
statements that a page costs the primary. Neither server syncs to disk.
"""

from __future__ import annotations

import itertools
import re
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import psutil
import sqlalchemy as sa

from bench import crowd, load
from bench.site import SECRET, Site, Visitor
from tests.support.postgresql import Server, Standby
from trackflow_web import composition, create_app
from trackflow_web.domain.people.models import Audience, User
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel.database import db
from trackflow_web.web.replica import REPLICA

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flask import Flask

DOCUMENT = Path(__file__).parents[1] / "docs" / "scaling.md"
PEOPLE, ENTRIES = 2_000, 20_000
ROUNDS, SECONDS = 3, 8.0
# Of the client that moves songs: seconds between two moves.
PAUSE = 0.2
LEADERBOARD = "/community/leaderboard?kind=releases&period=all&view=top"
TOKEN = "a token for metrics"  # noqa: S105 -- of a server thrown away
ANSWERED = re.compile(r'trackflow_replica_pages_total\{source="(\w+)"\} ([\d.]+)')
ALONE, WITH = "without a replica", "with one"
# For visitors; for members.
PAGES = (
    ("/users/crowd7", "/releases/{song}", LEADERBOARD, "/community/feed.atom"),
    (
        "/users/crowd7",
        "/releases/{song}",
        LEADERBOARD,
        "/community/feed",
        "/community/people",
        "/community/releases",
        "/community/stats",
    ),
)


@dataclass(frozen=True)
class Pair:
    """A primary, its standby, and a community in them."""

    primary: Server
    standby: Standby
    folder: Path
    cookie: str
    token: str
    song: int
    # Which the member moves.
    own_song: int

    def settings(self, which: str) -> dict[str, str]:
        """Return the environment of the application."""
        replica = self.standby.url("bench") if which == WITH else ""
        return {
            "DATABASE_URL": self.primary.url("bench"),
            "DATABASE_REPLICA_URL": replica,
            "INSTANCE_PATH": str(self.folder),
            "SECRET_KEY": SECRET,
            "PASSWORD_COST": "cheap",
            "METRICS_TOKEN": TOKEN,
        }

    def requests(self) -> list[tuple[str, str]]:
        """Return the paths with the cookies they are requested with."""
        visitors, members = ([each.format(song=self.song) for each in paths] for paths in PAGES)
        return [(path, "") for path in visitors] + [(path, self.cookie) for path in members]


@dataclass(frozen=True)
class Load:
    """What one round found: pages, and seconds of CPU time."""

    pages: int
    seconds: float
    primary: float
    standby: float
    by_source: Mapping[str, float]


def measure(*, quick: bool) -> dict[str, object]:
    """Return the figures; both ways are measured in turns."""
    people, entries = (600, 700) if quick else (PEOPLE, ENTRIES)
    rounds, seconds = (1, 1.5) if quick else (ROUNDS, SECONDS)
    with _pair(people, entries) as pair:
        statements = {which: _statements(pair, which) for which in (ALONE, WITH)}
        loads: dict[str, list[Load]] = {ALONE: [], WITH: []}
        for _ in range(rounds):
            for which, found in loads.items():
                found.append(_load(pair, which, seconds))
    return _figures(loads, statements)


def _figures(
    loads: Mapping[str, Sequence[Load]], statements: Mapping[str, Mapping[str, float]]
) -> dict[str, object]:
    def both(figure: Mapping[str, float], digits: int) -> str:
        return f"{figure[ALONE]:,.{digits}f} / {figure[WITH]:,.{digits}f}"

    primary = {which: median(e.primary / e.pages for e in each) for which, each in loads.items()}
    standby = median(each.standby / each.pages for each in loads[WITH])
    rates = {which: median(e.pages / e.seconds for e in each) for which, each in loads.items()}
    answered = sum((Counter(each.by_source) for each in loads[WITH]), Counter())
    share = answered["replica"] / max(answered.total(), 1)
    return {
        "pages per second, without / with": both(rates, 0),
        "share of the pages read from the replica": f"{share:.1%}",
        "CPU of the primary per page, ms, without / with": both(
            {which: each * 1000 for which, each in primary.items()}, 2
        ),
        "CPU of the standby per page, ms, with": f"{standby * 1000:.2f}",
        "pages per second of the primary's CPU, without / with": both(
            {which: 1 / each for which, each in primary.items()}, 0
        ),
        "the same, with / without": f"{primary[ALONE] / primary[WITH]:.2f}",
        **{
            f"statements on the primary, {who}, without / with": both(
                {which: found[who] for which, found in statements.items()}, 1
            )
            for who in ("a visitor's page", "a member's page")
        },
    }


# --- the databases -------------------------------------------------------------------------------


@contextmanager
def _pair(people: int, entries: int) -> Iterator[Pair]:
    primary = Server(replicated=True)
    try:
        primary.execute("CREATE DATABASE bench")
        with TemporaryDirectory() as folder, _application(primary.url("bench"), folder) as app:
            made = _settle(Site(app, composition.HANDLERS), people, entries)
            standby = Standby(primary)
            try:
                yield Pair(primary, standby, Path(folder), *made)
            finally:
                standby.stop()
    finally:
        primary.stop()


@contextmanager
def _application(url: str, folder: str, **more: str) -> Iterator[Flask]:
    settings = {"TESTING": True, "DATABASE_URL": url, "INSTANCE_PATH": folder, **more}
    app = create_app({**settings, "SECRET_KEY": SECRET, "PASSWORD_COST": "cheap"})
    try:
        yield app
    finally:
        app.extensions["trackflow.jobs"].close()
        if REPLICA in app.extensions:
            app.extensions[REPLICA].engine.dispose()
        with app.app_context():
            db.engine.dispose()


def _settle(site: Site, people: int, entries: int) -> tuple[str, str, int, int]:
    """Fill the database; return the cookie and token of a member, a release, and their own song."""
    for command in (["db", "upgrade"], ["achievements", "sync"]):
        result = site.app.test_cli_runner().invoke(args=command)
        assert result.exit_code == 0, result.output
    member = Visitor(site, "member")
    own_song = member.add_songs(range(1), by_way_of=("future",))[0]
    with site.working():
        crowd.add_entries(crowd.settle(people), entries)
        db.session.execute(sa.update(User).values(audience=Audience.EVERYONE))
        song = db.session.scalars(sa.select(sa.func.max(Song.id))).one()
    with site.app.app_context(), db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text("ANALYZE"))
    member.look("/songs/")  # shows pending toasts
    cookie = member.client.get_cookie("session")
    assert cookie
    return f"session={cookie.value}", member.headers["X-CSRFToken"], song, own_song


# --- statements ----------------------------------------------------------------------------------


def _statements(pair: Pair, which: str) -> dict[str, float]:
    """Return how many statements a page sends to the primary, by who requests it."""
    more = {"DATABASE_REPLICA_URL": pair.standby.url("bench")} if which == WITH else {}
    counts: dict[str, list[int]] = {"a visitor's page": [], "a member's page": []}
    with _application(pair.primary.url("bench"), str(pair.folder), **more) as app:
        if REPLICA in app.extensions:
            pair.standby.wait_until_replayed()
            app.extensions[REPLICA].probe()
        for path, cookie in pair.requests() * 2:  # the first time fills caches
            with app.app_context(), _counting(db.engine) as seen:
                client = app.test_client(use_cookies=False)
                answer = client.get(path, headers={"Cookie": cookie} if cookie else {})
            assert answer.status_code == HTTPStatus.OK, path
            counts["a member's page" if cookie else "a visitor's page"].append(len(seen))
    return {
        who: sum(each[len(each) // 2 :]) / (len(each) - len(each) // 2)
        for who, each in counts.items()
    }


@contextmanager
def _counting(engine: sa.Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


# --- load ----------------------------------------------------------------------------------------


def _load(pair: Pair, which: str, seconds: float) -> Load:
    """Send requests as fast as possible, and move a song now and then."""
    metrics = {"PROMETHEUS_MULTIPROC_DIR": str(pair.folder)} if which == WITH else {}
    for left in pair.folder.glob("*.db"):
        left.unlink()
    with (
        load.gunicorn("wsgi:app", pair.settings(which) | metrics) as port,
        ProcessPoolExecutor(load.CLIENTS + 1) as clients,
    ):
        _read(port, pair.requests(), 0.5)  # connections, caches, and the first probe
        before = _cpu(pair.primary), _cpu(pair.standby)
        begun = time.monotonic()
        moving = clients.submit(_move, port, pair.cookie, pair.token, pair.own_song, seconds)
        work = [clients.submit(_read, port, pair.requests(), seconds) for _ in range(load.CLIENTS)]
        pages = sum(each.result() for each in work)
        moving.result()
        return Load(
            pages,
            time.monotonic() - begun,
            _cpu(pair.primary) - before[0],
            _cpu(pair.standby) - before[1],
            _answered(port),
        )


def _read(port: int, requests: Sequence[tuple[str, str]], seconds: float) -> int:
    """Send the requests in turn until the time is over; return how many were answered."""
    connection = HTTPConnection("127.0.0.1", port)
    end, pages = time.monotonic() + seconds, 0
    for path, cookie in itertools.cycle(requests):
        if time.monotonic() > end:
            break
        connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == HTTPStatus.OK, (path, answer.status)
        pages += 1
    connection.close()
    return pages


def _move(port: int, cookie: str, token: str, song_id: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    headers = {"Cookie": cookie, "X-CSRFToken": token, "HX-Request": "true"}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    for status in itertools.cycle(("wip", "future")):
        if time.monotonic() > end:
            break
        connection = HTTPConnection("127.0.0.1", port)
        connection.request("POST", f"/songs/{song_id}/status", f"status={status}", headers)
        assert connection.getresponse().status == HTTPStatus.OK
        connection.close()
        time.sleep(PAUSE)


def _cpu(server: Server) -> float:
    """Return the CPU seconds that a server has used, in all its processes."""
    first = psutil.Process(server.process.pid)
    times = [first.cpu_times(), *(each.cpu_times() for each in first.children(recursive=True))]
    ended = times[0].children_user + times[0].children_system
    return float(sum(each.user + each.system for each in times) + ended)


def _answered(port: int) -> dict[str, float]:
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    text = connection.getresponse().read().decode()
    connection.close()
    return {source: float(count) for source, count in ANSWERED.findall(text)}
