"""The checklist of new users: what it shows follows from what they did."""

from __future__ import annotations


def steps(browser):
    page = browser.get("/songs/")
    return [("--done" in str(step["class"])) for step in page.all(".checklist__step")]


def test_steps_are_ticked_as_they_are_done(as_alice):
    assert steps(as_alice) == [False] * 4
    as_alice.post("/songs/", title="One", artist="Metallica")
    assert steps(as_alice) == [True, False, False, False]
    page = as_alice.get("/songs/")
    song = page.one(".song__title a")["href"]
    assert page.all(f'.checklist a[href="{song}"]')
    as_alice.post(f"{song}/parts/drums", state="done")
    as_alice.post(f"{song}/status", status="released")
    assert steps(as_alice) == [True, True, True, False]
    as_alice.post("/packs/", name="Encore")
    assert steps(as_alice) == []


def test_the_checklist_can_be_hidden_for_good(as_alice, as_bob):
    assert as_alice.post("/checklist/hide").location == "/songs/"
    assert steps(as_alice) == []
    assert steps(as_bob) == [False] * 4


def test_a_fragment_of_the_list_has_no_checklist(as_alice):
    assert not as_alice.get("/songs/", htmx="song-list").all(".checklist")


def test_the_shortcuts_are_listed_as_a_page_and_as_a_fragment(as_alice, stranger):
    for browser in (as_alice, stranger):
        assert "New song" in browser.get("/shortcuts").text
        fragment = browser.get("/shortcuts", htmx="person-card-body")
        assert fragment.one("h2").get_text() == "Keyboard shortcuts"
        assert not fragment.soup.html


def test_the_signed_in_404_page_has_navigation(as_alice, stranger):
    for path in ("/nowhere", "/songs/999", "/users/nobody"):
        page = as_alice.get(path)
        assert page.status == 404
        assert page.one('.nav a[href="/songs/"]')
    page = stranger.get("/nowhere")
    assert page.status == 404
    assert not page.all(".nav")
