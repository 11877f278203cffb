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
FROM_STANDBY = re.compile(r'trackflow_replica_pages_total\{source="replica"\} ([\d.]+)')
PASSWORD = "a password of nobody at all"  # noqa: S105 -- of an account in a database thrown away
OK, MOVED, ELSEWHERE, MADE_NO_SENSE, FORBIDDEN, NOT_THERE = 200, 303, 308, 400, 403, 404
BUSY = 503
SECONDS = 10
SECONDS_TO_REPLACE = 25
SONGS_AFTER_A_KILL = 5
# Shorter than a heartbeat, which would flush what a proxy collects.
STREAM_SECONDS = 5
HALF_A_YEAR = 15_768_000
# Requests to a web server itself are sent as nginx sends them.
BEHIND_TLS = {"X-Forwarded-Proto": "https"}
# Unused loopback addresses that stand in for clients.
AT_HOME, FORGED = "127.0.0.9", "203.0.113.9"


class Person(requests.Session):
    """A user with a browser; `base` is the URL of the server."""

    def __init__(self, cluster: Cluster, base: str = "", source: str | None = None) -> None:
        super().__init__()
        self.base = base or cluster.address
        self.trust_env = False  # another certificate or proxy may be named there
        self.verify = str(cluster.certificate)
        self.token = ""
        if source:
            self.mount("https://", _From(source))

    def see(self, path: str) -> requests.Response:
        """Request a page without following redirects."""
        page = self.get(
            f"{self.base}{path}",
            headers=self._as_nginx(),
            timeout=SECONDS,
            allow_redirects=False,
        )
        if found := TOKEN.search(page.text):
            self.token = found[1]
        return page

    def submit(self, path: str, headers: dict[str, str] | None = None, **form: str) -> int:
        """Submit a form from a page of the site, unless `headers` differ; return the status."""
        site = self.base.partition("://")[2]
        return self.post(
            f"{self.base}{path}",
            data={"csrf_token": self.token, **form},
            headers={"Referer": f"https://{site}/songs/", **self._as_nginx(), **(headers or {})},
            timeout=SECONDS,
            allow_redirects=False,
        ).status_code

    def _as_nginx(self) -> dict[str, str]:
        """Return the header that nginx adds, and the cookies, which are not sent by plain HTTP."""
        if self.base.startswith("https:"):
            return {}
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.cookies)
        return {**BEHIND_TLS, **({"Cookie": cookies} if cookies else {})}

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
        plain_http_leads_to_https,
        cookies_are_for_https_only,
        browsers_are_told_to_stay_with_https,
        forms_of_other_sites_are_rejected,
        a_session_holds_everywhere,
        what_one_awards_another_shows,
        both_take_part,
        the_address_is_the_clients,
        a_foreign_host_is_refused,
        numbers_are_not_for_the_world,
        streams_pass_at_once,
        new_workers_take_over_unnoticed,
        one_may_stop,
    )
    if cluster.databases:
        checks = (
            *checks,
            the_standby_answers_pages,
            pages_need_no_standby,
            an_etcd_member_may_stop,
            a_switchover_is_short,
            a_killed_primary_is_replaced,
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
        answer = Person(cluster, base).see("/healthz")
        assert (answer.status_code, answer.text) == (OK, "ok"), (base, answer.status_code)


def plain_http_leads_to_https(cluster: Cluster) -> None:
    """Plain HTTP is redirected to HTTPS with the same method and address."""
    asked = f"{cluster.plain_address}/login?next=/songs/"
    answer = requests.post(asked, timeout=SECONDS, allow_redirects=False)
    assert answer.status_code == ELSEWHERE, answer.status_code
    assert answer.headers["Location"] == "https://127.0.0.1/login?next=/songs/", answer.headers


def cookies_are_for_https_only(cluster: Cluster) -> None:
    """Cookies are Secure and HttpOnly, and bound to the host by their name."""
    person = Person(cluster)
    sent = person.see("/login").headers["Set-Cookie"]
    name, _, rest = sent.partition("=")
    attributes = {part.strip().casefold() for part in rest.split(";")}
    assert name == "__Host-session", sent
    assert {"secure", "httponly", "path=/"} <= attributes, sent
    assert [cookie.secure for cookie in person.cookies] == [True], sent


def browsers_are_told_to_stay_with_https(cluster: Cluster) -> None:
    """Pages, errors and static files carry Strict-Transport-Security."""
    person = Person(cluster)
    for path in ("/login", "/nothing-here", "/static/css/base.css", "/healthz"):
        sent = person.see(path).headers.get("Strict-Transport-Security", "")
        found = re.match(r"max-age=(\d+)", sent)
        assert found, (path, sent)
        assert int(found[1]) >= HALF_A_YEAR, (path, sent)


def forms_of_other_sites_are_rejected(cluster: Cluster) -> None:
    """A form is accepted from a page of the site only, even with a valid token."""
    person = Person(cluster)
    person.register()
    song = {"title": "One", "artist": "Metallica"}
    plain = person.base.replace("https:", "http:")
    for referer in ("", "https://elsewhere.example/", f"{plain}/songs/", "https://127.0.0.1/"):
        status = person.submit("/songs/", {"Referer": referer}, **song)
        assert status == FORBIDDEN, (referer, status)
    status = person.submit("/songs/", {"Sec-Fetch-Site": "cross-site"}, **song)
    assert status == FORBIDDEN, status
    token, person.token = person.token, ""
    assert person.submit("/songs/", None, **song) == FORBIDDEN
    person.token = token
    assert person.submit("/songs/", None, **song) == MOVED


def a_session_holds_everywhere(cluster: Cluster) -> None:
    """A session of one web server is valid on the other."""
    person = Person(cluster, cluster.webs[0].address)
    person.register()
    person.base = cluster.webs[1].address
    assert person.see("/songs/").status_code == OK


def what_one_awards_another_shows(cluster: Cluster) -> None:
    """An achievement unlocked on one web server is shown by the other, once."""
    person = Person(cluster, cluster.webs[0].address)
    person.register()
    assert person.submit("/songs/", title="One", artist="Metallica") == MOVED
    person.base = cluster.webs[1].address
    shown = [person.see("/songs/").text.count('data-toast="dreamer"') for _ in range(3)]
    assert shown == [1, 0, 0], shown


def both_take_part(cluster: Cluster) -> None:
    """Requests are shared out to both."""
    person = Person(cluster)
    for _ in range(10):
        person.see("/healthz")
    log = Path(cluster.log).read_text("utf-8")
    for web in cluster.webs:
        assert f"127.0.0.1:{web.port}" in log, web.address


def the_address_is_the_clients(cluster: Cluster) -> None:
    """Limits count the client's real address, regardless of its headers."""
    person = Person(cluster, source=AT_HOME)
    person.see("/login")
    person.submit("/login", {"X-Forwarded-For": FORGED}, username="nobody", password="wrong")
    with psycopg.connect(cluster.database) as connection:
        found = connection.execute("SELECT key FROM limit_counts WHERE scope = 'sign-in address'")
        counted = {row[0] for row in found}
    assert AT_HOME in counted, counted
    assert FORGED not in counted, counted


def a_foreign_host_is_refused(cluster: Cluster) -> None:
    """A request for a foreign host name returns 400."""
    person = Person(cluster)
    person.headers["Host"] = "elsewhere.example"
    answer = person.see("/login")
    assert answer.status_code == MADE_NO_SENSE, answer.status_code


def numbers_are_not_for_the_world(cluster: Cluster) -> None:
    """Each web server returns metrics with the token; nginx returns 404."""
    token = {"Authorization": f"Bearer {cluster.metrics_token}"}
    for web in cluster.webs:
        told = requests.get(f"{web.address}/metrics", headers=token, timeout=SECONDS)
        assert "trackflow_database_up 1.0" in told.text, told.status_code
    person = Person(cluster)
    person.headers.update(token)
    answer = person.see("/metrics")
    assert answer.status_code == NOT_THERE, answer.status_code


def streams_pass_at_once(cluster: Cluster) -> None:
    """An event stream passes nginx message by message, whichever server the event happens on."""
    person = Person(cluster)
    person.register()
    address = f"{cluster.address}/notifications/stream"
    with person.get(address, stream=True, timeout=SECONDS) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream"), stream.headers
        lines = stream.iter_lines(chunk_size=1)
        versions = (int(line[6:]) for line in lines if line.startswith(b"data: "))
        first, begun = next(versions), time.monotonic()
        assert person.submit("/songs/", title="One", artist="Metallica") == MOVED  # an achievement
        while next(versions) == first:  # the heartbeat says the same
            pass
        assert time.monotonic() - begun < STREAM_SECONDS, "collected on the way"


def new_workers_take_over_unnoticed(cluster: Cluster) -> None:
    """A rolling reload loses no page and no form."""
    done, answers = threading.Event(), list[int]()
    people = [Person(cluster) for _ in range(3)]
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
    person = Person(cluster)
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


def the_standby_answers_pages(cluster: Cluster) -> None:
    """Pages that may lag are read from the standby, and a user's own actions are on them."""
    person = Person(cluster)
    person.register()
    for number in range(5):
        title = f"{number} {secrets.token_hex(4)}"
        status = person.submit("/songs/", title=title, artist="X", status="released")
        assert status == MOVED, status
        page = person.see("/community/releases?q=&sort=new")
        assert page.status_code == OK, page.status_code
        assert title in page.text, f"{title} is not on the page"
    deadline = time.monotonic() + SECONDS
    while not _pages_of_standby(cluster):
        assert time.monotonic() < deadline, "no page was read from the standby"
        assert Person(cluster).see("/community/leaderboard").status_code == OK


def _pages_of_standby(cluster: Cluster) -> float:
    """Return how many pages the web servers have read from the standby."""
    token = {"Authorization": f"Bearer {cluster.metrics_token}"}
    told = [
        requests.get(f"{web.address}/metrics", headers=token, timeout=SECONDS).text
        for web in cluster.webs
    ]
    return sum(float(found) for text in told for found in FROM_STANDBY.findall(text))


def pages_need_no_standby(cluster: Cluster) -> None:
    """While the standby is down, pages that may lag are read from the primary."""
    assert cluster.databases
    lost = cluster.databases.standby()
    assert lost, "no standby"
    lost.kill()
    try:
        visitor = Person(cluster)
        statuses = [visitor.see("/community/leaderboard").status_code for _ in range(20)]
    finally:
        lost.start()
    assert statuses == [OK] * 20, statuses
    cluster.databases.wait_until_redundant()


def an_etcd_member_may_stop(cluster: Cluster) -> None:
    """When one of three members of etcd stops, nothing is lost."""
    assert cluster.databases
    person = Person(cluster)
    person.register()
    member = cluster.databases.members[0]
    member.kill()
    try:
        for number in range(10):
            status = person.submit("/songs/", title=f"Song {number}", artist="X")
            assert status == MOVED, status
            time.sleep(0.3)
    finally:
        member.start(cluster.databases.members)


def a_switchover_is_short(cluster: Cluster) -> None:
    """After a planned switchover the next song is added within seconds, and none is lost."""
    assert cluster.databases
    person = Person(cluster)
    person.register()
    before, after = cluster.databases.primary(), cluster.databases.standby()
    assert before, "no primary"
    assert after, "no standby"
    names = ["--leader", before.machine.name, "--candidate", after.machine.name]
    before.patronictl("switchover", *names, "--force", "trackflow")
    _add_songs(cluster, person, "Switched")
    assert cluster.databases.primary() is after, "it is the same one"


def a_killed_primary_is_replaced(cluster: Cluster) -> None:
    """A killed PostgreSQL is replaced by its standby, which has every acknowledged song."""
    assert cluster.databases
    person = Person(cluster)
    person.register()
    killed = cluster.databases.primary()
    assert killed, "no primary"
    killed.kill_postgresql()
    _add_songs(cluster, person, "After")
    assert cluster.databases.primary() is not killed, "it is the same one"


def _add_songs(cluster: Cluster, person: Person, title: str) -> None:
    """Add songs until some are acknowledged: within the limit, with nothing but 503 before."""
    assert cluster.databases
    acknowledged, statuses, number = set[str](), set[int](), 0
    begun = time.monotonic()
    while len(acknowledged) < SONGS_AFTER_A_KILL:
        number += 1
        status = person.submit("/songs/", title=f"{title} {number}", artist="X")
        statuses.add(status)
        if status == MOVED:
            acknowledged.add(f"{title} {number}")
        assert time.monotonic() - begun < SECONDS_TO_REPLACE, statuses
    assert statuses <= {MOVED, BUSY}, statuses
    cluster.databases.wait_until_redundant()
    with psycopg.connect(cluster.database) as connection:
        stored = {row[0] for row in connection.execute("SELECT title FROM songs")}
    assert acknowledged <= stored, acknowledged - stored
