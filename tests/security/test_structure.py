"""What people type is text: it changes no page's structure, whatever it looks like.

No list of attacks is complete, so the pages are compared: their elements and the names of their
attributes are the same for a hostile and for a harmless text.
"""

from __future__ import annotations

import unicodedata

import pytest

from tests.support.songs import add_song

HARMLESS = "Some Song"
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)' x='",
    '" autofocus onfocus=alert(1) x="',
    '<b hx-get="/logout" hx-trigger="load">x</b>',
    '<div id="toasts" hx-swap-oob="innerHTML">x</div>',
    '<meta name="htmx-config" content=\'{"allowEval":true}\'>',
    "</title><h1>x</h1><title>",
    "</textarea></script></style></svg><svg onload=alert(1)>",
    "<form action=//evil.example><input name=csrf_token>",
    "<base href=//evil.example>",
    "<!-- <b>",
    "]]><![CDATA[<b>",
    "{{ 7 * 7 }}{% include 'x' %}${7*7}",
    "&lt;b&gt;&#60;b&#62;&amp;quot;",
    "javascript:alert(1)",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe\N{POP DIRECTIONAL FORMATTING}x",
    "Z" + "\N{COMBINING ACUTE ACCENT}\N{COMBINING CEDILLA}" * 60,
    "\\u003cb\\u003e\\x3cb\\x3e",
    "=cmd|' /C calc'!A0",
    "%3Cb%3E%22%27",
    "x" * 200,
    "../../../etc/passwd",
    "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}",
]


def skeleton(page):
    """The elements of a page with the names of their attributes, and how deep each stands."""
    return [
        (len(list(element.parents)), element.name, sorted(element.attrs))
        for element in page.soup.select("*")
    ]


@pytest.fixture
def one(app, alice):
    """A released song of Alice's, so that it stands on the receipts of achievements too."""
    return add_song(app, alice, HARMLESS, HARMLESS, album=HARMLESS, status="released")


@pytest.fixture
def pages(as_alice, one):
    """Every page and fragment that shows the song, by its address."""
    as_alice.get("/songs/")  # the toasts that waited

    def fetch():
        whole = ["/songs/", f"/songs/{one}", f"/songs/{one}/edit", f"/songs/{one}/delete",
                 "/achievements/first_release"]  # fmt: skip
        parts = [f"/songs/{one}/edit", f"/songs/{one}/row", "/songs/"]
        found = {path: as_alice.get(path) for path in whole}
        found |= {f"{path} by htmx": as_alice.get(path, htmx=True) for path in parts}
        moved = as_alice.post(f"/songs/{one}/status", status="released", htmx="song-details")
        ticked = as_alice.post(f"/songs/{one}/parts/drums", state="todo", htmx="song-parts")
        return found | {"moved": moved, "ticked": ticked}

    return fetch


def test_a_songs_texts_change_no_page(as_alice, one, pages):
    expected = {where: skeleton(page) for where, page in pages().items()}
    for title, artist, album in zip(HOSTILE[::3], HOSTILE[1::3], HOSTILE[2::3], strict=True):
        answer = as_alice.post(f"/songs/{one}", title=title, artist=artist, album=album)
        assert answer.status == 303, (title, artist, album)
        as_alice.follow()  # says "Saved."
        for where, page in pages().items():
            assert skeleton(page) == expected[where], f"{where} with {(title, artist, album)}"


def test_a_song_reads_as_it_was_typed(as_alice, one):
    for text in HOSTILE:
        as_alice.post(f"/songs/{one}", title=text)
        heading = as_alice.get(f"/songs/{one}/row", htmx=True).one("h3").get_text()
        assert " ".join(heading.split()) == unicodedata.normalize("NFC", text)


def test_what_is_said_of_a_deed_is_text_and_so_are_its_toasts(app, as_alice, as_bob):
    as_bob.post("/songs/", title=HARMLESS, artist=HARMLESS)
    expected = skeleton(as_bob.follow())
    as_alice.post("/songs/", title=HOSTILE[1], artist=HOSTILE[4])
    page = as_alice.follow()
    assert page.toasts() == ["dreamer"]
    assert skeleton(page) == expected
    as_alice.post(page.one('a[href$="/delete"]')["href"])
    as_bob.post(as_bob.last.one('a[href$="/delete"]')["href"])
    assert skeleton(as_alice.follow()) == skeleton(as_bob.follow())


def forms_with(browser, text, one):
    """Every answer that shows once more what was typed."""
    return {
        "search": browser.get("/songs/", q=f"qq{text[:90]}"),
        "search by htmx": browser.get("/songs/", q=f"qq{text[:90]}", htmx=True),
        "refused song": browser.post(
            "/songs/", title=text, artist=text, album=text, year=f"y{text}"
        ),
        "refused edit": browser.post(f"/songs/{one}", title=text, year=f"y{text}"),
        "refused row": browser.post(f"/songs/{one}", artist=text, year=f"y{text}", htmx="row"),
        "profile": browser.post("/settings/profile", email=f"@{text}", timezone=text),
        "token": browser.post("/settings/tokens", name=text, scope=text, days=text),
        "achievements": browser.get("/achievements/", q=f"qq{text[:90]}"),
    }


def test_a_form_shown_again_holds_text(as_alice, one):
    as_alice.get("/songs/")
    expected = {
        where: skeleton(page) for where, page in forms_with(as_alice, HARMLESS, one).items()
    }
    for text in HOSTILE[:6]:
        for where, page in forms_with(as_alice, text, one).items():
            assert skeleton(page) == expected[where], f"{where} with {text!r}"


def test_the_door_holds_text(stranger, alice):
    def door(text):
        text = text[:100]
        return {
            "login": stranger.post("/login", username=text, password=text, next=text),
            "register": stranger.post("/register", username=f"!{text}", email=text, next=text),
            "next": stranger.get("/login", next=text),
            "404": stranger.get("/nowhere", q=text),
        }  # fmt: skip

    expected = {where: skeleton(page) for where, page in door(HARMLESS).items()}
    for text in HOSTILE[:8]:
        for where, page in door(text).items():
            assert skeleton(page) == expected[where], f"{where} with {text!r}"


def test_the_name_of_a_token_is_text(as_alice):
    as_alice.post("/settings/tokens", name=HARMLESS, scope="read", days="30")
    expected = skeleton(as_alice.get("/settings/tokens"))
    for text in HOSTILE[:5]:
        as_alice.post(as_alice.get("/settings/tokens").one('form[action$="/delete"]')["action"])
        as_alice.follow()
        as_alice.post("/settings/tokens", name=text[:60], scope="read", days="30")
        assert skeleton(as_alice.get("/settings/tokens")) == expected
