"""User input stays text: it never changes the structure of a page.

No list of attacks is complete, so the pages are compared: their elements and the names of their
attributes are the same for a hostile and for a harmless text.
"""

from __future__ import annotations

import html

import pytest

from tests.support.hostile import TEXTS, together
from tests.support.skeleton import of_html
from tests.support.songs import add_song
from trackflow_web.kernel import text as texts

HARMLESS = "Some Song"


def skeleton(page):
    """The elements of a page with the names of their attributes and their depth."""
    return [
        (len(list(element.parents)), element.name, sorted(element.attrs))
        for element in page.soup.select("*")
    ]


@pytest.fixture(scope="module")
def harmless(sqlite_databases):
    """The structure of the whole site with harmless names."""
    from tests.fuzz import texts  # noqa: PLC0415 -- needs requirements-dev.txt

    return texts.walk(sqlite_databases, HARMLESS)


@pytest.mark.tools
def test_the_comparison_covers_the_whole_site(harmless):
    assert len(harmless) >= 200
    assert {answer[0] for answer in harmless.values()} == {200, 204, 303, 403, 404, 422}


@pytest.mark.tools
def test_hostile_text_leaves_the_structure_of_every_response_unchanged(
    sqlite_databases, harmless, sized, subtests
):
    from tests.fuzz import texts  # noqa: PLC0415 -- needs requirements-dev.txt

    for text in together(190)[: sized(2, stress=len(TEXTS))]:
        with subtests.test(text=text):
            seen = texts.walk(sqlite_databases, text)
            assert [where for where in harmless if seen.get(where) != harmless[where]] == []


@pytest.mark.parametrize("text", [text for text in TEXTS[:11] if "<" in text])
@pytest.mark.parametrize("place", ["<p>{}</p>", '<p title="{}">x</p>', "<title>{}</title>"])
def test_the_comparison_detects_unescaped_text(text, place):
    seen = [of_html(place.format(it)) for it in (HARMLESS, text, html.escape(text))]
    assert seen[0] == seen[2]
    if not (place.startswith("<p title") and '"' not in text):
        assert seen[0] != seen[1]


@pytest.fixture
def one(app, alice):
    """A released song of Alice's, so that it is on receipts too."""
    return add_song(app, alice, HARMLESS, HARMLESS, album=HARMLESS, status="released")


def test_a_title_is_shown_as_it_was_entered(as_alice, one):
    for text in TEXTS:
        as_alice.post(f"/songs/{one}", title=text)
        heading = as_alice.get(f"/songs/{one}/row", htmx=True).one("h3").get_text()
        # As typed, without invisible characters.
        assert " ".join(heading.split()) == texts.line(text, "title", longest=200)


def forms_with(browser, text, one):
    """Every response that repeats input."""
    return {
        "search": browser.get("/songs/", q=f"qq{text[:90]}"),
        "search by htmx": browser.get("/songs/", q=f"qq{text[:90]}", htmx=True),
        "refused song": browser.post(
            "/songs/", title=text, artist=text, album=text, status=f"y{text}"
        ),
        "refused edit": browser.post(f"/songs/{one}", title=text, status=f"y{text}"),
        "refused row": browser.post(f"/songs/{one}", artist=text, status=f"y{text}", htmx="row"),
        "profile": browser.post("/settings/profile", email=f"@{text}", timezone=text),
        "token": browser.post("/settings/tokens", name=text, scope=text, days=text),
        "achievements": browser.get("/achievements/", q=f"qq{text[:90]}"),
    }


def test_hostile_text_in_a_rejected_form_is_escaped(as_alice, one):
    as_alice.get("/songs/")
    expected = {
        where: skeleton(page) for where, page in forms_with(as_alice, HARMLESS, one).items()
    }
    for text in TEXTS[:6]:
        for where, page in forms_with(as_alice, text, one).items():
            assert skeleton(page) == expected[where], f"{where} with {text!r}"


def test_hostile_text_in_sign_in_and_registration_forms_is_escaped(stranger, alice):
    def door(text):
        text = text[:100]
        return {
            "login": stranger.post("/login", username=text, password=text, next=text),
            "register": stranger.post("/register", username=f"!{text}", email=text, next=text),
            "next": stranger.get("/login", next=text),
            "404": stranger.get("/nowhere", q=text),
        }  # fmt: skip

    expected = {where: skeleton(page) for where, page in door(HARMLESS).items()}
    for text in TEXTS[:8]:
        for where, page in door(text).items():
            assert skeleton(page) == expected[where], f"{where} with {text!r}"


def test_hostile_text_in_a_token_name_is_escaped(as_alice):
    as_alice.post("/settings/tokens", name=HARMLESS, scope="read", days="30")
    expected = skeleton(as_alice.get("/settings/tokens"))
    for text in TEXTS[:5]:
        as_alice.post(as_alice.get("/settings/tokens").one('form[action$="/delete"]')["action"])
        as_alice.follow()
        as_alice.post("/settings/tokens", name=text[:60], scope="read", days="30")
        assert skeleton(as_alice.get("/settings/tokens")) == expected
