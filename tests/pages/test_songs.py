"""The pages of songs, with plain forms and with htmx."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.charter import Charter, statements_of
from tests.support.people import working
from tests.support.songs import add_song, titles_of
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.packs.actions import create_pack
from trackflow_web.domain.songs import queries


@pytest.fixture
def one(app, alice):
    """The id of Alice's song One."""
    return add_song(app, alice, year="1988")


def shown(page):
    """The titles in the list, from the top."""
    return [heading.get_text() for heading in page.all("#song-rows h3 a")]


def total(page):
    """How many songs are shown of how many."""
    return page.one("#song-total").get_text().strip()


def counts(page):
    return [int(count.get_text()) for count in page.all(".tabs__count")]


def markup(element):
    """An element as it is written, but for token and key, which are others every time."""
    for token in element.select('input[name="csrf_token"], input[name="idempotency_key"]'):
        token["value"] = ""
    return element.prettify()


# --- the list -------------------------------------------------------------------------------------


def test_an_empty_song_list_tells_the_user_what_to_do(as_alice):
    page = as_alice.get("/songs/")
    assert shown(page) == []
    assert "title and artist are enough" in page.text
    assert counts(page) == [0, 0, 0, 0]


@pytest.mark.both_databases
def test_tabs_show_their_counts(app, alice, as_alice):
    for number, status in enumerate(["future", "wip", "wip", "released"]):
        add_song(app, alice, f"Song {number}", status=status)
    page = as_alice.get("/songs/", status="wip")
    assert shown(page) == ["Song 2", "Song 1"]
    assert counts(page) == [4, 1, 2, 1]
    assert page.one('.tabs [aria-current="page"]')["id"] == "tab-wip"


@pytest.mark.both_databases
def test_a_search_covers_title_artist_and_album(app, alice, as_alice):
    add_song(app, alice, "Ace of Spades", "Motörhead")
    add_song(app, alice, "One", album="...And Justice for All")
    add_song(app, alice, "100% Pure Love", "Crystal Waters")
    found = {q: shown(as_alice.get("/songs/", q=q)) for q in ("motorhead", "JUSTICE", "%", "0% p")}
    assert found == {
        "motorhead": ["Ace of Spades"],
        "JUSTICE": ["One"],
        "%": ["100% Pure Love"],
        "0% p": ["100% Pure Love"],
    }


def test_an_empty_search_result_links_to_the_list_without_the_search(one, as_alice):
    page = as_alice.get("/songs/", q="polka", status="wip")
    assert "No songs match “ polka ” here" in page.text
    links = {link.get_text(): link["href"] for link in page.all(".empty a")}
    assert links == {"Clear search": "/songs/?status=wip", "Search all songs": "/songs/?q=polka"}


def test_an_empty_tab_links_to_the_other_tabs(one, as_alice):
    assert "Nothing released yet" in as_alice.get("/songs/", status="released").text


def test_links_to_pages_keep_the_search(app, alice, as_alice):
    Charter(app, alice).add_many(2 * queries.SONGS_A_PAGE + 1, status="wip")
    page = as_alice.get("/songs/", q="song", status="wip", page=2)
    assert len(shown(page)) == queries.SONGS_A_PAGE
    assert shown(page)[-1] == "Song 2"
    assert page.one("[rel=prev]")["href"] == "/songs/?status=wip&q=song&page=1"
    assert page.one("[rel=next]")["href"] == "/songs/?status=wip&q=song&page=3"


def test_a_page_number_past_the_end_shows_the_last_page(one, as_alice):
    assert shown(as_alice.get("/songs/", page=99)) == ["One"]


def test_htmx_gets_the_list_as_the_page_shows_it(one, as_alice):
    fragment = as_alice.get("/songs/", q="one", htmx="song-list")
    page = as_alice.get("/songs/", q="one")
    assert not fragment.all("html, #songs-panel")
    assert markup(fragment.one("#song-list")) == markup(page.one("#song-list"))


@pytest.mark.parametrize("header", ["HX-Boosted", "HX-History-Restore-Request"])
def test_boosting_and_the_back_button_get_the_whole_page(as_alice, header):
    page = as_alice.request("GET", "/songs/", htmx=True, headers={header: "true"})
    assert page.all("html")


# --- adding ---------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_a_plain_form_adds_a_song(as_alice):
    page = as_alice.post(
        "/songs/", title="One", artist="Metallica", album="Justice", year="1988", status="wip"
    )
    assert (page.status, page.location) == (303, "/songs/")
    page = as_alice.follow()
    assert shown(page) == ["One"]
    assert "Added One." in page.text
    assert "Metallica · Justice · 1988" in " ".join(page.one(".song__credits").get_text().split())
    assert counts(page) == [1, 0, 1, 0]


def test_adding_a_song_with_htmx_returns_the_panel_with_an_empty_form(as_alice):
    page = as_alice.post("/songs/", title="One", artist="Metallica", htmx="songs-panel")
    assert page.status == 200
    assert not page.all("html")
    assert shown(page) == ["One"]
    assert page.one("#title")["value"] == ""


def test_adding_keeps_tab_order_status_pack_and_template(app, alice, as_alice):
    with working(app):
        pack = create_pack(alice.user, name="Encore").id
    form = as_alice.get("/songs/", status="wip", sort="title", q="x").one("#quick-add-card form")
    assert form.select_one("#status [selected]")["value"] == "wip"
    kept = {"status": "wip", "pack_id": pack, "template": "no_keys"}
    list_address = form.select_one("[name=next]")["value"]
    page = as_alice.post("/songs/", title="One", artist="Metallica", next=list_address, **kept)
    assert page.status == 303
    page = as_alice.follow()
    assert page.one("#song-tabs [aria-current]")["id"] == "tab-wip"
    assert page.one("#song-sort [selected]")["value"] == "title"
    for name, value in kept.items():
        assert page.one(f"#quick-add-card [name={name}] [selected]")["value"] == str(value)
    assert page.one("#title")["value"] == ""
    assert "autofocus" in page.one("#title").attrs
    assert "open" in page.one("#quick-add-card").attrs
    assert part_states(page.one("#song-rows li"))["keys"] == "skip"


def test_the_add_form_is_closed_until_it_is_used(as_alice):
    assert "open" not in as_alice.get("/songs/").one("#quick-add-card").attrs
    refused = as_alice.post("/songs/", title="", artist="Metallica")
    assert "open" in refused.one("#quick-add-card").attrs


def test_a_song_without_status_goes_into_future_plans(as_alice):
    as_alice.post("/songs/", title="One", artist="Metallica")
    assert counts(as_alice.get("/songs/")) == [1, 1, 0, 0]


@pytest.mark.parametrize("htmx", [False, "songs-panel"])
def test_invalid_fields_are_rejected_at_their_place(as_alice, htmx):
    page = as_alice.post("/songs/", title="", artist="Metallica", album="x" * 201, htmx=htmx)
    assert page.status == 422
    assert set(page.errors()) == {"title", "album"}
    assert page.one("#artist")["value"] == "Metallica"


@pytest.mark.both_databases
def test_a_duplicate_song_is_rejected_with_a_link_to_the_first(app, alice, one, as_alice):
    page = as_alice.post("/songs/", title="ONE", artist="The Metallica")
    assert page.status == 422
    assert page.one("[role=alert] a")["href"] == f"/songs/{one}"
    assert page.alert() == "Already in your list: One by Metallica ."
    assert page.errors() == {}
    assert page.html.count("Already in your list") == 1
    assert titles_of(app, alice) == ["One"]


@pytest.mark.both_databases
def test_another_albums_version_is_added_anyway(app, alice, one, as_alice):
    page = as_alice.post("/songs/", title="ONE", artist="The Metallica", album="S&M")
    assert page.one('button[name="anyway"]').text == "Add anyway"
    said = {"title": "ONE", "artist": "The Metallica", "anyway": "1"}
    assert as_alice.post("/songs/", **said, album="S&M").status == 303
    assert as_alice.post("/songs/", **said, album="Live").status == 303
    assert titles_of(app, alice) == ["One", "ONE", "ONE"]
    page = as_alice.post("/songs/", title="one", artist="metallica")
    assert page.one("[role=alert] a")["href"] == f"/songs/{one}"


@pytest.mark.both_databases
def test_a_song_is_renamed_into_another_version_anyway(app, alice, one, as_alice):
    two = add_song(app, alice, "Two")
    assert as_alice.post(f"/songs/{two}", title="One").status == 422
    assert as_alice.post(f"/songs/{two}", title="One", anyway="1").status == 303
    assert titles_of(app, alice) == ["One", "One"]
    assert as_alice.post(f"/songs/{one}", album="Justice").status == 303


# --- one song -----------------------------------------------------------------------------------


def test_a_songs_page_shows_its_fields_and_parts(one, as_alice):
    page = as_alice.get(f"/songs/{one}")
    assert page.one("h1").get_text() == "One"
    assert "0/15 parts" in page.text


def test_a_plain_form_edits_a_song(one, as_alice):
    form = as_alice.get(f"/songs/{one}/edit")
    assert form.one("#title")["value"] == "One"
    page = as_alice.post(f"/songs/{one}", title="Two", artist="Metallica", album="", year="")
    assert (page.status, page.location) == (303, f"/songs/{one}")
    page = as_alice.follow()
    assert page.one("h1").get_text() == "Two"
    assert page.one("#year")["value"] == ""


def test_fields_that_are_not_sent_stay_as_they_are(one, as_alice):
    as_alice.post(f"/songs/{one}", album="Justice")
    page = as_alice.get(f"/songs/{one}")
    values = [page.one(f"#{field}")["value"] for field in ("title", "artist", "album", "year")]
    assert values == ["One", "Metallica", "Justice", "1988"]


def test_an_edit_may_move_the_song_too(one, as_alice):
    as_alice.post(f"/songs/{one}", title="Two", status="released")
    assert shown(as_alice.get("/songs/", status="released")) == ["Two"]


def test_a_song_row_is_edited_in_place(one, as_alice):
    row = as_alice.get("/songs/").one(f"#song-{one}")
    form = as_alice.get(f"/songs/{one}/edit", htmx=True)
    assert form.one("li form")["action"] == f"/songs/{one}"
    assert form.one("input[name=title]")["value"] == "One"
    cancelled = as_alice.get(f"/songs/{one}/row", htmx=True)
    assert markup(cancelled.one("li")) == markup(row)
    saved = as_alice.post(f"/songs/{one}", title="Two", htmx=f"song-{one}")
    assert saved.one(f"li#song-{one} h3").get_text() == "Two"


@pytest.mark.both_databases
def test_moving_a_song_in_the_list_returns_its_row_and_the_new_counts(app, one, as_alice):
    as_alice.get("/songs/")  # what was unlocked before is shown
    with statements_of(app) as seen:
        page = as_alice.post(f"/songs/{one}/status", status="wip", htmx=f"song-{one}")
    assert page.all("li.song") == [page.one(f"li#song-{one}")]
    swaps = {
        count["id"]: count.get_text().strip() for count in page.all('[id^="song-"][hx-swap-oob]')
    }
    assert swaps == {
        "song-total": "1 song",
        "song-count-all": "1",
        "song-count-future": "0",
        "song-count-wip": "1",
        "song-count-released": "0",
    }
    assert len([text for text in seen if "GROUP BY songs.status" in text]) == 1


def test_moving_a_song_on_its_own_page_returns_no_counts(one, as_alice):
    page = as_alice.post(f"/songs/{one}/status", status="wip", htmx="song-details")
    assert page.one("#song-details")
    assert not page.all('[id^="song-count"]')


def test_every_tab_has_the_id_that_a_moved_row_updates(one, as_alice):
    page = as_alice.get("/songs/")
    ids = [count["id"] for count in page.all(".tabs__count")]
    assert ids == [f"song-count-{key}" for key in ("all", "future", "wip", "released")]


def test_a_rejected_edit_in_place_shows_errors_in_place(one, as_alice):
    page = as_alice.post(f"/songs/{one}", title=" ", artist="X", htmx=f"song-{one}")
    assert page.status == 422
    assert page.all(f"li#song-{one} form")
    assert set(page.errors()) == {"title"}
    assert page.one("input[name=artist]")["value"] == "X"


def test_the_head_of_a_songs_page_is_edited_in_place(one, as_alice):
    page = as_alice.post(f"/songs/{one}", title="Two", htmx="song-details")
    assert page.one("#song-details h1").get_text() == "Two"
    refused = as_alice.post(f"/songs/{one}", album="x" * 201, htmx="song-details")
    assert refused.status == 422
    assert set(refused.errors()) == {"album"}


@pytest.mark.both_databases
def test_a_song_cannot_be_renamed_to_another_songs_title(app, alice, one, as_alice):
    two = add_song(app, alice, "Two")
    page = as_alice.post(f"/songs/{two}", title="One")
    assert page.status == 422
    assert page.one("[role=alert] a")["href"] == f"/songs/{one}"
    assert titles_of(app, alice) == ["One", "Two"]


def test_a_rejected_edit_shows_the_unchanged_song(one, as_alice):
    page = as_alice.post(f"/songs/{one}", title="Two", status="nonsense")
    assert page.status == 422
    assert page.one(".crumb").get_text().strip() == "One"
    assert "status" in page.alert()


# --- parts in the list ----------------------------------------------------------------------------


def part_states(row):
    return {mark["data-part"]: mark["data-state"] for mark in row.select("[data-part]")}


def test_a_row_shows_exactly_its_15_parts_with_their_names_and_states(one, as_alice):
    as_alice.post(f"/songs/{one}/parts/drums", state="done")
    as_alice.post(f"/songs/{one}/parts/pro_keys", state="skip")
    row = as_alice.get("/songs/").one(f"#song-{one}")
    assert part_states(row) == dict.fromkeys(Part, "todo") | {"drums": "done", "pro_keys": "skip"}
    assert len(row.select("[data-part], [data-state]")) == 15
    words = [mark.get_text() for mark in row.select("[data-part]")]
    assert words[:6] == ["Demucs", "MIDI", "Tempo map", "Fake ending", "Drums done", "Bass"]
    assert words[9] == "Pro keys not needed"
    link = row.select_one("a.parts")
    assert link["href"] == f"/songs/{one}#song-parts"
    assert "1/14 parts" in link.get_text()


def test_the_next_part_is_ticked_in_the_list(one, as_alice):
    row = as_alice.get("/songs/", status="future").one(f"#song-{one}")
    button = row.select_one(".song__parts button")
    assert button.get_text() == "Next: Demucs"
    assert not {"data-part", "data-state"} & set(button.attrs)
    fields = {button["name"]: button["value"]}
    page = as_alice.post(button["formaction"], **fields, next="/songs/?status=future&sort=title")
    assert page.location == "/songs/?status=future&sort=title"
    page = as_alice.post(f"/songs/{one}/parts/midi", **fields, htmx=f"song-{one}")
    row = page.one(f"li#song-{one}")
    assert row.select_one(".song__parts button").get_text() == "Next: Tempo map"
    assert list(part_states(row).values())[:3] == ["done", "done", "todo"]


def test_a_song_with_nothing_left_has_no_next_part(app, alice, one, as_alice):
    Charter(app, alice).mark(one, "done")
    assert not as_alice.get("/songs/").all(".song__parts button")


# --- sorting, filters and counts ------------------------------------------------------------------


@pytest.fixture
def shelf(app, alice):
    """Three songs, of which B has the fewest parts left and C was changed last."""
    charter = Charter(app, alice)
    ids = {
        title: charter.add(title, artist, year=year)
        for title, artist, year in (("B", "Ypsilon", 1999), ("C", "Zed", None), ("A", "Xi", 1988))
    }
    charter.mark(ids["B"], "done", list(Part)[:2])
    with working(app):
        for title, minute in (("A", 1), ("B", 2), ("C", 3)):
            song = queries.find_song(ids[title], for_update=True)
            song.updated_at = song.updated_at + timedelta(minutes=minute)
    return ids


@pytest.mark.both_databases
def test_songs_are_sorted(shelf, as_alice, subtests):
    for sort, expected in (
        ("newest", "ACB"),
        ("updated", "CBA"),
        ("title", "ABC"),
        ("artist", "ABC"),
        ("year", "ABC"),
        ("parts_left", "BAC"),
    ):
        with subtests.test(sort=sort):
            page = as_alice.get("/songs/", sort=sort)
            assert "".join(shown(page)) == expected
            assert page.one("#song-sort [selected]")["value"] == sort


@pytest.mark.both_databases
def test_songs_missing_a_part_are_found_and_counted(shelf, as_alice):
    page = as_alice.get("/songs/", missing="demucs")
    assert shown(page) == ["A", "C"]
    assert counts(page) == [2, 2, 0, 0]
    assert total(page) == "2 of 3 songs"
    assert shown(as_alice.get("/songs/", missing="drums")) == ["A", "C", "B"]


@pytest.mark.parametrize(("name", "value"), [("sort", "price"), ("missing", "kazoo")])
def test_an_unknown_order_or_part_is_rejected(as_alice, name, value):
    assert as_alice.get("/songs/", **{name: value}).status == 422


def test_counts_follow_the_search(app, alice, as_alice):
    for title, status in (("One", "wip"), ("Two", "wip"), ("Three", "released")):
        add_song(app, alice, title, status=status, artist="X")
    page = as_alice.get("/songs/", q="t")
    assert counts(page) == [2, 0, 1, 1]
    assert total(page) == "2 of 3 songs"
    assert total(as_alice.get("/songs/")) == "3 songs"
    assert total(as_alice.get("/songs/", status="wip")) == "2 of 3 songs"


def test_tabs_and_pages_keep_search_part_and_order(shelf, as_alice):
    page = as_alice.get("/songs/", q="a", missing="bass", sort="title")
    assert page.one("#tab-wip")["href"] == "/songs/?status=wip&q=a&missing=bass&sort=title"


def send_from_list(browser, query, song_id, action, **fields):
    """Use a button of a row, with htmx."""
    return browser.request(
        "POST",
        f"/songs/{song_id}/{action}",
        htmx=f"song-{song_id}",
        headers={"HX-Current-URL": f"http://localhost/songs/?{query}"},
        data={**fields, "csrf_token": browser.token()},
    )


def test_a_row_in_which_a_part_was_missing_says_that_it_is_settled(one, as_alice):
    as_alice.get("/songs/")
    for state, said in [("done", "One · Drums is done"), ("skip", "One · Drums is not needed")]:
        page = send_from_list(as_alice, "missing=drums", one, "parts/drums", state=state)
        row = page.one(f"li#song-{one}")
        assert said in " ".join(row.get_text(" ").split())
        assert page.one("#song-total").get_text().strip() == "0 of 1 song"
        undo = row.select_one("button[form=row]")
        assert undo["formaction"] == f"/songs/{one}/parts/drums"
        page = send_from_list(as_alice, "missing=drums", one, "parts/drums", state=undo["value"])
        assert page.one(f"li#song-{one} [data-part=drums]")["data-state"] == "todo"
    assert send_from_list(as_alice, "missing=drums", one, "parts/bass", state="done").all(".parts")


def test_deleting_the_last_row_of_a_list_says_that_it_is_empty(one, as_alice):
    as_alice.get("/songs/")
    page = send_from_list(as_alice, "q=one", one, "delete")
    assert page.headers["HX-Retarget"] == "#song-list"
    assert "No songs match" in page.one(".empty__title").text
    assert page.one("[data-undo]")


def test_deleting_one_of_several_rows_leaves_the_list(app, alice, one, as_alice):
    add_song(app, alice, "Two", "Metallica")
    as_alice.get("/songs/")
    page = send_from_list(as_alice, "", one, "delete")
    assert "HX-Retarget" not in page.headers
    assert not page.all("#song-list")


def test_a_row_that_leaves_its_tab_says_where_it_went(one, as_alice):
    page = send_from_list(as_alice, "status=future&q=one", one, "status", status="wip")
    assert "One · Moved to WIP" in " ".join(page.one(f"li#song-{one}").get_text(" ").split())
    assert page.one("#song-count-future").get_text() == "0"
    assert page.one("#song-total").get_text().strip() == "0 of 1 song"
    undone = as_alice.post(page.one(f"li#song-{one} form")["action"])
    assert undone.status == 303
    assert counts(as_alice.get("/songs/")) == [1, 1, 0, 0]


# --- moving and deleting ------------------------------------------------------------------------


def test_a_plain_form_moves_a_song(one, as_alice):
    page = as_alice.post(f"/songs/{one}/status", status="wip")
    assert (page.status, page.location) == (303, f"/songs/{one}")
    pressed = as_alice.follow().one('#song-details [aria-pressed="true"]')
    assert pressed["value"] == "wip"


@pytest.mark.parametrize(
    ("target", "found"), [("song-details", "section#song-details"), ("x", "li")]
)
def test_moving_a_song_with_htmx_returns_the_replaced_element(one, as_alice, target, found):
    page = as_alice.post(f"/songs/{one}/status", status="wip", htmx=target)
    assert page.one(f'{found} [aria-pressed="true"]')["value"] == "wip"


def test_each_step_of_a_song_shows_its_toast(as_alice):
    as_alice.post("/songs/", title="One", artist="Metallica")
    page = as_alice.follow()
    song_id = page.one("#song-rows li")["id"].removeprefix("song-")
    told = [page.toasts()]
    for status in ("wip", "released", "wip", "released"):
        as_alice.post(f"/songs/{song_id}/status", status=status)
        told.append(sorted(as_alice.follow().toasts()))
    assert told == [["dreamer"], ["getting_started"], ["first_finish", "first_release"], [], []]


@pytest.mark.both_databases
def test_a_deleted_song_is_restored_by_undo(app, alice, one, as_alice):
    as_alice.post(f"/songs/{one}/parts/drums", state="done")
    page = as_alice.post(f"/songs/{one}/delete")
    assert (page.status, page.location) == (303, "/songs/")
    page = as_alice.follow()
    assert "Deleted One. Your counts drop by one; achievements stay." in page.text
    assert titles_of(app, alice) == []
    as_alice.post(page.one(".notice--undo form")["action"])
    page = as_alice.follow()
    assert "Restored One." in page.text
    assert shown(page) == ["One"]
    assert part_states(page.one(f"#song-{one}"))["drums"] == "done"


def test_deleting_a_song_twice_returns_404(one, as_alice):
    as_alice.post(f"/songs/{one}/delete")
    assert as_alice.post(f"/songs/{one}/delete").status == 404


def test_every_button_of_a_deleted_song_returns_404(one, as_alice):
    as_alice.post(f"/songs/{one}/delete")
    for path in ("", "/edit", "/row"):
        assert as_alice.get(f"/songs/{one}{path}").status == 404
    for path in ("", "/status", "/parts/drums"):
        assert as_alice.post(f"/songs/{one}{path}", status="wip", state="done").status == 404


def test_the_row_of_a_released_song_leads_to_its_share_box(app, as_alice, alice):
    released = add_song(app, alice, "One", "Metallica", status="released")
    planned = add_song(app, alice, "Two", "Metallica")
    page = as_alice.get("/songs/")
    link = page.one(f"#song-{released} a[href='/releases/{released}#share']")
    assert link.get_text() == "Share"
    assert as_alice.get(f"/releases/{released}").one("details#share")
    assert page.all(f"#song-{planned} a[href*=share]") == []
