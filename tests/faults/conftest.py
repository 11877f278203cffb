"""Alice uses a site with real processes, which are killed at failpoints.

One site for all tests of a module and a kind of database: each test has its own Alice there.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass

import pytest

from tests.support.charter import Charter
from tests.support.gunicorn import Site
from tests.support.people import add_person
from tests.support.wire import Broken, Visitor, visitors

SECONDS_TO_SHOW = 15
numbers = itertools.count(1)


@dataclass(frozen=True)
class Alice(Charter):
    """Alice at work, and in front of her browser."""

    site: Site
    browser: Visitor

    def dies(self, place, ask) -> None:
        """Kill the process of her request at a failpoint: she gets no response."""
        order = self.site.faults / place
        order.touch()
        with pytest.raises(Broken):
            ask()
        assert not order.exists(), "nobody came to that place"
        self.site.wait()

    def adds(self, title="One", *, htmx=False):
        return self.browser.post("/songs/", htmx=htmx, title=title, artist="Metallica")

    def sees(self, path="/songs/") -> list[str]:
        """The codes of what the page announces."""
        answer = self.browser.get(path)
        assert answer.status == 200
        return [code for _, code in answer.toasts()]

    def sees_in_the_end(self) -> list[str]:
        """The toasts shown once the reservation of a dead process has expired."""
        deadline = time.monotonic() + SECONDS_TO_SHOW
        while time.monotonic() < deadline:
            if seen := self.sees():
                return seen
            time.sleep(0.1)
        return []


@pytest.fixture(scope="module")
def sites(request, tmp_path_factory):
    """`sites("postgresql")`: the site on a database of this kind."""
    running = {}

    def site(kind):
        if kind not in running:
            url = request.getfixturevalue(f"{kind}_databases").create()
            running[kind] = Site(url, tmp_path_factory.mktemp(kind))
            # Its sweeps are units of work too: they would die in Alice's place.
            running[kind].environment["JOBS"] = "worker"
            running[kind].start()
        return running[kind]

    yield site
    for started in running.values():
        started.stop()


@pytest.fixture
def site(sites, database_kind):
    return sites(database_kind)


@pytest.fixture
def database_url(site):
    """Of the site, instead of one of the test's own."""
    return site.url


@pytest.fixture
def alice(app, site):
    person = add_person(app, f"alice-{next(numbers)}")
    browser = visitors(app, site.port, [person.id])[0]
    return Alice(app, person, site=site, browser=browser)
