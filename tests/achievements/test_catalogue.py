"""The 82 achievements, their ladders, and their copy in the database."""

from __future__ import annotations

import dataclasses

import pytest
import sqlalchemy as sa

from tests.support.catalogues import BUILT_IN_ONLY, BY_CODE, ENTRIES
from tests.support.charter import at_once, new_charter
from tests.support.databases import run_command
from tests.support.people import working
from trackflow_web.achievements import catalogue, metrics
from trackflow_web.achievements.catalogue import entries
from trackflow_web.achievements.catalogue import sync as changes
from trackflow_web.achievements.models import Achievement, UserStats
from trackflow_web.kernel.database import db

# Users rely on codes, thresholds and rarities: changing one changes what they have earned. A line
# is a metric, then its rungs as code, threshold and the first letter of the rarity.
PROMISED = """
total_planned: dreamer 1 c, visionary 5 c, long_term_planner 10 u, strategic_thinker 25 u, \
master_planner 50 r, future_architect 100 e, planning_legend 250 l
total_started: getting_started 1 c, hard_worker 5 c, dedicated_creator 10 u, busy_bee 25 u, \
workhorse 50 r, productivity_master 100 e, work_legend 250 l
total_finished: first_finish 1 c, finisher 5 c, wip_master 10 u, finishing_touch 25 r, \
master_finisher 50 r, completion_legend 100 e, fireworks_master 250 l
total_released: first_release 1 c, rising_star 5 c, published_artist 10 u, pro_performer 25 r, \
chart_topper 50 r, hall_of_fame 100 e, legendary_status 250 l
total_packs: pack_starter 1 c, pack_creator 3 c, pack_master 5 u, pack_legend 10 r, \
pack_collector 20 e
total_collaborations: team_player 1 c, collaborator 3 c, social_butterfly 10 u, \
community_leader 25 r
total_spotify_imports: spotify_explorer 1 c, playlist_master 5 u, spotify_power_user 10 r
login_streak: early_bird 3 c, dedicated 7 u, committed 14 u, loyal 30 r, devoted 60 e, \
trackflow_veteran 100 l
total_feature_requests: idea_generator 1 c, innovator 5 u, community_voice 10 r
total_bug_reports: bug_hunter 1 c, quality_guardian 5 u
total_authored: perfectionist 1 c, multi_talented 5 u, master_craftsman 10 r, artisan 25 e
completed_packs: pack_perfectionist 1 u, pack_completion_master 3 r, pack_completion_legend 5 e
total_series: series_starter 1 c
completed_series: series_master 1 u, series_collector 3 r, series_legend 5 e
collaborations_joined: collaborative_spirit 1 c, popular_collaborator 5 u, sought_after 10 r, \
community_favorite 25 e
distinct_artists: variety_seeker 5 c, music_explorer 10 u, artist_collector 25 r, \
diversity_master 50 e, universal_listener 100 l
distinct_years: time_traveler 5 c, decade_explorer 10 u, era_collector 25 r, timeline_master 50 e, \
history_buff 100 l
distinct_decades: decade_dabbler 2 c, multi_decade 3 u, decade_master 4 r, timeline_legend 5 e
total_songs: library_of_legend 500 l
total_achievements: completionist 81 l
"""
POINTS = {"common": 10, "uncommon": 25, "rare": 50, "epic": 100, "legendary": 250}


def promised():
    for line in PROMISED.strip().splitlines():
        metric, _, rungs = line.partition(": ")
        for rung in rungs.split(", "):
            code, threshold, rarity = rung.split()
            yield metric, code, int(threshold), rarity


# --- the data ------------------------------------------------------------------------------------


def test_the_catalogue_has_the_documented_thresholds_and_rarities():
    entries = [(entry.metric, entry.code, entry.threshold, entry.rarity[0]) for entry in ENTRIES]
    assert sorted(entries) == sorted(promised())


def test_the_catalogue_has_82_achievements_with_unique_codes():
    assert len(ENTRIES) == len(BY_CODE) == 82


def test_points_follow_rarity():
    assert {entry.rarity: entry.points for entry in ENTRIES} == POINTS


def test_all_achievements_together_are_worth_5170_points():
    assert sum(entry.points for entry in ENTRIES) == 5170


def test_every_achievement_has_a_name_a_description_and_an_icon():
    assert all(entry.name and entry.description and entry.icon for entry in ENTRIES)


def test_only_two_pack_achievements_share_a_name():
    names = [entry.name for entry in ENTRIES]
    assert {name for name in names if names.count(name) > 1} == {"Pack Master", "Pack Legend"}


def test_every_icon_is_used_once():
    assert len({entry.icon for entry in ENTRIES}) == len(ENTRIES)


def test_names_that_occur_twice_are_qualified_by_their_group():
    qualified = {entry.code: entry.full_name for entry in ENTRIES if entry.qualifier}
    assert qualified == {
        "pack_master": "Pack Master · Packs",
        "pack_legend": "Pack Legend · Packs",
        "pack_completion_master": "Pack Master · Completed packs",
        "pack_completion_legend": "Pack Legend · Completed packs",
    }


def test_every_icon_is_one_or_two_emoji():
    for entry in ENTRIES:
        pictures = entry.icon.replace("\N{VARIATION SELECTOR-16}", "")
        assert 1 <= len(pictures) <= 2, entry.code
        assert all(ord(picture) >= 0x2300 for picture in pictures), entry.code


def test_every_metric_of_the_catalogue_is_declared():
    assert {entry.metric for entry in ENTRIES} == set(metrics.BY_NAME)


def test_every_metric_is_a_column_of_user_stats():
    assert set(metrics.BY_NAME) <= set(UserStats.__table__.columns.keys())


def test_events_change_every_metric_and_nothing_else():
    moved = {name for moves in metrics.DELTAS.values() for name, _ in moves}
    moved |= set(metrics.DISTINCT.values())
    counted = set(metrics.BY_NAME)
    assert moved == counted | {metrics.TOTAL_POINTS}


def test_the_completionist_requires_all_other_achievements():
    assert BY_CODE["completionist"].threshold == len(ENTRIES) - 1


# --- thresholds ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        (0, 0, []),
        (0, 1, ["dreamer"]),
        (1, 2, []),
        (1, 1, []),
        (3, 4, []),
        (4, 5, ["visionary"]),
        (0, 5, ["dreamer", "visionary"]),
        (1, 25, ["visionary", "long_term_planner", "strategic_thinker"]),
        (5, 9, []),
        (5, 10, ["long_term_planner"]),
        (249, 10_000, ["planning_legend"]),
        (250, 10_000, []),
        (5, 4, []),
        (10, 0, []),
        (-2, 1, ["dreamer"]),
        (-5, 0, []),
    ],
)
def test_a_delta_reaches_every_threshold_it_crosses(old, new, codes):
    assert [entry.code for entry in BUILT_IN_ONLY.crossed("total_planned", old, new)] == codes


def test_a_counter_without_achievements_reaches_nothing():
    assert BUILT_IN_ONLY.crossed("total_points", 0, 1_000_000) == ()


@pytest.mark.parametrize("metric", list(BUILT_IN_ONLY.by_metric))
def test_single_steps_reach_the_same_thresholds_as_one_large_step(metric):
    crossed, ladder = BUILT_IN_ONLY.crossed, BUILT_IN_ONLY.by_metric[metric]
    top = ladder[-1].threshold + 1
    steps = [entry for number in range(top) for entry in crossed(metric, number, number + 1)]
    assert steps == list(crossed(metric, 0, top)) == list(ladder)


# --- the table -----------------------------------------------------------------------------------


@pytest.fixture
def without(monkeypatch):
    """`without("dreamer")`: a later version of the code that does not have it any more."""

    def drop(code):
        change(lambda entries: [entry for entry in entries if entry.code != code])

    def change(new):
        monkeypatch.setattr(entries, "BUILT_IN", tuple(new(list(ENTRIES))))
        catalogue.forget()  # as a new process

    drop.change = change
    return drop


NOTHING = (0, 0, 0, 0)


def in_table(app, code):
    with app.app_context():
        return db.session.scalar(sa.select(Achievement).where(Achievement.code == code))


def sync(app):
    """How many were added, changed, retired and returned."""
    with working(app):
        kinds = [change.kind for change in changes.sync().changes]
    return tuple(kinds.count(kind) for kind in changes.ChangeType)


def test_the_table_matches_the_code(app):
    with app.app_context():
        rows = db.session.scalars(sa.select(Achievement)).all()
        kept = {(row.code, row.name, row.metric, row.threshold, row.points) for row in rows}
    assert kept == {(e.code, e.name, e.metric, e.threshold, e.points) for e in ENTRIES}


@pytest.mark.both_databases
def test_syncing_again_changes_nothing(app):
    assert sync(app) == NOTHING


@pytest.mark.both_databases
def test_the_first_sync_adds_everything(make_app, databases):
    app = make_app(DATABASE_URL=databases.empty())
    run_command(app, "db", "upgrade")
    assert sync(app) == (82, 0, 0, 0)
    assert sync(app) == NOTHING


def test_the_sync_command_prints_what_it_changed(app):
    said = run_command(app, "achievements", "sync")
    assert "0 added, 0 changed, 0 retired, 82 in the catalogue." in said


def test_a_new_name_is_stored_in_the_row_of_its_code(app, without):
    before = in_table(app, "dreamer")
    without.change(
        lambda entries: [
            dataclasses.replace(entry, name="Sleeper") if entry.code == "dreamer" else entry
            for entry in entries
        ]
    )
    assert sync(app) == (0, 1, 0, 0)
    after = in_table(app, "dreamer")
    assert (after.id, after.name) == (before.id, "Sleeper")


def test_an_achievement_removed_from_the_code_is_retired_and_its_holders_keep_it(
    app, alice, without
):
    alice.add()
    without("dreamer")
    assert sync(app) == (0, 0, 1, 0)
    assert sync(app) == NOTHING
    assert in_table(app, "dreamer").retired_at is not None
    assert alice.codes == ["dreamer"]
    assert alice.number("total_points") == 10


def test_a_returned_achievement_can_be_earned_again(app, without, monkeypatch):
    without("dreamer")
    sync(app)
    monkeypatch.undo()
    assert sync(app) == (0, 0, 0, 1)
    assert in_table(app, "dreamer").retired_at is None


def test_a_sync_leaves_custom_achievements_unchanged(app):
    with working(app):
        row = db.session.scalar(sa.select(Achievement).where(Achievement.code == "dreamer"))
        columns = {
            column: getattr(row, column)
            for column in Achievement.__table__.columns.keys()  # noqa: SIM118 -- not a dict
            if column not in {"id", "code", "kind"}
        }
        columns["metric"] = None
        db.session.add(Achievement(code="made_by_hand", kind="custom", **columns))
    assert sync(app) == NOTHING


@pytest.mark.both_databases
def test_concurrent_syncs_leave_one_row_per_achievement(make_app, databases):
    url = databases.empty()
    run_command(make_app(DATABASE_URL=url), "db", "upgrade")
    apps = [make_app(DATABASE_URL=url) for _ in range(2)]
    at_once([lambda app=app: sync(app) for app in apps])
    with apps[0].app_context():
        assert db.session.scalar(sa.select(sa.func.count(Achievement.id))) == 82


@pytest.mark.both_databases
def test_an_award_adds_the_rows_of_a_table_that_was_never_synced(make_app, databases):
    app = make_app(DATABASE_URL=databases.empty())
    run_command(app, "db", "upgrade")
    alice = new_charter(app, "alice")
    alice.add()
    assert alice.codes == ["dreamer"]
