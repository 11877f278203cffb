"""Achievements that are rows: custom and seasonal ones come and go while processes run."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.support.catalogues import custom_entry, save_season
from tests.support.charter import Charter, at_once, statements_of
from tests.support.people import working
from tests.support.producer import Producer
from trackflow_web import composition
from trackflow_web.achievements import catalogue, handler, metrics
from trackflow_web.achievements.catalogue import rows
from trackflow_web.achievements.catalogue.entries import Period
from trackflow_web.achievements.models import Achievement, UserPeriodStats
from trackflow_web.achievements.recheck.reconcile import reconcile_users
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.bulk import actions as bulk
from trackflow_web.domain.bulk.selection import select
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.undo import actions as undo
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.transactions import unit_of_work

pytestmark = pytest.mark.both_databases


def save(app, code="regular", **fields):
    with working(app):
        rows.save(custom_entry(code, **fields))


def season(app, code="spring_sprint", **fields):
    with working(app):
        return save_season(code, **fields)


def recheck(app):
    with app.app_context(), unit_of_work(composition.HANDLERS):
        return reconcile_users()


def counter(app, charter, metric="total_songs"):
    with app.app_context():
        found = sa.select(UserPeriodStats.n).where(
            UserPeriodStats.user_id == charter.id, UserPeriodStats.metric == metric
        )
        return db.session.scalar(found) or 0


# --- custom --------------------------------------------------------------------------------------


def test_a_custom_achievement_is_unlocked_by_the_action_that_reaches_its_threshold(app, alice):
    save(app, threshold=3)
    alice.add_many(2)
    assert "regular" not in alice.codes
    alice.add("Third")
    assert "regular" in alice.codes
    assert not alice.awards["regular"].backfilled


def test_one_action_crosses_several_thresholds(app, alice):
    for threshold in (2, 3, 4, 9):
        save(app, f"rung_{threshold}", threshold=threshold)
    alice.add_many(4)
    assert [code for code in alice.codes if code.startswith("rung")] == [
        "rung_2",
        "rung_3",
        "rung_4",
    ]


def test_a_custom_achievement_has_its_own_points_and_does_not_count_for_the_completionist(
    app, alice
):
    save(app, threshold=1, fixed_points=7)
    recheck(app)
    alice.add()
    assert alice.awards["regular"].points == 7
    assert (alice.number("total_achievements"), alice.number("total_points")) == (1, 17)


def test_a_changed_threshold_applies_from_the_next_action(app, alice):
    save(app, threshold=9)
    alice.add_many(2)
    save(app, threshold=3)
    alice.add("Third")
    assert "regular" in alice.codes


def test_a_recheck_grants_awards_due_by_a_lower_threshold(app, alice):
    save(app, threshold=9)
    alice.add_many(2)
    save(app, threshold=2)
    assert [award.entry.code for award in recheck(app).awards] == ["regular"]
    assert alice.awards["regular"].backfilled


def test_a_deleted_achievement_is_not_evaluated_and_its_holders_keep_it(app, alice, bob):
    save(app, threshold=1)
    alice.add()
    with working(app):
        rows.retire("regular")
    bob.add()
    assert "regular" in alice.codes
    assert "regular" not in bob.codes
    assert alice.number("total_points") == 15


def test_a_granted_achievement_is_never_evaluated(app, alice):
    save(app, "thank_you", metric=None, threshold=1)
    alice.add_many(10)
    assert "thank_you" not in alice.codes
    alice.given("thank_you")
    assert "thank_you" in alice.codes


def test_a_custom_achievement_cannot_take_a_built_in_code(app):
    with pytest.raises(Invalid), working(app):
        rows.save(custom_entry("dreamer"))
    with app.app_context():
        row = db.session.scalar(sa.select(Achievement).where(Achievement.code == "dreamer"))
        assert (row.kind, row.name) == ("builtin", "Dreamer")


def test_pages_and_api_list_it_with_its_kind_outside_the_percentages(app, alice, as_alice):
    save(app, threshold=1)
    recheck(app)
    save(app, "thank_you", metric=None, threshold=1)
    alice.add()
    page = as_alice.get("/achievements/")
    assert page.one("[data-achievement=regular]")["data-state"] == "earned"
    assert page.one("[data-achievement=thank_you]")["data-state"] == "locked"
    assert "of 82" in page.text
    items = as_alice.api("GET", "/api/achievements/?limit=100").json["items"]
    kinds = {item["code"]: (item["kind"], item["metric"]) for item in items}
    assert kinds["dreamer"] == ("builtin", "total_planned")
    assert kinds["regular"] == ("custom", "total_planned")
    assert kinds["thank_you"] == ("custom", None)
    assert as_alice.get("/achievements/regular").status == 200
    assert as_alice.get("/achievements/thank_you").status == 200


# --- seasonal ------------------------------------------------------------------------------------


def test_a_seasonal_achievement_counts_only_the_events_within_its_period(app, clock, alice):
    now = clock()
    period = Period("season:may", now + timedelta(days=1), now + timedelta(days=8))
    season(app, period=period, threshold=2)
    alice.add_many(3)  # before
    clock.move(days=2)
    alice.add("Inside")
    assert "spring_sprint" not in alice.codes
    alice.add("Inside too")
    assert "spring_sprint" in alice.codes
    clock.move(days=7)
    alice.add("Afterwards")
    assert (counter(app, alice), alice.number("total_songs")) == (2, 6)


@pytest.mark.parametrize(("seconds", "counted"), [(-1, 0), (0, 1), (3599, 1), (3600, 0)])
def test_a_period_includes_its_start_and_excludes_its_end(app, clock, alice, seconds, counted):
    start = clock() + timedelta(days=1)
    season(app, period=Period("season:hour", start, start + timedelta(hours=1)))
    clock.move(days=1, seconds=seconds)
    alice.add()
    assert counter(app, alice) == counted


def test_deleting_a_song_lowers_the_counter_of_its_period(app, clock, alice):
    before = alice.add("Before")
    clock.move(days=10)
    season(app)
    inside = alice.add("Inside")
    alice.delete(before)
    assert counter(app, alice) == 1
    alice.delete(inside)
    assert counter(app, alice) == 0


def test_a_recheck_counts_earlier_work_in_the_period_of_a_new_achievement(app, clock, alice):
    alice.add_many(2)
    clock.move(hours=1)
    season(app, threshold=2)
    found = recheck(app)
    assert [award.entry.code for award in found.awards] == ["spring_sprint"]
    assert alice.awards["spring_sprint"].backfilled
    assert counter(app, alice) == 2


def test_a_closed_period_is_no_longer_counted(app, alice):
    period = season(app, threshold=2)
    alice.add("One")
    with working(app):
        rows.close_period(period.id)
    alice.add("Two")
    assert (counter(app, alice), "spring_sprint" in alice.codes) == (1, False)
    assert recheck(app).result.corrections == 0


def test_a_recheck_corrects_a_period_counter(app, alice):
    season(app, threshold=9)
    alice.add()
    with working(app):
        db.session.execute(sa.update(UserPeriodStats).values(n=7))
    assert recheck(app).result.corrections == 1
    assert counter(app, alice) == 1


def test_distinct_values_count_in_the_period_of_their_first_song(app, clock, alice):
    alice.add("Old", "Metallica", status="released")
    clock.move(days=10)
    season(app, metric="distinct_artists", threshold=2)
    alice.add("New", "Metallica", status="released")
    assert counter(app, alice, "distinct_artists") == 0
    alice.add("Other", "Nirvana", status="released")
    again = alice.add("Third", "Pixies", status="released")
    assert "spring_sprint" in alice.codes
    alice.edit(again, artist="Nirvana")
    assert counter(app, alice, "distinct_artists") == 1


def test_every_metric_can_be_counted_within_a_period(app, clock, alice, bob):
    for name in metrics.BY_NAME:
        season(app, f"season_{name}", metric=name, threshold=2)
    songs_of_alice = alice.add_many(3, status="wip", year=1991)
    alice.move(songs_of_alice[0], "released")
    alice.mark(songs_of_alice[0], "done")
    for charter in (alice, bob):
        charter.visit()
        clock.move(days=1)
        charter.visit()
    alice.delete(songs_of_alice[1])
    alice.edit(songs_of_alice[0], artist="Nirvana", year=2001)
    bob.add_many(2, status="released")


def test_eight_concurrent_actions_grant_a_seasonal_achievement_once(app, alice):
    season(app, threshold=8)
    at_once([lambda n=n: alice.add(f"Song {n}") for n in range(8)])
    assert (counter(app, alice), alice.codes.count("spring_sprint")) == (8, 1)


def test_an_open_period_takes_one_more_statement_and_others_none(app, alice):
    def price():
        with statements_of(app) as seen:
            alice.add(f"Priced {price.calls}")
        price.calls += 1
        return len(seen)

    price.calls = 0
    alice.add_many(30)
    price()
    without = price()
    save(app, threshold=99)
    price()
    assert price() == without
    season(app, threshold=99)
    price()
    assert price() == without + 1
    recheck(app)


# --- two processes -------------------------------------------------------------------------------


def test_a_second_process_evaluates_a_change_without_a_restart(make_app, app, alice):
    other = Charter(make_app(), alice.person)
    other.add("One")
    save(app, threshold=2)
    other.add("Two")
    assert "regular" in alice.codes
    save(app, threshold=99)
    with working(app):
        rows.retire("regular")
    save(app, "second", threshold=3)
    other.add("Three")
    assert "second" in alice.codes


def test_no_action_that_commits_after_a_change_is_evaluated_against_the_old_catalogue(
    app, alice, bob, monkeypatch
):
    """Actions run while an achievement is retired: users who get it committed earlier."""
    save(app, threshold=1)
    evaluated, retired = threading.Event(), threading.Event()
    real = catalogue.at

    def slow_at(version):
        registry = real(version)
        if threading.current_thread().name == "slow":
            evaluated.set()
            # On SQLite and while the version is held the change cannot commit before this ends.
            assert not retired.wait(0.5)
        return registry

    monkeypatch.setattr(handler.catalogue, "at", slow_at)

    def act():
        threading.current_thread().name = "slow"
        alice.add()

    def retire():
        assert evaluated.wait(10)
        with working(app):
            rows.retire("regular")
        retired.set()
        bob.add()

    at_once([act, retire])
    assert "regular" in alice.codes
    assert "regular" not in bob.codes


def test_an_action_that_waited_for_a_change_is_evaluated_against_the_new_catalogue(app, alice, bob):
    save(app, threshold=1)

    def act():
        for n in range(10):
            alice.add(f"Song {n}")

    def change():
        for threshold in range(30, 40):
            save(app, threshold=threshold)

    change()  # the process has seen other versions
    at_once([act, change])
    assert "regular" not in alice.codes


def test_a_change_that_is_rolled_back_changes_nothing(app, alice):
    with pytest.raises(ZeroDivisionError), working(app):
        rows.save(custom_entry(threshold=1))
        songs.add_song(alice.user, title="One", artist="Metallica")
        raise ZeroDivisionError
    alice.add("Two")
    assert alice.codes == ["dreamer"]


def test_collaborations_that_are_restored_began_before_the_season(clock, app, alice, bob):
    maker = Producer(app, alice)
    song_ids = [maker.add(f"Song {number}") for number in range(2)]
    for song_id in song_ids:
        maker.invite(song_id, "bob")
    clock.move(days=30)
    season(app, metric="total_collaborations")
    with working(app):
        token = bulk.delete(select(alice.user, song_ids), alice.user).token
    with working(app):
        undo.undo(alice.user, token)
    assert maker.number("total_collaborations") == 2
    assert counter(app, maker, "total_collaborations") == 0
    assert "spring_sprint" not in maker.codes


@pytest.mark.parametrize("other", ["todo", "skip"])
def test_a_song_that_is_authored_again_was_authored_before_the_season(clock, app, alice, other):
    maker = Producer(app, alice)
    song_ids = [maker.authored(f"Song {number}") for number in range(2)]
    clock.move(days=30)
    season(app, metric="total_authored")
    for song_id in song_ids:
        maker.mark(song_id, other, [Part.DRUMS])
        maker.mark(song_id, "todo", [Part.BASS])
        maker.mark(song_id, "done", [Part.DRUMS, Part.BASS])
    assert maker.number("total_authored") == 2
    assert counter(app, maker, "total_authored") == 0
    assert "spring_sprint" not in maker.codes
