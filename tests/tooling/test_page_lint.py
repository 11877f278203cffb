"""The lint of fetched pages detects invalid pages."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.support.browsing import Browser
from tests.support.lint import check_answer, page_problems, parse

PAGE = """<!doctype html><html lang="en"><head><title>Songs · TrackFlow</title></head>
<body><main><h1>Songs</h1>{}</main></body></html>"""
TOKEN = '<input type="hidden" name="csrf_token" value="x">'


@pytest.fixture
def routes():
    """An application with one page that shows and one that changes."""
    small = Flask(__name__)
    small.add_url_rule("/songs/", "index", lambda: "", methods=["GET"])
    small.add_url_rule("/songs/1/delete", "delete", lambda: "", methods=["POST"])
    return small


def problems(routes, html):
    return list(page_problems(routes, parse(html)))


@pytest.mark.parametrize(
    "html",
    [
        '<h2>New</h2><h3>One</h3><a href="/songs/">All</a>',
        f'<form method="post" action="/songs/1/delete">{TOKEN}<button>Delete</button></form>',
        '<form action="/songs/"><label>Search <input name="q"></label></form>',
        '<label for="q">Search</label><input id="q" aria-describedby="hint"><p id="hint">...</p>',
        '<a href="https://example.org/">Elsewhere</a><a href="/songs/?q=a#one">Found</a>',
        '<button hx-post="/songs/1/delete" hx-target="#here">Delete</button><p id="here"></p>',
    ],
)
def test_a_valid_page_passes(routes, html):
    assert problems(routes, PAGE.format(html)) == []


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ("<h1>Two</h1>", "2 <h1>"),
        ("<h3>Deep</h3>", "follows a level 1"),
        ('<p id="a"></p><p id="a"></p>', "stands 2 times"),
        ('<input name="q">', "without a label"),
        ('<label for="p">Search</label>', 'for="p" names no id'),
        ('<p aria-describedby="gone">...</p>', "names no id"),
        ('<p hx-target="#gone">...</p>', "finds nothing"),
        ('<a href="#gone">Down</a>', "leads nowhere"),
        ("<form><button>Go</button></form>", "without action"),
        ('<form method="post" action="/songs/1/delete"></form>', "csrf_token"),
        (f'<form action="/songs/">{TOKEN}</form>', "into the address"),
        ("<button></button>", "nothing says"),
        ('<a href="/songs/"><img src="/x.png" alt=""></a>', "nothing says"),
        ('<a href="/songs/"><button>Go</button></a>', "inside another"),
        ('<img src="/x.png">', "without alt"),
        ('<p style="color: red">', "an inline style"),
        ('<p onclick="go()">', "an inline onclick"),
        ('<p hx-on:click="go()">', "an inline hx-on"),
        ('<a href="javascript:go()">Go</a>', "a script for an address"),
        ("<script>go()</script>", "an inline <script>"),
        ('<a href="/nothing">Go</a>', "no such page"),
        ('<a href="/songs">Go</a>', "only redirects"),
        ('<a href="/songs/1/delete">Go</a>', "does not take GET"),
        ('<p hx-post="/songs/">Go</p>', "does not take POST"),
    ],
)
def test_an_invalid_page_is_detected(routes, html, problem):
    assert problem in "\n".join(problems(routes, PAGE.format(html)))


def test_a_duplicate_attribute_is_detected():
    with pytest.raises(AssertionError, match="written twice"):
        parse('<p class="a" class="b">')


def test_a_title_that_differs_from_the_heading_is_detected(routes):
    html = PAGE.format("").replace("<h1>Songs", "<h1>Packs")
    assert "does not contain" in "\n".join(problems(routes, html))


def test_a_fragment_may_refer_to_ids_outside_itself(routes):
    assert problems(routes, '<button hx-get="/songs/" hx-target="#elsewhere">More</button>') == []


def change(page, text, into):
    assert text in page.html
    page.html = page.html.replace(text, into)
    vars(page).pop("soup", None)  # it may have been parsed


def test_a_page_that_passed_is_linted_again_once_it_differs(app, stranger):
    page = stranger.get("/login")
    change(page, "</main>", "<h1>Two</h1></main>")
    for _ in range(2):
        with pytest.raises(AssertionError, match="2 <h1>"):
            check_answer(app, page, signed_in=False)


def test_a_token_without_a_value_is_found_in_a_page_that_passed(app, stranger):
    page = stranger.get("/login")
    change(page, f'value="{stranger.token()}"', 'value=""')
    with pytest.raises(AssertionError, match="csrf_token"):
        check_answer(app, page, signed_in=False)


def test_a_page_that_passed_still_tells_a_browser_its_session(app, alice, as_alice):
    as_alice.get("/songs/")
    again = Browser(app)
    again.client = as_alice.client
    assert not again.signed_in
    again.get("/songs/")
    assert again.signed_in
    assert again._token
