"""Preferences of users for their own achievements."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.charter import at_once, statements_of
from tests.support.people import working
from trackflow_web.achievements import toasts
from trackflow_web.achievements.awards import holder_counts, visibility
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.achievements.progress import queries
from trackflow_web.achievements.recheck import reconcile as recheck
from trackflow_web.domain.people import profile
from trackflow_web.domain.people.models import Announced
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid, NotFound

pytestmark = pytest.mark.both_databases

# One release after another earns these.
RELEASES = ("first_release", "rising_star", "published_artist")


@pytest.fixture
def pins(app):
    """Moves pins, in one unit of work each, and returns their order."""

    class Pins:
        def move(self, charter, move, *codes):
            for code in codes:
                with working(app):
                    visibility.move_pin(charter.user, code, move=move)
            return self.of(charter)

        def of(self, charter):
            with app.app_context():
                choices = visibility.choices_of(charter.id).values()
            pinned = sorted((each.pin, each.code) for each in choices if each.pin)
            assert [pin for pin, _ in pinned] == list(range(1, len(pinned) + 1))
            return [code for _, code in pinned]

    return Pins()


@pytest.fixture
def many(alice):
    """Six achievements of Alice's, of many releases of one artist."""
    alice.add_many(25, status="released")
    alice.add_many(1, start=100, status="wip")
    alice.add_many(1, start=200, status="future")
    return ["first_release", "rising_star", "published_artist", "pro_performer", *_started(alice)]


def _started(alice):
    return [code for code in alice.codes if code in {"getting_started", "dreamer"}]


# --- pins ----------------------------------------------------------------------------------------


def test_pins_are_in_the_order_of_pinning(alice, pins, many):
    assert pins.move(alice, "pin", *RELEASES) == list(RELEASES)


def test_a_pin_moves_up_and_down_and_stops_at_the_ends(alice, pins, many):
    first, second, third = RELEASES
    pins.move(alice, "pin", *RELEASES)
    assert pins.move(alice, "up", third) == [first, third, second]
    assert pins.move(alice, "up", third) == [third, first, second]
    assert pins.move(alice, "up", third) == [third, first, second]
    assert pins.move(alice, "down", second) == [third, first, second]
    assert pins.move(alice, "down", third) == [first, third, second]


def test_unpinning_closes_the_gap(alice, pins, many):
    pins.move(alice, "pin", *RELEASES)
    assert pins.move(alice, "unpin", RELEASES[1]) == [RELEASES[0], RELEASES[2]]
    assert pins.move(alice, "unpin", RELEASES[1]) == [RELEASES[0], RELEASES[2]]


def test_pinning_twice_changes_nothing(alice, pins, many):
    pins.move(alice, "pin", *RELEASES)
    assert pins.move(alice, "pin", RELEASES[0]) == list(RELEASES)


def test_moving_an_award_that_is_not_pinned_changes_nothing(alice, pins, many):
    assert pins.move(alice, "up", RELEASES[0]) == []


def test_at_most_five_awards_can_be_pinned(alice, pins, many):
    assert len(many) == 6
    pins.move(alice, "pin", *many[:5])
    with pytest.raises(Invalid, match="unpin one first"):
        pins.move(alice, "pin", many[5])
    assert pins.of(alice) == many[:5]


def test_an_unearned_achievement_can_be_neither_pinned_nor_hidden(app, alice, pins):
    for code in ("chart_topper", "no_such_thing"):
        with pytest.raises(NotFound):
            pins.move(alice, "pin", code)
        with pytest.raises(NotFound), working(app):
            visibility.set_visibility(alice.user, code, public=False)


def test_an_unknown_move_is_rejected(alice, pins, many):
    with pytest.raises(Invalid):
        pins.move(alice, "sideways", RELEASES[0])


def test_concurrent_pins_get_different_places(alice, pins, many):
    at_once([lambda code=code: pins.move(alice, "pin", code) for code in many[:5]])
    assert sorted(pins.of(alice)) == sorted(many[:5])


def test_pins_belong_to_one_user_only(alice, bob, pins):
    for charter in (alice, bob):
        charter.add(status="released")
        pins.move(charter, "pin", "first_release")
    pins.move(bob, "unpin", "first_release")
    assert pins.of(alice) == ["first_release"]


# --- visibility ---------------------------------------------------------------------------------


def test_a_hidden_award_counts_for_its_owner_only(app, alice, bob):
    alice.add(status="released")
    bob.add(status="released")
    with app.app_context():
        before = holder_counts.of_each().by_code["first_release"]
    with working(app):
        visibility.set_visibility(alice.user, "first_release", public=False)
    with app.app_context():
        assert holder_counts.of_each().by_code["first_release"] == before - 1
        assert "first_release" in queries.earned_by(alice.id)
        assert not queries.badges_of(alice.id, hidden_too=False)
    assert alice.number("total_achievements") == 1
    assert alice.number("total_points") == 10


def test_all_awards_are_hidden_and_shown_at_once(app, alice, bob, many):
    bob.add(status="released")
    with working(app):
        visibility.set_visibility(alice.user, many[0], public=False)
    with working(app):
        changed = visibility.set_all_visibility(alice.user, public=False)
    assert changed == len(alice.codes) - 1
    assert not any(award.is_public for award in alice.awards.values())
    assert all(award.is_public for award in bob.awards.values())
    with working(app):
        visibility.set_all_visibility(alice.user, public=True)
    assert all(award.is_public for award in alice.awards.values())


@pytest.fixture
def _shy(app, alice):
    with working(app):
        profile.change_privacy(alice.user, profile="public", new_achievements="private")


@pytest.mark.usefixtures("_shy")
def test_new_awards_are_private_when_the_user_chose_so(app, alice, bob):
    alice.add(status="released")
    bob.add(status="released")
    assert not alice.awards["first_release"].is_public
    assert bob.awards["first_release"].is_public


@pytest.mark.usefixtures("_shy")
def test_backfilled_awards_are_private_when_the_user_chose_so(app, alice, bob):
    alice.add(status="released")
    bob.add(status="released")
    with working(app):
        db.session.execute(sa.delete(UserAchievement))
    with working(app):
        recheck.reconcile_users()
    assert not alice.awards["first_release"].is_public
    assert bob.awards["first_release"].is_public


@pytest.mark.usefixtures("_shy")
def test_the_default_visibility_takes_no_statement_of_its_own(app, alice):
    song = alice.add()
    with statements_of(app) as sent:
        alice.move(song, "released")
    asked = sent.naming("shows_new_achievements", "user_achievements")
    assert asked
    assert all(text.startswith("INSERT") for text in asked)


# --- which are announced -------------------------------------------------------------------------


def _claimed(app, charter, wanted):
    with working(app):
        reserved = toasts.reserve(charter.id, wanted)
    return [toast.entry.code for toast in reserved.shown], reserved.award_ids


def test_a_user_who_wants_rare_toasts_gets_only_those(app, alice):
    alice.given("first_release", "published_artist", "chart_topper", "hall_of_fame")
    shown, claimed = _claimed(app, alice, Announced.RARE)
    assert set(shown) == {"chart_topper", "hall_of_fame"}
    assert len(claimed) == 2
    assert alice.awards["first_release"].notified
    assert not alice.awards["chart_topper"].notified  # until the response was written


def test_a_user_who_wants_no_toasts_gets_none(app, alice):
    alice.given("first_release", "hall_of_fame")
    assert _claimed(app, alice, Announced.NONE) == ([], ())
    assert all(award.notified for award in alice.awards.values())
    assert _claimed(app, alice, Announced.ALL) == ([], ())


def test_an_unwanted_toast_is_not_shown_later(app, alice):
    """Earned where nothing is shown, as by a program, before the choice changes."""
    with working(app):
        visibility.choose_toasts(alice.user, toasts_wanted="rare")
    alice.given("first_release", "hall_of_fame")
    with working(app):
        visibility.choose_toasts(alice.user, toasts_wanted="all")
    assert _claimed(app, alice, Announced.ALL)[0] == ["hall_of_fame"]


def test_choosing_toasts_leaves_those_of_others_unchanged(app, alice, bob):
    bob.given("first_release")
    with working(app):
        visibility.choose_toasts(alice.user, toasts_wanted="none")
    with working(app):
        visibility.choose_toasts(alice.user, toasts_wanted="all")
    assert _claimed(app, bob, Announced.ALL)[0] == ["first_release"]


def test_an_unknown_choice_of_toasts_is_rejected(app, alice):
    with pytest.raises(Invalid, match="all, rare, none"), working(app):
        visibility.choose_toasts(alice.user, toasts_wanted="some")
