"""The pages: their forms, filled in by Hypothesis, and every URL with generated endings."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.world import LAST, World
from tests.support.browsing import REDIRECTS, Browser
from tests.support.hostile import ANYTHING, NUMBERS
from tests.support.lint import parse
from tests.support.people import PASSWORD
from tests.support.routes import html_routes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bs4 import Tag

    from tests.fuzz.world import Tally
    from tests.support.databases import Databases
    from tests.support.routes import Route

MOST_IN_ONE_WORLD = 500
LONGEST_MESSAGE = 500
OK, UNAUTHORIZED = 200, 401
PASSWORDS = (PASSWORD, "a new long password")
URLENCODED = "application/x-www-form-urlencoded"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
KINDS = (
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "application/json",
    "text/plain",
    "application/x-www-form-urlencoded; charset=utf-16",
    "x",
    "",
)
# Names of query arguments and fields beside those of the forms.
NAMES = ("q", "page", "status", "state", "category", "rarity", "sort", "next", "limit", "cursor",
         "code", "error", "user", "user_id", "is_admin", "id", "_method", "file", "")  # fmt: skip
HEADERS = {
    "HX-Request": ("true", "false", "x"),
    "HX-Boosted": ("true",),
    "HX-History-Restore-Request": ("true",),
    "HX-Target": ("song-details", "song-list", "song-parts", "thread", "x", "<b>", "é" * 50),
    "HX-Current-URL": ("http://localhost/songs/?q=1", "http://[", "//evil.example", "é", ""),
    "HX-Trigger-Name": ("q", "x"),
    "Referer": ("http://localhost/songs/1", "http://[", "x"),
    "Accept": ("application/json", "*/*;q=x", ""),
    "Accept-Encoding": ("br", "gzip;q=0", "x"),
    "Accept-Language": ("x", "é"),
    "Content-Encoding": ("gzip", "br"),
    "Range": ("bytes=0-1", "bytes=-1", "x"),
    "If-None-Match": ('"x"', "*"),
    "If-Modified-Since": ("x", "Thu, 01 Jan 1970 00:00:00 GMT"),
    "X-Forwarded-For": ("203.0.113.9", "x, y", "é"),
    "X-Forwarded-Proto": ("https", "x"),
    "X-HTTP-Method-Override": ("DELETE",),
    "Sec-Fetch-Site": ("same-origin", "cross-site", "x"),
    "Authorization": ("Bearer tf_none", "Basic x", ""),
    "Cookie": ("session=x", "session=.eJw.x.x; session=y", "é"),
}


@dataclass(frozen=True)
class Form:
    """The URL of a form, and the usual values of its fields by name."""

    method: str
    path: str
    usual: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Sent:
    """A request that was made up; `fields` in their order, some of them twice."""

    method: str
    path: str
    query: list[tuple[str, str]]
    fields: list[tuple[str, str]]
    headers: dict[str, str]
    kind: str
    with_token: bool
    # A body that is no form.
    content: bytes | None = None


def run(databases: Databases, tally: Tally, *, requests: int, first_seed: int) -> None:
    """Send this many requests as Alice, who is signed in."""
    number, left = first_seed, requests
    while left > 0:
        world = World(databases, tally)
        try:
            _round(world, tally, min(left, MOST_IN_ONE_WORLD), number)
        finally:
            world.end()
        left -= MOST_IN_ONE_WORLD
        number += 1


def _round(world: World, tally: Tally, examples: int, number: int) -> None:
    browser = Browser(world.app)
    browser.may_break = True
    browser.enter(world.alice)
    forms = forms_of(world, browser)

    def ask(sent: Sent) -> None:
        tally.requests += 1
        try:
            _send(browser, sent)
        except AssertionError as problem:  # of the pages in between, which are linted
            tally.failures[f"after {sent.method} {sent.path}: {problem}"[:LONGEST_MESSAGE]] += 1
            browser._token = ""

    seed(number)(
        settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )(given(st.sampled_from(forms).flatmap(_filled_in))(ask))
    )()


# --- all forms -----------------------------------------------------------------------------------


def forms_of(world: World, browser: Browser) -> list[Form]:
    """Every form of Alice's pages, and every URL without a form.

    Each with a weight: requests that delete what others need are the rarest.
    """
    routes = html_routes(world.app, world.values)
    found = {(route.method, route.path): Form(route.method, route.path) for route in routes}
    for form in read_everywhere(world, browser):
        found[form.method, form.path] = form
    forms = [found[key] for key in sorted(found)]
    return [form for form in forms for _ in range(_weight(form))]


def read_everywhere(world: World, browser: Browser) -> Iterator[Form]:
    """Yield the forms of all pages."""
    for route in html_routes(world.app, world.values):
        if not route.is_unsafe and route.endpoint != "connections.callback":
            yield from _forms_on(browser, route)


def _weight(form: Form) -> int:
    if form.path.endswith(LAST):
        return 1
    return 20 if form.method == "POST" else 5


def _forms_on(browser: Browser, route: Route) -> list[Form]:
    return read_forms(browser.client.get(route.path).get_data(as_text=True))


def read_forms(html: str) -> list[Form]:
    """The forms of a page."""
    return [_read(form) for form in parse(html).select("form[action]")]


def _read(form: Tag) -> Form:
    usual: dict[str, list[str]] = {}
    for element in form.select("input[name], select[name], textarea[name], button[name]"):
        usual.setdefault(str(element["name"]), []).extend(_values(element))
    usual.pop("csrf_token", None)
    return Form(str(form.get("method", "get")).upper(), urlsplit(str(form["action"])).path, usual)


def _values(element: Tag) -> list[str]:
    if element.get("type") == "password":
        return list(PASSWORDS)
    options = [str(option.get("value", "")) for option in element.select("option")]
    return options[:20] or [str(element.get("value", ""))]


# --- filled in -----------------------------------------------------------------------------------

anything = st.one_of(
    st.sampled_from(ANYTHING),
    st.text(max_size=300),
    st.integers().map(str),
    st.sampled_from(NUMBERS).map(lambda number: f" {number} "),
)


@st.composite
def _filled_in(draw: st.DrawFn, form: Form) -> Sent:
    fields = [pair for name, usual in form.usual.items() for pair in draw(_pairs(name, usual))]
    fields += draw(st.lists(st.tuples(st.sampled_from(NAMES), anything), max_size=2))
    if draw(_once_in(6)):
        draw(st.randoms()).shuffle(fields)
    method = draw(st.sampled_from(METHODS)) if draw(_once_in(12)) else form.method
    in_address = form.method == "GET" or draw(_once_in(10))
    return Sent(
        method=method,
        path=draw(_odd_paths(form.path)) if draw(_once_in(10)) else form.path,
        query=fields if in_address else [],
        fields=[] if in_address else fields,
        headers=draw(_headers),
        kind=draw(st.sampled_from(KINDS)) if draw(_once_in(12)) else URLENCODED,
        with_token=not draw(_once_in(20)),
    )


def _once_in(times: int) -> st.SearchStrategy[bool]:
    return st.integers(1, times).map(lambda number: number == times)


def _pairs(name: str, usual: list[str]) -> st.SearchStrategy[list[tuple[str, str]]]:
    """A field as it should be, with anything in it, missing, or twice."""
    right = st.sampled_from(usual) | st.text(min_size=1, max_size=40)
    pair = st.tuples(st.just(name), right)
    odd = st.tuples(st.just(name), anything)
    return st.one_of(
        st.tuples(pair), st.tuples(pair), st.tuples(odd), st.just(()), st.tuples(odd, pair)
    ).map(list)


def _odd_paths(path: str) -> st.SearchStrategy[str]:
    """The URL with other ids, or another ending."""
    odd = anything.map(lambda value: quote(value[:200].encode("utf-8", "surrogatepass"), safe=""))
    others = odd.map(lambda value: re.sub(r"/\d+(?=/|$)", lambda _match: f"/{value}", path))
    ends = odd.map(lambda value: f"{path.rstrip('/').rpartition('/')[0]}/{value}")
    return others | ends


_headers = st.one_of(
    st.just({}),
    st.just({"HX-Request": "true"}),
    st.lists(st.sampled_from(sorted(HEADERS)), max_size=3, unique=True).flatmap(
        lambda names: st.fixed_dictionaries(
            {name: st.sampled_from(HEADERS[name]) for name in names}
        )
    ),
)


# --- sent ----------------------------------------------------------------------------------------


def _send(browser: Browser, sent: Sent) -> None:
    client = browser.client
    fields = list(sent.fields)
    if sent.with_token and sent.method not in {"GET", "HEAD", "OPTIONS"}:
        fields.append(("csrf_token", browser.token()))
    response = client.open(
        sent.path,
        method=sent.method,
        query_string=encoded(sent.query),
        headers=sent.headers,
        content_type=sent.kind,
        input_stream=io.BytesIO(form_body(fields, sent.kind)),
    )
    response.get_data()
    response.close()
    _come_back(browser, response.status_code)


def encoded(pairs: list[tuple[str, str]]) -> str:
    """Return a query; lone surrogates go as the three bytes that some programs make of them."""
    return urlencode([(name, value.encode("utf-8", "surrogatepass")) for name, value in pairs])


def form_body(fields: list[tuple[str, str]], kind: str) -> bytes:
    """Return the body of a form of this content type."""
    if not kind.startswith("multipart"):
        return encoded(fields).encode()
    parts = [
        b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
        % (
            name.encode(),
            b'; filename="x.csv"' if name == "file" else b"",
            value.encode("utf-8", "surrogatepass"),
        )
        for name, value in fields
    ]
    return b"".join(parts) + b"--x--\r\n"


def _come_back(browser: Browser, status: int) -> None:
    """Sign in again when the session ended, with whichever password is the present one."""
    if status not in REDIRECTS and status != UNAUTHORIZED:
        return
    browser._token = ""
    for password in PASSWORDS:
        if browser.client.get("/settings/tokens").status_code == OK:
            return
        browser.signed_in = False
        browser.sign_in("alice", password)
