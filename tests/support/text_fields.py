"""Every place that takes text: forms, queries, URLs, the API, CSV cells and headers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlsplit

from tests.fuzz import forms
from tests.support.lint import parse
from tests.support.openapi import operations
from tests.support.routes import all_routes, html_routes
from trackflow_web.domain.imports.rules import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask

    from tests.fuzz.world import World
    from tests.support.browsing import Browser
    from tests.support.openapi import Json

# Of text arguments; ids in URLs must be digits.
TEXT_ARGUMENTS = {"username", "code", "part", "filename"}
HEADERS = ("Referer", "HX-Current-URL", "HX-Target", "Authorization", "Cookie", "If-None-Match")
# A file of many short cells, which is read and compared row by row.
ROWS = "CSV rows"
LETTERS_A_CELL = 150
CSV_COLUMNS = ("title", "artist", "album", "year")
# MAX_FORM_MEMORY_SIZE, LARGEST_JSON and an upload, each with room for the rest of the request.
LARGEST_FORM, LARGEST_JSON, LARGEST_FILE = 190_000, 60_000, MOST_BYTES - 10_000
# The length limit of the server for lines and headers.
LARGEST_LINE = 60_000


@dataclass(frozen=True)
class TextField:
    """A place for a text; `send` returns the options of a request with this text."""

    name: str
    method: str
    path: str
    largest: int
    send: Callable[[str], dict[str, object]]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.name}"


def all_fields(world: World, browser: Browser) -> list[TextField]:
    """Every field of every kind; of several objects' forms that go to one endpoint the first."""
    found = [
        *_of_the_door(world.app),
        *_of_forms(world, browser),
        *_of_queries(world, browser),
        *_of_addresses(world.app, world.values),
        *_of_api(world.app, world.values),
        *_of_csv(),
        *_of_headers(),
    ]
    urls = world.app.url_map.bind("localhost")
    first: dict[tuple[str, str, str], TextField] = {}
    for field in found:
        endpoint, _ = urls.match(field.path, method=field.method)
        first.setdefault((field.method, endpoint, field.name), field)
    return list(first.values())


def _of_the_door(app: Flask) -> Iterator[TextField]:
    """The forms for anonymous visitors."""
    for path in ("/login", "/register"):
        for form in forms.read_forms(app.test_client().get(path).get_data(as_text=True)):
            usual = {name: values[0] for name, values in form.usual.items()}
            for name in usual:
                yield TextField(name, form.method, form.path, LARGEST_FORM, _form(usual, name))


def _of_forms(world: World, browser: Browser) -> Iterator[TextField]:
    for form in forms.forms_of(world, browser):
        usual = {name: values[0] for name, values in form.usual.items() if name != "file"}
        for name in usual:
            if form.method == "GET":
                yield TextField(name, "GET", form.path, LARGEST_LINE, _query(usual, name))
            else:
                yield TextField(name, form.method, form.path, LARGEST_FORM, _form(usual, name))


def _of_queries(world: World, browser: Browser) -> Iterator[TextField]:
    """Query arguments of links, and the URLs to return to after signing in."""
    for path in ("/login", "/register", "/confirm"):
        yield TextField("next", "GET", path, LARGEST_LINE, _query({}, "next"))
        yield TextField("next", "POST", path, LARGEST_FORM, _form({}, "next"))
    for route in html_routes(world.app, world.values):
        if route.is_unsafe:
            continue
        page = parse(browser.client.get(route.path).get_data(as_text=True))
        for link in page.select("a[href*='?']"):
            address = urlsplit(str(link["href"]))
            if address.netloc:
                continue
            for name, _ in parse_qsl(address.query, keep_blank_values=True):
                yield TextField(name, "GET", address.path, LARGEST_LINE, _query({}, name))


def _of_addresses(app: Flask, values: dict[str, object]) -> Iterator[TextField]:
    for route in all_routes(app, values):
        for name in route.arguments & TEXT_ARGUMENTS:
            before, _, after = route.path.partition(quote(str(values[name])))
            yield TextField(
                f"<{name}>", route.method, f"{before}{{}}{after}", LARGEST_LINE, lambda _text: {}
            )


def _of_api(app: Flask, values: dict[str, object]) -> Iterator[TextField]:
    for operation in operations(app, values):
        method, path = operation.method, operation.path
        for name in operation.queries:
            yield TextField(name, method, path, LARGEST_LINE, _query({}, name))
        for name in operation.properties:
            send = _json(operation.usual_body(), name)
            yield TextField(f".{name}", method, path, LARGEST_JSON, send)


def _of_csv() -> Iterator[TextField]:
    for column in (*CSV_COLUMNS, "header", "filename"):
        yield TextField(f"CSV {column}", "POST", "/imports/", LARGEST_FILE, _csv(column))
    yield TextField(ROWS, "POST", "/imports/", LARGEST_FILE // 4, _csv_rows)


def _of_headers() -> Iterator[TextField]:
    for name in HEADERS:
        yield TextField(f"{name}:", "GET", "/songs/", LARGEST_LINE, _header(name))
        yield TextField(f"{name}:", "GET", "/api/songs/", LARGEST_LINE, _header(name))


# --- how a text is sent --------------------------------------------------------------------------


def _query(usual: dict[str, str], name: str) -> Callable[[str], dict[str, object]]:
    return lambda text: {"query_string": {**usual, name: text}}


def _form(usual: dict[str, str], name: str) -> Callable[[str], dict[str, object]]:
    # Not urlencoded, where every byte takes three.
    return lambda text: {"data": {**usual, name: text}, "content_type": "multipart/form-data"}


def _json(usual: Json, name: str) -> Callable[[str], dict[str, object]]:
    return lambda text: {"json": {**usual, name: text}}


def _header(name: str) -> Callable[[str], dict[str, object]]:
    # As servers hand on the bytes of a header.
    return lambda text: {"headers": {name: "".join(text.split()).encode().decode("latin-1")}}


def _csv(column: str) -> Callable[[str], dict[str, object]]:
    def send(text: str) -> dict[str, object]:
        name = quote(text[:2_000]) if column == "filename" else "list.csv"
        header = f"{text},title" if column == "header" else "title"
        cells = dict.fromkeys(CSV_COLUMNS, "One") | {column: text.replace('"', '""')}
        rows = [f"{header},artist,album,year", ",".join(f'"{cells[it]}"' for it in CSV_COLUMNS)]
        return _upload(rows, name)

    return send


def _csv_rows(text: str) -> dict[str, object]:
    cells = (text[at : at + LETTERS_A_CELL] for at in range(0, len(text), LETTERS_A_CELL))
    rows = ['"{}","{}"'.format(*[cell.replace('"', '""')] * 2) for cell in cells]
    return _upload(["title,artist", *rows], "list.csv")


def _upload(rows: list[str], filename: str) -> dict[str, object]:
    """Put together by hand: werkzeug's client leaves a large file of its own open."""
    part = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    parts = [part.format("name", "A list"), part.format("start", "1")]
    parts.append(part.format(f'file"; filename="{filename}', "\r\n".join(rows)))
    body = "".join([*parts, "--x--\r\n"]).encode()
    return {"data": body, "content_type": "multipart/form-data; boundary=x"}
