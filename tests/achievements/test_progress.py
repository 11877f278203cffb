"""Progress and its texts, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.catalogues import BY_CODE, ENTRIES
from trackflow_web.achievements import levels
from trackflow_web.achievements.awards.holder_counts import Holders
from trackflow_web.achievements.catalogue.entries import State
from trackflow_web.achievements.progress import listing, next_up
from trackflow_web.achievements.progress.listing import Filters, Sort, Summary
from trackflow_web.achievements.progress.tile_data import AchievementProgress
from trackflow_web.kernel.errors import Invalid

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOBODY = Holders(by_code={}, users=0)


def tile(code, current=0, *, earned_at=None, holders=0, users=1):
    return AchievementProgress(BY_CODE[code], current, earned_at, holders, users)


def tiles(numbers=None, earned=()):
    return listing.tiles(numbers or {}, dict.fromkeys(earned, NOON), NOBODY, ENTRIES)


def codes(found):
    return [tile.code for tile in found]


def shown(all_tiles, **wanted):
    empty = {"category": None, "state": None, "rarity": None, "q": None, "sort": None}
    groups = listing.groups(all_tiles, listing.filters(**{**empty, **wanted}))
    return [tile.code for group in groups for tile in group.tiles]


# --- one tile ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("current", "state", "percent", "text"),
    [
        (0, State.LOCKED, 0, "0/10 songs"),
        (1, State.PROGRESS, 10, "1/10 songs"),
        (9, State.PROGRESS, 90, "9/10 songs"),
        (-3, State.LOCKED, 0, "0/10 songs"),
    ],
)
def test_a_tile_in_progress_has_its_share_and_its_text(current, state, percent, text):
    planner = tile("long_term_planner", current)
    assert (planner.state, planner.percent, planner.progress_text) == (state, percent, text)


def test_a_tile_shows_100_percent_only_when_earned():
    assert tile("long_term_planner", 10).percent == 99
    assert tile("long_term_planner", 10).progress_text == "9/10 songs"
    assert tile("long_term_planner", 5000).percent == 99
    assert tile("long_term_planner", 2, earned_at=NOON).percent == 100


def test_a_percentage_is_rounded_down():
    assert tile("library_of_legend", 499).percent == 99
    assert tile("planning_legend", 2).percent == 0


def test_an_earned_tile_is_full_although_its_counter_went_down():
    planner = tile("long_term_planner", 3, earned_at=NOON)
    assert (planner.state, planner.progress_text) == (State.EARNED, "10/10 songs")


@pytest.mark.parametrize(
    ("code", "current", "text", "missing"),
    [
        ("dreamer", 0, "0/1 song", "1 song to go"),
        ("visionary", 3, "3/5 songs", "2 songs to go"),
        ("series_legend", 2, "2/5 albums", "3 albums to go"),
        ("completionist", 80, "80/81 achievements", "1 achievement to go"),
        ("trackflow_veteran", 1, "1/100 days", "99 days to go"),
    ],
)
def test_progress_is_written_with_its_unit(code, current, text, missing):
    assert tile(code, current).progress_text == text
    assert tile(code, current).missing_text == missing


@pytest.mark.parametrize(
    ("holders", "users", "text"),
    [
        (3, 41, "7% (3 of 41)"),
        (0, 41, "0% (0 of 41)"),
        (41, 41, "100% (41 of 41)"),
        (40, 41, "97% (40 of 41)"),
        (1, 1000, "<1% (1 of 1,000)"),
        (10, 1000, "1% (10 of 1,000)"),
        (999, 1000, "99% (999 of 1,000)"),
        (0, 0, "0 of 0, too few to say"),
        (3, 19, "3 of 19, too few to say"),
        (3, 20, "15% (3 of 20)"),
    ],
)
def test_holders_are_written_as_a_share_with_both_numbers(holders, users, text):
    assert tile("dreamer", holders=holders, users=users).share_text == text


# --- summary and levels --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "level", "missing"),
    [(0, 1, 50), (49, 1, 1), (50, 2, 100), (149, 2, 1), (150, 3, 150), (300, 4, 200)],
)
def test_each_level_takes_more_points_than_the_last(points, level, missing):
    summary = Summary(earned=0, total=82, points=points)
    assert (summary.level, summary.points_to_next) == (level, missing)


def test_levels_and_points_of_levels_are_inverse():
    for level in range(2, 60):
        begin = levels.points_of_level(level)
        assert (levels.level_of(begin), levels.level_of(begin - 1)) == (level, level - 1)


def test_the_summary_is_at_100_percent_only_with_every_achievement():
    almost = listing.summary(tiles(earned=set(BY_CODE) - {"dreamer"}), 0)
    assert (almost.earned, almost.total, almost.percent) == (81, 82, 98)
    assert listing.summary(tiles(earned=BY_CODE), 0).percent == 100


# --- next up -------------------------------------------------------------------------------------


def nearest(numbers, earned):
    return [step.tile for step in next_up.next_up(tiles(numbers, earned), [])]


def test_next_up_shows_the_three_closest():
    numbers = {"total_planned": 9, "total_released": 4, "distinct_years": 1, "total_started": 3}
    earned = {"dreamer", "visionary", "first_release", "getting_started"}
    assert codes(nearest(numbers, earned)) == ["long_term_planner", "rising_star", "hard_worker"]


def test_next_up_shows_the_first_unearned_one_of_a_ladder():
    ups = nearest({"total_planned": 6}, {"dreamer", "visionary"})
    assert ups[0].code == "long_term_planner"


# --- filters -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "search",
    ["rising star", "STAR rising", "rísing  stär", "released 5", "release 5 songs", "rising"],
)
def test_a_search_finds_words_in_any_order_case_and_accents(search):
    assert "rising_star" in shown(tiles(), q=search)


@pytest.mark.parametrize("search", ["%", "_", "\\", "rising moon", "<b>", "rising star star2"])
def test_a_search_without_a_match_finds_nothing(search):
    assert shown(tiles(), q=search) == []


def test_each_filter_leaves_the_matching_achievements():
    mine = tiles({"total_planned": 1}, {"dreamer"})
    assert shown(mine, state="earned") == ["dreamer"]
    assert "visionary" in shown(mine, state="progress")
    assert "dreamer" not in shown(mine, state="locked")
    assert len(shown(mine, category="social")) == 4
    assert len(shown(mine, rarity="legendary")) == 9


def test_filters_combine():
    mine = tiles({"distinct_years": 30}, {"time_traveler", "decade_explorer", "era_collector"})
    found = shown(mine, category="diversity", state="progress", rarity="epic", q="years")
    assert found == ["timeline_master"]


def test_every_achievement_has_exactly_one_state():
    mine = tiles({"total_planned": 30}, {"dreamer"})
    parts = [set(shown(mine, state=state)) for state in State]
    assert set.union(*parts) == set(BY_CODE)
    assert sum(map(len, parts)) == 82


def test_invalid_filters_are_rejected_by_the_names_of_their_fields():
    with pytest.raises(Invalid) as refusal:
        listing.filters(category="x", state="x", rarity="x", q="x" * 101, sort="x")
    assert set(refusal.value.errors) == {"category", "state", "rarity", "q", "sort"}


def test_empty_filters_leave_every_achievement():
    assert listing.filters(category="", state="", rarity="", q="", sort="") == Filters()


# --- groups and sorting --------------------------------------------------------------------------


def test_filtered_groups_show_the_totals_of_the_whole_group():
    mine = tiles({"total_planned": 5}, {"dreamer", "visionary"})
    group = listing.groups(mine, Filters(state=State.EARNED))[0]
    assert (group.name, group.earned, group.total) == ("Future Plans", 2, 7)
    assert codes(group.tiles) == ["dreamer", "visionary"]


def test_every_achievement_is_listed_in_its_group():
    groups = listing.groups(tiles(), Filters())
    assert [tile.code for group in groups for tile in group.tiles] == list(BY_CODE)
    assert len({group.name for group in groups}) == len(groups)


def test_two_ladders_of_one_group_share_a_heading():
    groups = {group.name: codes(group.tiles) for group in listing.groups(tiles(), Filters())}
    assert groups["Contributions"][-1] == "quality_guardian"
    assert groups["Ultimate"] == ["library_of_legend", "completionist"]


def test_sorting_by_closest_lists_earned_ones_last():
    earned = {"dreamer", "visionary", "first_release"}
    mine = tiles({"total_planned": 9, "total_released": 4}, earned)
    order = shown(mine, sort="closest")
    assert order[:2] == ["long_term_planner", "rising_star"]
    assert set(order[-3:]) == earned


def test_sorting_by_recent_lists_the_latest_award_first():
    earned = {"dreamer": NOON, "first_release": NOON + timedelta(days=1)}
    order = shown(listing.tiles({}, earned, NOBODY, ENTRIES), sort="recent")
    assert order[:2] == ["first_release", "dreamer"]


def test_sorting_by_rarest_lists_the_one_with_the_fewest_holders_first():
    holders = Holders(by_code=dict.fromkeys(BY_CODE, 2) | {"visionary": 1}, users=9)
    assert shown(listing.tiles({}, {}, holders, ENTRIES), sort="rarest")[0] == "visionary"


def test_sorting_by_points_lists_the_most_points_first():
    points = [BY_CODE[code].points for code in shown(tiles(), sort="points")]
    assert points == sorted(points, reverse=True)


def test_sorting_by_name_is_alphabetical():
    names = [BY_CODE[code].name.casefold() for code in shown(tiles(), sort="name")]
    assert names == sorted(names)


@pytest.mark.parametrize("sort", list(Sort))
def test_every_order_lists_every_achievement_once(sort):
    assert sorted(shown(tiles({"total_planned": 3}, {"dreamer"}), sort=sort)) == sorted(BY_CODE)


def test_a_ladder_lists_one_metric_from_the_easiest_on():
    assert codes(listing.ladder(tiles(), tile("perfectionist", 0))) == [
        "perfectionist",
        "multi_talented",
        "master_craftsman",
        "artisan",
    ]
