"""Marking the parts of a song on pages."""

from __future__ import annotations

import pytest

from tests.support.charter import Charter
from tests.support.songs import add_song
from trackflow_web.domain.authoring.rules import Part, State


@pytest.fixture
def one(app, alice):
    return add_song(app, alice)


def pressed(page):
    """The state of each part, by the radio button that is chosen, in the order of the work."""
    chosen = {radio["id"]: radio["value"] for radio in page.all("#song-parts [checked]")}
    states = [[chosen.get(f"part-{part}-{state}") for state in State] for part in Part]
    return ["".join(filter(None, each)) for each in states]


def bar(page):
    progress = page.one("#song-parts progress")
    return int(progress["value"]), int(progress["max"])


def test_a_plain_form_marks_a_part(one, as_alice):
    page = as_alice.post(f"/songs/{one}/parts/drums", state="done")
    assert (page.status, page.location) == (303, f"/songs/{one}#song-parts")
    page = as_alice.follow()
    assert pressed(page) == ["todo"] * 4 + ["done"] + ["todo"] * 10
    assert bar(page) == (1, 15)


def test_marking_a_part_with_htmx_returns_the_parts_only(one, as_alice):
    page = as_alice.post(f"/songs/{one}/parts/keys", state="skip", htmx="song-parts")
    assert not page.all("html")
    assert pressed(page).count("skip") == 1
    assert bar(page) == (0, 14)
    assert "0/14 parts" in page.text


def test_a_done_part_can_be_reset_to_todo(one, as_alice):
    as_alice.post(f"/songs/{one}/parts/drums", state="done")
    page = as_alice.post(f"/songs/{one}/parts/drums", state="todo", htmx="song-parts")
    assert set(pressed(page)) == {"todo"}


def test_the_song_list_shows_the_progress_of_a_song(one, as_alice):
    for part in ("drums", "bass"):
        as_alice.post(f"/songs/{one}/parts/{part}", state="done")
    assert "2/15 parts" in as_alice.get("/songs/").one(f"#song-{one}").get_text()


def test_completing_the_last_part_shows_one_toast(one, as_alice):
    parts = list(Part)
    for part in parts[:-1]:
        assert not as_alice.post(f"/songs/{one}/parts/{part}", state="done", htmx=True).toasts()
    last = f"/songs/{one}/parts/{parts[-1]}"
    assert as_alice.post(last, state="done", htmx=True).toasts() == ["perfectionist"]
    as_alice.post(last, state="todo", htmx=True)
    assert as_alice.post(last, state="done", htmx=True).toasts() == []


@pytest.mark.parametrize("part", ["kazoo", "DRUMS", "drums%00", "drums/", "..", "drums'"])
def test_an_unknown_part_returns_404(one, as_alice, part):
    assert as_alice.post(f"/songs/{one}/parts/{part}", state="done").status == 404


def test_an_unknown_state_is_rejected(one, as_alice):
    page = as_alice.post(f"/songs/{one}/parts/drums", state="perfect")
    assert page.status == 422
    assert "state: This must be one of: todo, done, skip." in page.text


# --- templates of one's own -----------------------------------------------------------------------


@pytest.fixture
def trio(as_alice, one):
    """A template saved from a song without keys; its form value."""
    as_alice.post(f"/songs/{one}/parts/keys", state="skip")
    as_alice.post(f"/songs/{one}/templates", name="Power trio")
    options = as_alice.get("/songs/").all("#template option")
    return next(each["value"] for each in options if each.get_text() == "Power trio")


def test_a_saved_template_is_applied_when_adding_a_song(as_alice, trio):
    as_alice.post("/songs/", title="Two", artist="Metallica", template=trio)
    row = as_alice.get("/songs/").all("#song-rows > li")[0]
    assert [each["data-part"] for each in row.select('[data-state="skip"]')] == ["keys"]


def test_a_saved_template_is_applied_to_several_songs_and_undone(app, alice, as_alice, trio):
    songs = [str(song) for song in Charter(app, alice).add_many(2)]
    as_alice.post("/songs/bulk", action="template", template=trio, songs=songs)
    page = as_alice.follow()
    assert "Set the parts of 2 songs." in page.text
    skipped = '#song-rows [data-part="keys"][data-state="skip"]'
    assert len(page.all(skipped)) == 3
    as_alice.post(page.one("form.undo")["action"])
    assert "Changed 2 songs back." in as_alice.follow().text
    assert len(as_alice.get("/songs/").all(skipped)) == 1


def test_the_song_page_shows_which_saved_template_it_has(as_alice, one, trio):
    assert as_alice.get(f"/songs/{one}").one("#parts-template option[selected]")["value"] == trio


@pytest.mark.parametrize("htmx", [False, "song-parts"])
def test_a_template_without_a_name_or_of_a_taken_one_is_rejected(as_alice, one, trio, htmx):
    for name in ("", "power TRIO", "x" * 41):
        page = as_alice.post(f"/songs/{one}/templates", htmx=htmx, name=name)
        assert page.status == 422
        assert list(page.errors()) == ["name"]


def test_a_template_needs_a_part_that_is_not_needed(as_alice, one):
    page = as_alice.post(f"/songs/{one}/templates", name="Everything")
    assert "Mark at least one part as not needed first." in page.text


def test_a_deleted_template_is_restored(as_alice, one, trio):
    page = as_alice.get(f"/songs/{one}")
    form = page.one(".own-templates form")
    as_alice.post(form["action"], next=form.select_one("[name=next]")["value"])
    page = as_alice.follow()
    assert not page.all(".own-templates")
    assert page.one('[data-part="keys"]')["data-state"] == "skip"
    as_alice.post(page.one("form.undo")["action"])
    assert as_alice.get(f"/songs/{one}").one(".own-templates strong").get_text() == "Power trio"


def test_another_users_template_is_rejected(as_alice, as_charlie, one, trio):
    number = trio.removeprefix("own-")
    assert as_charlie.post(f"/templates/{number}/delete").status == 404
    for template in (trio, "own-", "own-x", "own-0", f"own-{'9' * 30}", "own-987654"):
        page = as_charlie.post("/songs/", title="A", artist="B", template=template)
        assert (page.status, list(page.errors())) == (422, ["template"]), template
