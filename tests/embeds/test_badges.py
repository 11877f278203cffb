"""Badges show what a visitor sees, and nothing in them leads elsewhere."""

from __future__ import annotations

import io
import json
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from tests.support.people import working
from tests.support.songs import add_song
from trackflow_web.domain.people.models import Audience
from trackflow_web.embeds.drawing import Badge, Size, Theme, drawn, fitted

PATHS = (
    "/users/alice/badge.svg",
    "/users/alice/badge.png",
    "/users/alice/badge/first_release.svg",
    "/users/alice/badge/first_release.png",
    "/users/alice/shield.json",
)


@pytest.fixture
def public(app, alice):
    with working(app):
        alice.user.audience = Audience.EVERYONE
    add_song(app, alice, "One", "Metallica", status="released")


def get(browser, path):
    return browser.client.get(path)


def test_a_badge_has_its_own_headers_and_no_cookie(stranger, as_alice, public, subtests):
    for path in PATHS:
        for browser in (stranger, as_alice):
            with subtests.test(path=path):
                answer = get(browser, path)
                assert answer.status_code == 200
                assert answer.headers.getlist("Cross-Origin-Resource-Policy") == ["cross-origin"]
                assert answer.headers.getlist("Content-Security-Policy") == [
                    "default-src 'none'; style-src 'unsafe-inline'; sandbox"
                ]
                assert "max-age=3600" in answer.headers["Cache-Control"]
                assert "Set-Cookie" not in answer.headers
                assert "Cookie" not in answer.headers.get("Vary", "")
                again = browser.client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
                assert again.status_code == 304


def test_only_badges_may_be_embedded_elsewhere(stranger, public):
    headers = stranger.client.get("/users/alice").headers
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("audience", [Audience.MEMBERS, Audience.ME])
@pytest.mark.parametrize("path", PATHS)
def test_badges_of_others_look_like_missing_ones_even_to_their_owner(
    stranger, as_alice, app, alice, public, path, audience
):
    etag = get(stranger, path).headers["ETag"]
    with working(app):
        alice.user.audience = audience
    missing = get(stranger, path.replace("alice", "nobody"))
    hidden = stranger.client.get(path, headers={"If-None-Match": etag})
    assert hidden.status_code == missing.status_code == 404
    assert hidden.text == missing.text
    assert hidden.headers["Cache-Control"] == "no-store"
    assert hidden.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert get(as_alice, path).status_code == 404


def test_parameters_are_from_a_closed_list(stranger, public):
    for theme in Theme:
        for size in Size:
            path = f"/users/alice/badge.svg?theme={theme}&size={size}"
            root = ET.fromstring(get(stranger, path).data)  # noqa: S314 -- our own
            assert root.attrib["width"] == str(size.width)
    for odd in ("theme=pink", "size=xxl"):
        assert get(stranger, f"/users/alice/badge.svg?{odd}").status_code == 422
    assert get(stranger, "/users/alice/badge.gif").status_code == 404


def test_a_png_has_twice_the_pixels(stranger, public):
    for size in Size:
        answer = get(stranger, f"/users/alice/badge.png?size={size}&theme=dark")
        image = Image.open(io.BytesIO(answer.data))
        assert (image.format, image.size) == ("PNG", (2 * size.width, 2 * size.height))


def test_the_text_of_a_png_is_rendered_with_our_fonts(app, public, stranger, alice):
    before = get(stranger, "/users/alice/badge.png").data
    with working(app):
        alice.user.display_name = "Somebody else"
    assert get(stranger, "/users/alice/badge.png").data != before


def test_a_shield_has_the_number_of_releases(stranger, public):
    found = json.loads(get(stranger, "/users/alice/shield.json").data)
    assert found == {
        "schemaVersion": 1,
        "label": "charts",
        "message": "1 released",
        "color": "blue",
        "cacheSeconds": 3600,
    }


@pytest.mark.parametrize(
    "name",
    [
        "</text><script>alert(1)</script>",
        "a & b < c > \"d\" 'e'",
        "\x00\x0b\ufffe",
        "🎸" * 30,
        "مرحبا بالعالم",
        "\N{RIGHT-TO-LEFT OVERRIDE}evil",
        "W" * 60,
        "",
    ],
)
def test_any_name_gives_well_formed_svg_without_links(name):
    svg = drawn(Badge(name, name, name, name[:1]), Theme.AUTO, Size.MEDIUM)
    root = ET.fromstring(svg)  # noqa: S314 -- our own
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "clipPath", "rect", "g", "circle", "text"}
    assert "href" not in svg.replace(name, "")


def test_long_names_are_cut():
    assert fitted("Short", 200, 17) == "Short"
    assert fitted("W" * 60, 200, 17).endswith("\N{HORIZONTAL ELLIPSIS}")
    assert len(fitted("字" * 60, 200, 17)) < len(fitted("W" * 60, 200, 17))


def test_the_share_box_of_a_public_profile_has_its_badge(as_alice, public):
    page = as_alice.get("/users/alice")
    assert "/users/alice/badge.png[/img]" in page.one("#share-badge-bbcode")["value"]
    assert "/users/alice/badge.svg" in page.one("#share-badge-markdown")["value"]
