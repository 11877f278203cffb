"""The rules of every HTML response, checked on each one that a test fetches."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from bs4 import BeautifulSoup, Tag
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from werkzeug.test import TestResponse

    from tests.support.browsing import Page

FIELDS = {"input", "select", "textarea"}
NO_LABEL_NEEDED = {"hidden", "submit", "button", "reset", "image"}
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
# Attributes that name the ids of other elements.
REFERENCES = ("for", "aria-describedby", "aria-labelledby", "aria-controls", "list")
# Attributes of htmx that hold a selector; only those that name an id can be followed here.
SELECTORS = ("hx-target", "hx-include", "hx-indicator")
ADDRESSES = {"href": "GET", "action": "GET", "hx-get": "GET", "hx-post": "POST"}
TOKEN = re.compile(r'<input type="hidden" name="csrf_token" value="([^"]+)">')

# Pages in which no rule was violated, by application: each has its own routes.
_passed: WeakKeyDictionary[Flask, set[bytes]] = WeakKeyDictionary()


def parse(html: str) -> BeautifulSoup:
    """The document; an attribute that is written twice on one element is an error."""
    twice = []

    def note(attributes: dict[str, str], key: str, value: str) -> None:
        twice.append(f'{key}="{attributes[key]}" and {key}="{value}"')

    # Atom feeds and site maps come this way, too.
    document = html.partition("?>")[2] if html.startswith("<?xml") else html
    soup = BeautifulSoup(document, "html.parser", on_duplicate_attribute=note)
    assert not twice, f"written twice on one element: {'; '.join(twice)}"
    return soup


def check_answer(app: Flask, page: Page, *, signed_in: bool) -> None:
    """Fail if an HTML response or its headers violate a rule."""
    problems = [*header_problems(page.response, signed_in=signed_in)]
    passed, content = _passed.setdefault(app, set()), _content(page.html)
    if content not in passed:
        problems += page_problems(app, page.soup)
    answer = f"{page.response.request.path} ({page.status})"
    assert not problems, f"{answer}:\n" + "\n".join(problems)
    passed.add(content)


def _content(html: str) -> bytes:
    """A digest of everything in a page but its tokens, which change every second."""
    without_tokens = TOKEN.sub('<input type="hidden" name="csrf_token" value="...">', html)
    return hashlib.blake2b(without_tokens.encode(errors="surrogatepass"), digest_size=16).digest()


def header_problems(response: TestResponse, *, signed_in: bool) -> Iterator[str]:
    """Everything wrong with the headers."""
    headers = response.headers
    policy = headers.get("Content-Security-Policy", "")
    if "default-src" not in policy or "unsafe-" in policy:
        yield f"weak or no Content-Security-Policy: {policy!r}"
    if headers.get("X-Content-Type-Options") != "nosniff":
        yield "no X-Content-Type-Options: nosniff"
    if "Referrer-Policy" not in headers:
        yield "no Referrer-Policy"
    if "hx-request" not in response.vary:
        yield "no Vary: HX-Request, so a cache may give a fragment for a page"
    is_picture = response.mimetype.startswith("image/")
    if signed_in and not is_picture and not response.cache_control.no_store:
        yield "an answer to somebody signed in that may be stored"


class Document:
    """A page or a fragment, walked through once: the large pages have thousands of elements."""

    def __init__(self, soup: BeautifulSoup) -> None:
        self.soup = soup
        self.elements: list[Tag] = soup.find_all(name=True)
        self.ids = [str(element["id"]) for element in self.elements if "id" in element.attrs]

    def named(self, *names: str) -> list[Tag]:
        return [element for element in self.elements if element.name in names]

    def having(self, attribute: str) -> list[tuple[Tag, str]]:
        """The elements that have an attribute, with its value."""
        return [
            (element, value if isinstance(value, str) else " ".join(value))
            for element in self.elements
            if (value := element.attrs.get(attribute)) is not None
        ]


def page_problems(app: Flask, soup: BeautifulSoup) -> Iterator[str]:
    """Everything wrong with a page or a fragment."""
    document = Document(soup)
    if soup.html:
        yield from _frame_problems(document)
        yield from _reference_problems(document)
    yield from _id_problems(document)
    yield from _field_problems(document)
    yield from _form_problems(document)
    yield from _control_problems(document)
    yield from _inline_problems(document)
    yield from _address_problems(app, document)


def _frame_problems(document: Document) -> Iterator[str]:
    if not document.named("html")[0].get("lang"):
        yield "<html> without lang"
    headings = document.named("h1")
    title = _text(document.soup.title) if document.soup.title else ""
    if len(headings) != 1:
        yield f"{len(headings)} <h1> instead of one"
    elif not _text(headings[0]) or _text(headings[0]) not in title:
        yield f"<title> {title!r} does not contain the <h1> {_text(headings[0])!r}"
    level = 0
    for heading in document.named(*HEADINGS):
        below, level = level, int(heading.name[1])
        if level > below + 1:
            yield f"<h{level}> {_text(heading)!r} follows a level {below} heading"
    if len(document.named("main")) != 1:
        yield "not exactly one <main>"


def _reference_problems(document: Document) -> Iterator[str]:
    ids = set(document.ids)
    for attribute in REFERENCES:
        for element, value in document.having(attribute):
            for missing in set(value.split()) - ids:
                yield f'{attribute}="{missing}" names no id: {_shown(element)}'
    for attribute in SELECTORS:
        for element, value in document.having(attribute):
            if value.startswith("#") and value.split()[0][1:] not in ids:
                yield f'{attribute}="{value}" finds nothing: {_shown(element)}'
    for element, value in document.having("href"):
        if value.startswith("#") and value[1:] not in ids | {"", "top"}:
            yield f"leads nowhere: {_shown(element)}"


def _id_problems(document: Document) -> Iterator[str]:
    for name, times in Counter(document.ids).items():
        if times > 1:
            yield f'id="{name}" stands {times} times'
        if not name or any(char.isspace() for char in name):
            yield f"not an id: {name!r}"


def _field_problems(document: Document) -> Iterator[str]:
    labelled = {value for _, value in document.having("for")}
    for field in document.named(*FIELDS):
        if field.name == "input" and field.get("type", "text") in NO_LABEL_NEEDED:
            continue
        named = field.get("aria-label") or field.get("aria-labelledby")
        if not (named or field.get("id") in labelled or field.find_parent("label")):
            yield f"a field without a label: {_shown(field)}"


def _form_problems(document: Document) -> Iterator[str]:
    for form in document.named("form"):
        if not form.get("action"):
            yield f"a form without action: {_shown(form)}"
        if form.find_parent("form"):
            yield f"a form inside a form: {_shown(form)}"
        method = str(form.get("method", "get")).lower()
        tokens = form.find_all("input", {"name": "csrf_token"})
        if method == "post" and not (len(tokens) == 1 and tokens[0].get("value")):
            yield f"a post form without its one csrf_token: {_shown(form)}"
        if method == "get" and tokens:
            yield f"a get form would put its csrf_token into the address: {_shown(form)}"


def _control_problems(document: Document) -> Iterator[str]:
    for control in document.named("a", "button", "summary"):
        pictures = [image.get("alt", "") for image in control.find_all("img")]
        if not (_text(control) or control.get("aria-label") or any(pictures)):
            yield f"nothing says what this does: {_shown(control)}"
        if control.find_parent(["a", "button"]):
            yield f"a link or button inside another: {_shown(control)}"
    for image in document.named("img"):
        if image.get("alt") is None:
            yield f"an image without alt: {_shown(image)}"


def _inline_problems(document: Document) -> Iterator[str]:
    for element in document.elements:
        for attribute, value in element.attrs.items():
            if attribute == "style" or attribute.startswith(("on", "hx-on", "data-hx-on")):
                yield f"an inline {attribute}: {_shown(element)}"
            # The values of fields are input and not links.
            if attribute != "value" and str(value).strip().lower().startswith("javascript:"):
                yield f"a script for an address: {_shown(element)}"
    for element in document.named("script", "style"):
        if not element.get("src"):
            yield f"an inline <{element.name}>"


def _address_problems(app: Flask, document: Document) -> Iterator[str]:
    routes = app.url_map.bind("localhost")
    for attribute, default in ADDRESSES.items():
        for element, value in document.having(attribute):
            address = urlsplit(value)
            if address.scheme or address.netloc or not address.path:
                continue
            method = str(element.get("method", default)) if attribute == "action" else default
            try:
                routes.match(address.path, method=method.upper())
            except RequestRedirect:
                yield f"only redirects: {_shown(element)}"
            except MethodNotAllowed:
                yield f"does not take {method}: {_shown(element)}"
            except HTTPException:
                yield f"no such page: {_shown(element)}"


def _text(element: Tag) -> str:
    return " ".join(element.get_text(" ").split())


def _shown(element: Tag) -> str:
    """The opening tag, for a message."""
    return str(element).partition(">")[0] + ">"
