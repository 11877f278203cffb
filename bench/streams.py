"""How soon a browser hears of an event, and what open event streams cost (95th percentiles).

gunicorn serves the same database twice, with fifty open streams and without streams; pages are
requested from both in turns. The browser is a Chromium; the clock of its page runs faster while
polling is measured.
"""

from __future__ import annotations

import http.client
import random
import sys
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import TYPE_CHECKING

import limits
import sqlalchemy as sa

from bench.site import DATABASES, SECRET, Visitor, site
from tests.support.charter import signed_in_client
from tests.support.gunicorn import Site as Server
from tests.support.programs import Missing, chromium
from trackflow_web.domain.people.models import User
from trackflow_web.domain.relations import actions as relations
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from playwright.sync_api import Page

    from bench.site import Site

STREAMS = 50
FIRST = 5
MORE = 10  # for the browser's own stream
SONGS = 50
WARM_UP = 100
PAGES = 600
PAGES_PER_EVENT = 25
EVENTS = 40
RESTARTS = 3
SECONDS = 30
POLLS_MS = 30_000
STEP_MS = 500
PAGE, STREAM = "/songs/", "/notifications/stream"
OFTEN = (limits.parse("1000000/1 hour"),)
VERSION = "document.getElementById('bell').dataset.version"
# When the bell in the page has changed, in milliseconds.
OBSERVE = """() => {
  new MutationObserver(() => { window.bellChangedAt = Date.now(); })
    .observe(document.getElementById('bell-place'), {childList: true});
}"""
FLAGS = ("--disable-gpu", "--no-sandbox", "--disable-background-networking")
_GOALS = {
    "event to browser by polling, seconds": "<= 35",
    "event to browser by stream, seconds": "<= 0.5",
    "page with 50 streams / none": "<= 1.1",
    "memory of a stream, kB": "<= 50",
    "restart with 50 streams / none": "<= 1.5",
    "end of 50 streams after SIGTERM, seconds": "<= 3",
}
GOALS = {
    f"{database}: {label}": goal
    for database in DATABASES.values()
    for label, goal in _GOALS.items()
}


def measure(*, quick: bool) -> dict[str, object]:
    """Return the figures on both databases."""
    figures: dict[str, object] = {}
    for kind, name in DATABASES.items():
        with site(kind=kind, live_streams=STREAMS) as made:
            figures |= {
                f"{name}: {label}": round(figure, 3)
                for label, figure in _figures(made, quick=quick).items()
            }
    return figures


def _figures(made: Site, *, quick: bool) -> dict[str, float]:
    pages, events, restarts = (10, 2, 1) if quick else (PAGES, EVENTS, RESTARTS)
    reader = Visitor(made, "reader")
    reader.add_songs(range(SONGS), by_way_of=("wip",))
    hearers = _add_users(made, "hearer", STREAMS)
    audience = _Audience(made, "reader", _add_users(made, "follower", 4 * EVENTS + PAGES))
    with _server(made, 0) as quiet, _server(made, STREAMS + MORE) as live:
        cookies = [_cookie(made, user_id) for user_id in hearers]
        cookie = _cookie(made, audience.user_id)
        for server in (quiet, live):
            _times([_asking(server, cookie)], WARM_UP)
        with _open_streams(live, cookies[:FIRST]):  # code that runs is unshared with the master
            before = _private_kb(live)
        with _open_streams(live, cookies):
            more = (_private_kb(live) - before) / (STREAMS - FIRST)
            figures = {"memory of a stream, kB": more}
            figures |= _pages(quiet, live, cookie, audience, pages)
            with _chromium() as open_page:
                polling = _polling(open_page(quiet, cookie), audience, events)
                stream = _hearing(open_page(live, cookie), audience, events)
        figures |= _restarts(quiet, live, cookies, restarts)
    return {
        "event to browser by polling, seconds": _percentile(polling),
        "event to browser by stream, seconds": _percentile(stream),
        **figures,
    }


class _Audience:
    """A user whose notifications change, at most once by each of these followers."""

    def __init__(self, made: Site, username: str, follower_ids: Sequence[int]) -> None:
        self._made = made
        self._follower_ids = iter(follower_ids)
        with made.app.app_context():
            self.user_id = db.session.scalars(
                sa.select(User.id).where(User.username == username)
            ).one()

    def tell(self) -> None:
        """Commit a notification."""
        with self._made.working():
            follower = db.session.get_one(User, next(self._follower_ids))
            user = db.session.get_one(User, self.user_id)
            relations.set_follow(follower, user, wanted=True, limits=OFTEN, newcomer_days=0)


# --- what is measured ----------------------------------------------------------------------------


def _pages(
    quiet: Server, live: Server, cookie: str, audience: _Audience, count: int
) -> dict[str, float]:
    """Compare pages of two servers, while now and then something is sent on the streams."""
    asking = [_asking(server, cookie) for server in (quiet, live)]
    times = _times(asking, count, now_and_then=audience.tell)
    without, with_streams = map(_percentile, times)
    return {"page with 50 streams / none": with_streams / without}


def _polling(page: Page, audience: _Audience, count: int) -> list[float]:
    """Return the seconds from events to the bell of a page that asks, by the page's clock."""
    page.clock.install()
    page.reload()
    seconds = []
    for _ in range(count):
        page.clock.run_for(random.randint(0, POLLS_MS))
        time.sleep(0.05)
        known, waited = page.evaluate(VERSION), 0
        audience.tell()
        while page.evaluate(VERSION) == known:
            page.clock.run_for(STEP_MS)
            waited += STEP_MS
            time.sleep(0.005)  # the request itself takes real time
        seconds.append(waited / 1000)
    return seconds


def _hearing(page: Page, audience: _Audience, count: int) -> list[float]:
    """Return the seconds from the beginning of an action to the bell of a page with a stream."""
    page.wait_for_selector("#bell-place[data-heard]")
    page.evaluate(OBSERVE)
    seconds = []
    for _ in range(count):
        time.sleep(random.uniform(0.1, 0.5))
        known, begun = page.evaluate(VERSION), time.time()
        audience.tell()
        page.wait_for_selector(f"#bell:not([data-version='{known}'])")
        seconds.append(page.evaluate("window.bellChangedAt") / 1000 - begun)
    return seconds


def _restarts(quiet: Server, live: Server, cookies: Sequence[str], count: int) -> dict[str, float]:
    """Compare how long servers take to end and to respond again."""
    seconds: dict[str, list[float]] = {"without": [], "with": [], "end": []}
    for _ in range(count):
        seconds["without"].append(_restart(quiet)[1])
        with _open_streams(live, cookies):
            ended, restarted = _restart(live)
        seconds["with"].append(restarted)
        seconds["end"].append(ended)
    return {
        "restart with 50 streams / none": median(seconds["with"]) / median(seconds["without"]),
        "end of 50 streams after SIGTERM, seconds": max(seconds["end"]),
    }


def _restart(server: Server) -> tuple[float, float]:
    """Restart a server; return the seconds until it has ended and until it responds."""
    begun = time.perf_counter()
    server.stop()
    ended = time.perf_counter()
    server.start()
    return ended - begun, time.perf_counter() - begun


def _private_kb(server: Server) -> float:
    """Return the memory that the only worker shares with no other process."""
    (worker,) = server.wait_for_workers()
    lines = Path(f"/proc/{worker}/smaps_rollup").read_text("utf-8").splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("Private_"))


def _percentile(seconds: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return quantiles(seconds, n=20, method="inclusive")[-1]


# --- servers, streams, browsers ------------------------------------------------------------------


@contextmanager
def _server(made: Site, streams: int) -> Iterator[Server]:
    with TemporaryDirectory() as folder, made.app.app_context():
        url = db.engine.url.render_as_string(hide_password=False)
        server = Server(url, Path(folder), workers=1)
        server.environment = {"LIVE_STREAMS": str(streams), "SECRET_KEY": SECRET}
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _asking(server: Server, cookie: str) -> Callable[[], None]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)

    def ask() -> None:
        connection.request("GET", PAGE, headers={"Cookie": cookie})
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == http.HTTPStatus.OK, text

    return ask


def _times(
    asking: Sequence[Callable[[], None]],
    turns: int,
    now_and_then: Callable[[], None] = lambda: None,
) -> list[list[float]]:
    """Return the seconds of each, asked in turns."""
    seconds: list[list[float]] = [[] for _ in asking]
    for turn in range(turns):
        if turn % PAGES_PER_EVENT == 0:
            now_and_then()
        for each, ask in list(zip(seconds, asking, strict=True))[:: -1 if turn % 2 else 1]:
            begun = time.perf_counter()
            ask()
            each.append(time.perf_counter() - begun)
    return seconds


@contextmanager
def _open_streams(server: Server, cookies: Sequence[str]) -> Iterator[None]:
    """Keep a stream open for each cookie; all have told their version when the block begins."""
    with ExitStack() as stack:
        answers = []
        for cookie in cookies:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
            stack.enter_context(closing(connection))
            connection.request("GET", STREAM, headers={"Cookie": cookie})
            answer = connection.getresponse()
            assert answer.status == http.HTTPStatus.OK, answer.status
            answers.append(stack.enter_context(answer))
        for answer in answers:
            while not answer.readline().startswith(b"data:"):
                pass
        yield


@contextmanager
def _chromium() -> Iterator[Callable[[Server, str], Page]]:
    """Yield what opens a page of a server with a cookie."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 -- only in requirements-dev.txt

    try:
        program = chromium()
    except Missing as missing:
        sys.exit(str(missing))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)

        def open_page(server: Server, cookie: str) -> Page:
            address = f"http://127.0.0.1:{server.port}"
            context = browser.new_context(base_url=address)
            name, _, value = cookie.partition("=")
            context.add_cookies([{"name": name, "value": value, "url": address}])
            page = context.new_page()
            page.goto("/settings/profile")
            return page

        yield open_page
        browser.close()


def _add_users(made: Site, prefix: str, count: int) -> list[int]:
    now = clock.now()
    with made.working():
        rows = [
            {
                "username": f"{prefix}{number}",
                "username_key": f"{prefix}{number}",
                "email": f"{prefix}{number}@example.org",
                "password_hash": "x",
                "session_stamp": f"{number:032x}",
                "is_admin": False,
                "timezone": "UTC",
                "created_at": now,
            }
            for number in range(count)
        ]
        db.session.execute(sa.insert(User), rows)
        found = sa.select(User.id).where(User.username.like(f"{prefix}%"))
        return list(db.session.scalars(found))


def _cookie(made: Site, user_id: int) -> str:
    cookie = signed_in_client(made.app, SimpleNamespace(id=user_id)).get_cookie("session")
    assert cookie
    return f"session={cookie.value}"
