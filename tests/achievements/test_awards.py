"""An achievement is granted at most once, never missed, and worth its points."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.catalogues import BY_CODE, ENTRIES
from tests.support.charter import at_once, new_charter
from trackflow_web.achievements import events
from trackflow_web.achievements.catalogue import editions
from trackflow_web.achievements.recheck import reconcile as recheck
from trackflow_web.domain.songs import actions
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.kernel.database import db
from trackflow_web.kernel.events import Event

pytestmark = pytest.mark.both_databases

ALL_CODES = [entry.code for entry in ENTRIES]
OTHERS = [code for code in ALL_CODES if code != "completionist"]
THREADS = 8
ROUNDS = 30


def unlocks(app, person):
    """How many events of unlocking were recorded."""
    with app.app_context():
        return db.session.scalar(
            sa.select(sa.func.count(Event.id)).where(
                Event.user_id == person.id, Event.name == events.AchievementUnlocked.event_name
            )
        )


# --- one after another ---------------------------------------------------------------------------


def test_an_award_has_its_points_and_the_date_of_its_threshold(clock, alice):
    alice.add()
    award = alice.awards["dreamer"]
    assert award.points == alice.number("total_points") == 10
    assert award.earned_at == award.awarded_at == clock()
    assert not award.backfilled
    assert not award.notified


def test_granting_an_existing_award_grants_nothing(app, alice):
    alice.add()
    alice.given("dreamer")
    assert alice.codes == ["dreamer"]
    assert alice.number("total_points") == 10
    assert unlocks(app, alice) == 1


def test_reaching_a_threshold_again_grants_nothing(app, alice):
    for _ in range(3):
        songs = alice.add_many(5)
        for song in songs:
            alice.delete(song)
    assert alice.codes == ["dreamer", "visionary"]
    assert unlocks(app, alice) == 2


def test_an_award_keeps_its_points_when_the_catalogue_changes(app, alice, work, monkeypatch):
    alice.add()
    monkeypatch.setattr(type(BY_CODE["dreamer"]), "points", property(lambda _entry: 99))
    with work():
        assert recheck.reconcile_users([alice.id]).drift == []
    assert alice.number("total_points") == 10


# --- the completionist ---------------------------------------------------------------------------


def test_the_last_of_the_other_achievements_unlocks_the_completionist(app, alice):
    alice.given(*OTHERS[:-1])
    assert "completionist" not in alice.codes
    alice.given(OTHERS[-1])
    assert alice.codes[-1] == "completionist"
    assert alice.number("total_achievements") == 81
    points = [sum(each.points for each in those) for those in editions.members().values()]
    bonuses = [editions.bonus_of(each) for each in points]
    assert alice.number("total_points") == sum(entry.points for entry in ENTRIES) + sum(bonuses)
    assert unlocks(app, alice) == 82


def test_an_action_that_unlocks_the_last_one_unlocks_the_completionist_too(alice):
    alice.given(*(code for code in OTHERS if code != "dreamer"))
    alice.add()
    assert alice.codes[-2:] == ["dreamer", "completionist"]


def test_the_completionist_does_not_count_towards_itself(alice):
    alice.given("completionist")
    assert alice.number("total_achievements") == 0
    assert alice.number("total_points") == 250


def test_a_recheck_that_awards_the_last_one_awards_the_completionist_too(alice):
    alice.given(*(code for code in OTHERS if code != "dreamer"))
    alice.find_many(1)
    assert alice.codes[-2:] == ["dreamer", "completionist"]


# --- at once -------------------------------------------------------------------------------------


def test_concurrent_actions_at_a_threshold_grant_one_award(app, alice):
    alice.add_many(4)
    at_once([lambda n=n: alice.add(f"Other {n}") for n in range(THREADS)])
    assert alice.codes == ["dreamer", "visionary", "long_term_planner"]
    assert alice.number("total_songs") == 4 + THREADS
    assert alice.number("total_points") == 10 + 10 + 25
    assert unlocks(app, alice) == 3


def test_five_concurrent_actions_never_miss_the_threshold_of_five(app):
    missed = []
    for number in range(ROUNDS):
        person = new_charter(app, f"person-{number}")
        at_once([lambda n=n, p=person: p.add(f"Song {n}") for n in range(5)])
        if person.codes != ["dreamer", "visionary"] or person.number("total_points") != 20:
            missed.append((person.username, person.codes, person.numbers))
    assert missed == []


def test_the_same_action_at_once_counts_once(alice):
    song = alice.add(status="wip")
    at_once([lambda: alice.move(song, "released")] * THREADS)
    assert alice.number("total_finished") == alice.number("total_released") == 1
    assert len(alice.codes) == 3


def test_concurrent_different_awards_are_all_granted(alice):
    song = alice.add(status="wip")
    at_once(
        [
            lambda: alice.add("Two"),
            lambda: alice.move(song, "released"),
            lambda: alice.add("Three", status="released", year=1988),
            lambda: alice.add("Four", status="released", year=1999),
        ]
    )
    expected = {"getting_started", "dreamer", "first_release", "first_finish", "decade_dabbler"}
    assert set(alice.codes) == expected
    assert alice.number("total_points") == 10 * len(expected)


def test_the_same_award_granted_concurrently_is_granted_once(app, alice):
    at_once([lambda: alice.given("pack_starter", "pack_creator")] * THREADS)
    assert sorted(alice.codes) == ["pack_creator", "pack_starter"]
    assert alice.number("total_points") == 20
    assert unlocks(app, alice) == 2


def test_concurrent_users_each_get_their_own_awards(app):
    people = [new_charter(app, f"person-{number}") for number in range(THREADS)]
    at_once([person.add for person in people])
    assert [person.codes for person in people] == [["dreamer"]] * THREADS


# --- deadlocks -----------------------------------------------------------------------------------


def test_two_units_of_work_on_the_same_users_in_different_order_do_not_deadlock(work, alice, bob):
    def add_for(first, second, title):
        with work():
            for person in (first, second):
                actions.add_song(
                    person.user, title=title, artist=f"{title} Band", status="released"
                )

    for number in range(10):
        at_once(
            [
                lambda n=number: add_for(alice, bob, f"Forth {n}"),
                lambda n=number: add_for(bob, alice, f"Back {n}"),
            ]
        )
    assert alice.number("total_songs") == bob.number("total_songs") == 20
    assert alice.codes == bob.codes


def test_two_units_of_work_on_the_same_artists_in_different_order_do_not_deadlock(work, alice):
    one = alice.add("One", "Metallica", status="released")
    two = alice.add("Two", "Nirvana", status="released")

    def swap(song_id, *artists):
        for artist in artists * 10:
            with work():
                song = find_song(song_id, for_update=True)
                actions.edit_song(
                    song, alice.user, title=song.title, artist=artist, album="", year=None
                )

    at_once([lambda: swap(one, "Nirvana", "Metallica"), lambda: swap(two, "Metallica", "Nirvana")])
    assert alice.values("artist") == {"metallica": 1, "nirvana": 1}
    assert alice.number("distinct_artists") == 2
