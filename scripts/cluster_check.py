"""Checks of a running cluster of web processes behind nginx."""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import requests
from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from scripts.cluster import Cluster

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
PASSWORD = "a password of nobody at all"  # noqa: S105 -- of an account in a database thrown away
OK, MOVED, MADE_NO_SENSE, NOT_THERE = 200, 303, 400, 404
SECONDS = 10
# Unused loopback addresses that stand in for clients.
AT_HOME, FORGED = "127.0.0.9", "203.0.113.9"


class Person(requests.Session):
    """A user with a browser; `base` is the URL of the server."""

    def __init__(self, base: str, source: str | None = None) -> None:
        super().__init__()
        self.base = base
        self.token = ""
        if source:
            self.mount("http://", _From(source))

    def see(self, path: str) -> requests.Response:
        """Request a page without following redirects."""
        page = self.get(f"{self.base}{path}", timeout=SECONDS, allow_redirects=False)
        if found := TOKEN.search(page.text):
            self.token = found[1]
        return page

    def submit(self, path: str, headers: dict[str, str] | None = None, **form: str) -> int:
        """Submit a form and return the status."""
        sent = {"csrf_token": self.token, **form}
        return self.post(
            f"{self.base}{path}",
            data=sent,
            headers=headers,
            timeout=SECONDS,
            allow_redirects=False,
        ).status_code

    def register(self) -> None:
        """Register, and load the song form with its token."""
        name = f"p{secrets.token_hex(6)}"
        self.see("/register")
        email = f"{name}@example.org"
        assert self.submit("/register", username=name, email=email, password=PASSWORD) == MOVED
        self.see("/songs/")


class _From(HTTPAdapter):
    """Sends requests from another address of this machine."""

    def __init__(self, source: str) -> None:
        self.source = source
        super().__init__()

    def init_poolmanager(self, *arguments: object, **options: object) -> None:
        super().init_poolmanager(*arguments, **options, source_address=(self.source, 0))  # type: ignore[arg-type]


def check(cluster: Cluster) -> bool:
    """Run all checks, print a line for each, and return whether all passed."""
    checks: tuple[Callable[[Cluster], None], ...] = (
        both_are_well,
        a_session_holds_everywhere,
        what_one_awards_another_shows,
        both_take_part,
        the_address_is_the_clients,
        a_foreign_host_is_refused,
        numbers_are_not_for_the_world,
        new_workers_take_over_unnoticed,
        one_may_stop,
    )
    stood = [_stands(each, cluster) for each in checks]
    return all(stood)


def _stands(each: Callable[[Cluster], None], cluster: Cluster) -> bool:
    begun = time.monotonic()
    try:
        each(cluster)
    except (AssertionError, requests.RequestException) as failure:
        print(f"FAILED  {each.__doc__}  {failure}", flush=True)
        return False
    print(f"ok      {each.__doc__}  ({time.monotonic() - begun:.1f} s)", flush=True)
    return True


def both_are_well(cluster: Cluster) -> None:
    """Each web server and nginx respond to /healthz."""
    for base in (cluster.address, *(web.address for web in cluster.webs)):
        answer = requests.get(f"{base}/healthz", timeout=SECONDS)
        assert (answer.status_code, answer.text) == (OK, "ok"), (base, answer.status_code)


def a_session_holds_everywhere(cluster: Cluster) -> None:
    """A session of one web server is valid on the other."""
    person = Person(cluster.webs[0].address)
    person.register()
    person.base = cluster.webs[1].address
    assert person.see("/songs/").status_code == OK


def what_one_awards_another_shows(cluster: Cluster) -> None:
    """An achievement unlocked on one web server is shown by the other, once."""
    person = Person(cluster.webs[0].address)
    person.register()
    assert person.submit("/songs/", title="One", artist="Metallica") == MOVED
    person.base = cluster.webs[1].address
    shown = [person.see("/songs/").text.count('data-toast="dreamer"') for _ in range(3)]
    assert shown == [1, 0, 0], shown


def both_take_part(cluster: Cluster) -> None:
    """Requests are shared out to both."""
    for _ in range(10):
        requests.get(f"{cluster.address}/healthz", timeout=SECONDS)
    log = Path(cluster.log).read_text("utf-8")
    for web in cluster.webs:
        assert f"127.0.0.1:{web.port}" in log, web.address


def the_address_is_the_clients(cluster: Cluster) -> None:
    """Limits count the client's real address, regardless of its headers."""
    person = Person(cluster.address, source=AT_HOME)
    person.see("/login")
    person.submit("/login", {"X-Forwarded-For": FORGED}, username="nobody", password="wrong")
    with psycopg.connect(cluster.database) as connection:
        found = connection.execute("SELECT key FROM limit_counts WHERE scope = 'sign-in address'")
        counted = {row[0] for row in found}
    assert AT_HOME in counted, counted
    assert FORGED not in counted, counted


def a_foreign_host_is_refused(cluster: Cluster) -> None:
    """A request for a foreign host name returns 400."""
    headers = {"Host": "elsewhere.example"}
    answer = requests.get(f"{cluster.address}/login", headers=headers, timeout=SECONDS)
    assert answer.status_code == MADE_NO_SENSE, answer.status_code


def numbers_are_not_for_the_world(cluster: Cluster) -> None:
    """Each web server returns metrics with the token; nginx returns 404."""
    token = {"Authorization": f"Bearer {cluster.metrics_token}"}
    for web in cluster.webs:
        told = requests.get(f"{web.address}/metrics", headers=token, timeout=SECONDS)
        assert "trackflow_database_up 1.0" in told.text, told.status_code
    answer = requests.get(f"{cluster.address}/metrics", headers=token, timeout=SECONDS)
    assert answer.status_code == NOT_THERE, answer.status_code


def new_workers_take_over_unnoticed(cluster: Cluster) -> None:
    """A rolling reload loses no page and no form."""
    done, answers = threading.Event(), list[int]()
    people = [Person(cluster.address) for _ in range(3)]
    for person in people:
        person.register()
    threads = [threading.Thread(target=_work, args=(each, done, answers)) for each in people]
    for thread in threads:
        thread.start()
    try:
        for web in cluster.webs:
            web.reload()
    finally:
        done.set()
        for thread in threads:
            thread.join(SECONDS)
    failed = [status for status in answers if status not in {OK, MOVED}]
    assert not failed, f"{len(failed)} of {len(answers)} requests failed: {set(failed)}"
    assert len(answers) > len(people), "nobody was answered"


def _work(person: Person, done: threading.Event, answers: list[int]) -> None:
    number = 0
    while not done.is_set():
        number += 1
        answers.append(person.submit("/songs/", title=f"Song {number}", artist="Metallica"))
        answers.append(person.see("/songs/").status_code)


def one_may_stop(cluster: Cluster) -> None:
    """When one web server stops, nginx uses the other."""
    person = Person(cluster.address)
    person.register()
    cluster.webs[0].stop()
    try:
        answers = [person.see("/songs/").status_code for _ in range(10)]
        answers += [
            person.submit("/songs/", title=f"Song {number}", artist="X") for number in range(10)
        ]
    finally:
        cluster.webs[0].start()
    assert set(answers) == {OK, MOVED}, answers
