"""A browser without JavaScript: keeps cookies, sends the token of the last page."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import flask
from flask_wtf.csrf import generate_csrf

from tests.support.lint import TOKEN, check_answer, parse
from trackflow_web import composition
from trackflow_web.achievements import toasts
from trackflow_web.domain.people.models import Announced
from trackflow_web.kernel.transactions import unit_of_work
from trackflow_web.web import session

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag
    from flask import Flask
    from werkzeug.test import TestResponse

    from tests.support.people import Person

REDIRECTS = {301, 302, 303, 307, 308}
MOST_REDIRECTS = 5
# Invisible characters around names that isolate their direction.
ISOLATES = dict.fromkeys(map(ord, "\N{FIRST STRONG ISOLATE}\N{POP DIRECTIONAL ISOLATE}"))
WAYS_OUT = {"/logout", "/settings/privacy/delete"}


class Page:
    """One response."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.status = response.status_code
        self.headers = response.headers
        self.location = response.headers.get("Location", "")
        # Read to the end at once: toasts are confirmed after the response.
        self.html = response.get_data(as_text=True)
        response.close()  # closes a file that was sent

    @cached_property
    def soup(self) -> BeautifulSoup:
        return parse(self.html)

    @property
    def text(self) -> str:
        """The visible text, with collapsed white space."""
        return _words(self.soup)

    @property
    def json(self) -> object:
        return self.response.get_json()

    def one(self, selector: str) -> Tag:
        """The one element that a CSS selector finds; none or several are an error."""
        found = self.soup.select(selector)
        assert len(found) == 1, f"{len(found)} elements match {selector}:\n{self.html}"
        return found[0]

    def all(self, selector: str) -> list[Tag]:
        return list(self.soup.select(selector))

    def toasts(self) -> list[str]:
        """The codes in `data-toast`, in the order shown, without that of a level."""
        shown = self.soup.select("[data-toast]:not([data-toast=level])")
        return [str(toast["data-toast"]) for toast in shown]

    def errors(self) -> dict[str, str]:
        """The messages beside the fields, by the field's name."""
        found = {}
        for field in self.soup.select("[aria-invalid=true][name]"):
            for described in str(field.get("aria-describedby", "")).split():
                if described.endswith("-error"):
                    found[str(field["name"])] = _words(self.one(f'[id="{described}"]'))
        return found

    def alert(self) -> str:
        """The error of the form as a whole; empty without one."""
        return " ".join(_words(element) for element in self.soup.select("[role=alert]"))

    def __repr__(self) -> str:
        return f"<Page {self.status} {self.location or self.text[:200]!r}>"


class Browser:
    """Use it like a user: `.get("/songs/")`, `.post("/songs/", title="One", artist="Metallica")`.

    Forms are protected in tests as everywhere; the token comes from the last page that had one.
    `htmx=True` sends the headers of htmx; `htmx="song-list"` also names the target.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client = app.test_client()
        self.signed_in = False
        # A 500 fails the test that meets it, but for those about what happens then.
        self.may_break = False
        self.last: Page | None = None
        self._token = ""

    def get(self, path: str, *, htmx: bool | str = False, **query: object) -> Page:
        return self.request("GET", path, htmx=htmx, query_string=query or None)

    def post(self, path: str, *, htmx: bool | str = False, **fields: object) -> Page:
        """Send a form. `csrf_token=...` sends another token than the page's, None sends none."""
        fields.setdefault("csrf_token", self.token() if "csrf_token" not in fields else None)
        sent = {name: value for name, value in fields.items() if value is not None}
        return self.request("POST", path, htmx=htmx, data=sent)

    def api(self, method: str, path: str, body: object = None, **query: object) -> Page:
        """Send a request to the API, with the session cookie and the CSRF header."""
        headers = {} if method == "GET" else {"X-CSRFToken": self.token()}
        sent = {} if body is None else {"json": body}
        return self.request(method, path, headers=headers, query_string=query or None, **sent)

    def follow(self) -> Page:
        """Follow the redirects of the last response; return the final page."""
        for _ in range(MOST_REDIRECTS):
            if not (self.last and self.last.status in REDIRECTS):
                break
            self.get(self.last.location)
        assert self.last
        assert self.last.status not in REDIRECTS, f"redirected for ever: {self.last}"
        return self.last

    def sign_in(self, username: str, password: str, **fields: object) -> Page:
        """Use the sign-in form; return the page after it, or the form with its errors."""
        answer = self.post("/login", username=username, password=password, **fields)
        if answer.status not in REDIRECTS:
            return answer
        self.signed_in = True
        self._token = ""  # a new session has a new one
        return self.follow()

    def enter(self, person: Person) -> None:
        """Sign in without the form: by cookie, as after the next page."""
        with self.app.test_request_context("/login"), unit_of_work(composition.HANDLERS):
            session.sign_in(person.user, remember=False)
            toasts.forget_unwanted(person.id, Announced.NONE)
            self._token = generate_csrf()
            kept = dict(flask.session)
        with self.client.session_transaction() as cookie:
            cookie.clear()
            cookie.update(kept)
        self.signed_in = True

    def sign_out(self) -> Page:
        return self.post("/logout")

    def token(self) -> str:
        """The CSRF token of this session, taken from a page."""
        if not self._token:
            self.get("/login")
            self.follow()
        return self._token

    def request(
        self, method: str, path: str, *, htmx: bool | str = False, **options: object
    ) -> Page:
        """Send any request; what comes back as HTML is linted."""
        headers = dict(options.pop("headers", {}))
        if htmx:
            headers["HX-Request"] = "true"
            if isinstance(htmx, str):
                headers["HX-Target"] = htmx
        response = self.client.open(path, method=method, headers=headers, **options)
        page = self.last = Page(response)
        assert self.may_break or page.status != 500, f"{method} {path} broke: {page.text}"
        if page.status not in REDIRECTS and response.mimetype == "text/html":
            check_answer(self.app, page, signed_in=self.signed_in)
            self._learn_from(page)
        if path in WAYS_OUT and page.status in REDIRECTS:
            self.signed_in, self._token = False, ""
        return page

    def _learn_from(self, page: Page) -> None:
        # Without parsing pages that were linted before. Quotes in what users write are escaped.
        if token := TOKEN.search(page.html):
            self._token = token[1]
        if ' action="/logout"' in page.html:
            self.signed_in = True


def _words(element: Tag) -> str:
    text = element.get_text(" ").translate(ISOLATES)
    return " ".join(text.split())
