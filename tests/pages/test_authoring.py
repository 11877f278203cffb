"""Marking the parts of a song on pages."""

from __future__ import annotations

import pytest

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
