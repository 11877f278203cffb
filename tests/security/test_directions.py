"""A text from right to left affects nothing around it."""

from __future__ import annotations

import io
import re

import pytest

from tests.support.routes import html_routes

HEBREW = re.compile(r"[\u0590-\u05ff]")
ISOLATED = re.compile(r"\u2068[^\u2069]*\u2069")
EXPORT = "/settings/privacy/export"  # no page
NAMES = {"title": "שיר חדש", "artist": "אמן", "album": "אלבום", "name": "חבילה"}


def leaks(page):
    """User texts on a page whose direction is not isolated."""
    for text in page.soup.find_all(string=HEBREW):
        is_isolated = text.find_parent(lambda tag: tag.name == "bdi" or "dir" in tag.attrs)
        # What is never shown has no direction.
        is_hidden = text.find_parent(class_="visually-hidden")
        if not is_isolated and not is_hidden and HEBREW.search(ISOLATED.sub("", text)):
            yield str(text.parent)


@pytest.fixture
def values(as_alice, bob):
    """One of each named object, in Hebrew; the URL arguments by name."""

    def made(path, **fields):
        page = as_alice.post(path, **fields)
        assert page.status == 303, (path, page)
        return page.location.rpartition("/")[2]

    song = {name: NAMES[name] for name in ("title", "artist", "album")}
    song_id = as_alice.api("POST", "/api/songs/", song).json["id"]
    pack_id = made("/packs/", name=NAMES["name"])
    series_id = made(
        "/series/", artist=NAMES["artist"], album=NAMES["album"], tracks=NAMES["title"]
    )
    as_alice.post(f"/packs/{pack_id}/songs", song_id=song_id)
    rows = f"{NAMES['name']},{NAMES['artist']}\n{NAMES['title']},{NAMES['album']}\n"
    file = (io.BytesIO(rows.encode()), "list.csv")
    return {
        "song_id": song_id,
        "pack_id": pack_id,
        "series_id": series_id,
        "import_id": made("/imports/", file=file, name=NAMES["name"]),
        "feature_id": made("/features/", title=NAMES["title"], description=NAMES["name"]),
        "bug_id": made("/bugs/", title=NAMES["title"], description=NAMES["name"]),
        "username": "alice",
    }


@pytest.mark.fault("C5")
def test_texts_of_users_are_isolated_on_every_page(app, as_alice, values):
    as_alice.post(f"/features/{values['feature_id']}/comments", body=NAMES["title"])
    paths = {
        route.path
        for route in html_routes(app, unknown_too(app, values))
        if route.method == "GET" and route.arguments <= {*values, "item_id"}
    }
    paths |= {f"/songs/?q={NAMES['title']}", f"/packs/{values['pack_id']}?q={NAMES['name']}"}
    found = {path: list(leaks(as_alice.get(path))) for path in sorted(paths - {EXPORT})}
    assert not {path: texts for path, texts in found.items() if texts}


def unknown_too(app, values):
    """The values, and something for arguments that no page here needs."""
    arguments = {name for rule in app.url_map.iter_rules() for name in rule.arguments}
    return (
        dict.fromkeys(arguments, 1)
        | {"part": "drums", "action": "ban", "size": "64", "side": "250", "form": "svg"}
        | values
    )


@pytest.mark.fault("C5")
def test_notices_isolate_the_direction_of_names(as_alice, values):
    as_alice.get("/")  # shows the notices of what was made
    as_alice.follow()
    notices = []
    for path, fields in (
        ("/songs/", {"title": NAMES["artist"], "artist": NAMES["artist"]}),
        (f"/packs/{values['pack_id']}/release", {}),
        (f"/packs/{values['pack_id']}/delete", {}),
        (f"/series/{values['series_id']}/delete", {}),
        (f"/songs/{values['song_id']}/delete", {}),
    ):
        as_alice.post(path, **fields)
        page = as_alice.follow()
        assert not list(leaks(page)), path
        notices += [notice.get_text() for notice in page.soup.select(".notices .notice")]
    assert len(notices) == 5
    assert all("\u2068" in notice for notice in notices)
