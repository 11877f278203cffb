"""Tiles rendered from cached templates equal the output of the macro."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import ClassVar

import pytest

from tests.support.catalogues import ENTRIES
from trackflow_web.achievements.awards import visibility
from trackflow_web.achievements.catalogue.entries import State
from trackflow_web.achievements.progress.tile_data import AchievementProgress
from trackflow_web.pages.achievements import tiles
from trackflow_web.web import formats

DAYS = (None, datetime(2026, 1, 31, 23, 30, tzinfo=UTC), datetime(1999, 12, 31, 1, tzinfo=UTC))
CURRENT = (-1, 0, 1, 4, 10**9)
SHARES = ((0, 0), (0, 7), (1, 1_000), (3, 41), (9_999, 10_000))


class Hostile(AchievementProgress):
    """A tile whose values are markup, and what pieces are put together with."""

    texts: ClassVar = ("<script>alert(1)</script>", "\"&'", "%s %d {0} \\1 \ue000shown\ue001")
    progress_text = share_text = shown = "".join(texts)


@pytest.fixture
def request_of_alice(app, alice, monkeypatch):
    """A request of a user in a distant time zone."""
    with app.test_request_context("/achievements/"):
        monkeypatch.setattr(formats, "reader_zone", lambda: formats.ZoneInfo("Pacific/Auckland"))
        yield app


@pytest.fixture
def macro(request_of_alice):
    """`macro(tile)`: the output of the template for a tile."""
    module = request_of_alice.jinja_env.get_template("macros/achievements.html").module
    return lambda tile: str(module.tile(tile)).strip()


@pytest.mark.parametrize("entry", ENTRIES[::9], ids=lambda entry: entry.code)
@pytest.mark.parametrize("kind", [AchievementProgress, Hostile])
def test_a_cached_tile_equals_the_macros_output(macro, entry, kind):
    fill = tiles.tile_list()
    for current, day, (holders, users) in itertools.product(CURRENT, DAYS, SHARES):
        tile = kind(entry, current, day, holders, users)
        if (
            kind is AchievementProgress or tile.state is not State.LOCKED
        ):  # of a locked one nothing differs
            assert fill([tile]) == macro(tile)


def test_every_achievement_has_a_tile(macro):
    fill = tiles.tile_list()
    for entry, day in itertools.product(ENTRIES, DAYS[:2]):
        tile = AchievementProgress(entry, 0, day, 2, 3)
        assert fill([tile]) == macro(tile)


def test_an_award_in_the_settings_equals_the_macros_output(request_of_alice):
    module = request_of_alice.jinja_env.get_template("macros/awards.html").module
    choice = visibility.Choice(ENTRIES[0].code, is_public=False, pin=2)
    for kind, day in itertools.product((AchievementProgress, Hostile), DAYS):
        tile = kind(ENTRIES[0], 0, day, 2, 3)
        if kind is Hostile and tile.state is State.LOCKED:
            continue  # of a locked one nothing differs
        choices, switches = ({tile.code: choice}, (False, True)) if day else ({}, ())
        made = str(module.award(tile, *switches)).strip()
        assert tiles.award_list(choices)([tile]) == made


def test_the_cache_holds_at_most_three_tiles_per_achievement(request_of_alice):
    request_of_alice.extensions.pop(tiles.EXTENSION, None)
    fill = tiles.tile_list()
    for current, day, share in itertools.product(CURRENT, DAYS, SHARES):
        fill([AchievementProgress(entry, current, day, *share) for entry in ENTRIES])
    assert len(fill.cache.tiles) == 3 * len(ENTRIES)


def test_cached_tiles_link_below_the_script_root(app):
    for root in ("", "/club", ""):
        with app.test_request_context("/achievements/", base_url=f"http://localhost{root}/"):
            assert f'href="{root}/achievements/' in tiles.tile_list()(
                [AchievementProgress(ENTRIES[0], 0, None, 0, 0)]
            )


def test_cached_tiles_hold_no_users_dates(app, as_alice, as_bob, alice, bob):
    """Alice's was prepared first; Bob has earned nothing."""
    as_alice.post("/songs/", title="One", artist="Metallica", status="future")
    assert as_alice.get("/achievements/").one('[data-achievement="dreamer"] time')
    assert not as_bob.get("/achievements/").all('[data-achievement="dreamer"] time')


def test_a_name_with_the_characters_of_marks_stays_text():
    parsed = tiles.TileTemplate.parse("<b>\ue000gold\ue001 \ue000</b>\ue000shown\ue001</i>")
    ((before, _),) = parsed.values
    assert (before, parsed.end) == ("<b>\ue000gold\ue001 \ue000</b>", "</i>")
