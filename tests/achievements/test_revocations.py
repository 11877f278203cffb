"""Olga takes an achievement from Alice, with a reason, and gives it back."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.catalogues import BY_CODE
from tests.support.charter import at_once
from tests.support.people import working
from trackflow_web.accounts import deletion
from trackflow_web.achievements import events, toasts
from trackflow_web.achievements.awards import holder_counts, visibility
from trackflow_web.achievements.awards import revoke as revocations
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.achievements.progress import queries
from trackflow_web.achievements.recheck import reconcile as recheck
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid, NotFound
from trackflow_web.kernel.events import Event

pytestmark = pytest.mark.both_databases

WHY = "Counted by a bug of ours."


@pytest.fixture
def olga(admin):
    return admin


@pytest.fixture
def released(alice):
    """Alice has planned, begun and released a song: three achievements."""
    alice.move(alice.add(year=1988), "wip", "released")
    assert {"dreamer", "first_release"} <= set(alice.codes)
    return alice


def revoke(app, olga, person, code="first_release", reason=WHY):
    with working(app):
        return revocations.revoke(olga.user, person.user, code, reason=reason)


def restore(app, olga, person, code="first_release"):
    with working(app):
        return revocations.restore(olga.user, person.user, code)


def earned(app, person):
    with app.app_context():
        return set(queries.earned_by(person.id))


def facts(app, fact):
    with app.app_context():
        return db.session.scalars(sa.select(Event).where(Event.name == fact)).all()


def test_it_goes_with_its_points_and_the_row_says_who_when_and_why(app, clock, olga, released):
    before = released.numbers
    assert revoke(app, olga, released)
    row = released.awards["first_release"]
    assert (row.revoked_at, row.revoked_by_id, row.revoked_by, row.revoked_reason) == (
        clock(),
        olga.id,
        "olga",
        WHY,
    )
    after = released.numbers
    assert before["total_points"] - after["total_points"] == row.points
    assert before["total_achievements"] - after["total_achievements"] == 1
    assert "first_release" not in earned(app, released)


def test_a_fact_keeps_who_and_why(app, olga, released):
    revoke(app, olga, released)
    restore(app, olga, released)
    [taken] = facts(app, events.AchievementRevoked.event_name)
    [given_back] = facts(app, events.AchievementRestored.event_name)
    assert (taken.user_id, taken.actor_id, taken.data["reason"]) == (released.id, olga.id, WHY)
    assert (given_back.user_id, given_back.actor_id) == (released.id, olga.id)


def test_neither_a_recheck_nor_another_deed_gives_it_again(app, olga, released):
    revoke(app, olga, released)
    points = released.number("total_points")
    with working(app):
        done = recheck.reconcile_users([released.id])
    assert not done.awards
    assert not done.drift
    song = released.add("Two", status="wip")
    released.move(song, "released")
    released.delete(song)
    released.given("first_release")
    assert "first_release" not in earned(app, released)
    assert released.awards["first_release"].revoked_reason == WHY
    gained = sum(row.points for code, row in released.awards.items() if row.revoked_at is None)
    assert released.number("total_points") == gained >= points


def test_the_last_one_missing_is_not_counted_while_it_is_revoked(app, olga, alice):
    others = [code for code in BY_CODE if code not in {"completionist", "dreamer"}]
    alice.given(*others)
    revoke(app, olga, alice, others[0])
    alice.given("dreamer")
    assert "completionist" not in alice.codes
    with working(app):
        recheck.reconcile_users([alice.id])
    assert "completionist" not in alice.codes
    restore(app, olga, alice, others[0])
    assert "completionist" in alice.codes
    revoke(app, olga, alice, others[0])  # what was earned by it stays
    assert "completionist" in earned(app, alice)


def test_it_disappears_from_what_others_see(app, olga, released):
    with app.app_context():
        before = holder_counts.of_each().by_code["first_release"]
    revoke(app, olga, released)
    with app.app_context():
        assert holder_counts.of_each().by_code["first_release"] == before - 1
        for hidden_too in (True, False):
            shown = queries.badges_of(released.id, hidden_too=hidden_too)
            assert "first_release" not in {badge.code for badge in shown}
        assert "first_release" not in visibility.choices_of(released.id)


def test_what_was_revoked_cannot_be_pinned_or_shown(app, olga, released):
    with working(app):
        visibility.move_pin(released.user, "first_release", move="pin")
    revoke(app, olga, released)
    assert released.awards["first_release"].pin is None
    with working(app), pytest.raises(NotFound):
        visibility.move_pin(released.user, "first_release", move="pin")
    with working(app), pytest.raises(NotFound):
        visibility.set_visibility(released.user, "first_release", public=True)


def test_what_is_hidden_meanwhile_comes_back_hidden(app, olga, released):
    revoke(app, olga, released)
    with working(app):
        visibility.set_all_visibility(released.user, public=False)
    restore(app, olga, released)
    assert not released.awards["first_release"].is_public


def test_it_is_not_announced_any_more(app, olga, released):
    revoke(app, olga, released)
    with working(app):
        dispatched = toasts.reserve(released.id)
    assert dispatched.shown
    assert "first_release" not in {toast.entry.code for toast in dispatched.shown}
    restore(app, olga, released)
    with working(app):
        assert not toasts.reserve(released.id).shown


def test_given_back_it_is_as_it_was(app, clock, olga, released):
    before = released.numbers, earned(app, released), released.awards["first_release"].earned_at
    revoke(app, olga, released)
    clock.move(days=3)
    assert restore(app, olga, released)
    row = released.awards["first_release"]
    assert (released.numbers, earned(app, released), row.earned_at) == before
    assert (row.revoked_at, row.revoked_by_id, row.revoked_by, row.revoked_reason) == (None,) * 4


def test_a_second_time_changes_nothing(app, olga, released):
    assert revoke(app, olga, released)
    assert not revoke(app, olga, released, reason="Another reason.")
    assert released.awards["first_release"].revoked_reason == WHY
    assert restore(app, olga, released)
    assert not restore(app, olga, released)
    assert len(facts(app, events.AchievementRevoked.event_name)) == 1
    assert len(facts(app, events.AchievementRestored.event_name)) == 1


def test_without_a_reason_nothing_is_taken(subtests, app, olga, released):
    for reason in [None, "", "  ", "no", "x" * 301, "a\x00b", 7]:
        with subtests.test(reason=reason):
            with pytest.raises(Invalid) as refused:
                revoke(app, olga, released, reason=reason)
            assert list(refused.value.errors) == ["reason"]
            assert "first_release" in earned(app, released)


def test_what_she_does_not_have_cannot_be_taken(subtests, app, olga, released):
    for code in ["completionist", "no_such_code", "a\x00b", ""]:
        with subtests.test(code=code):
            with pytest.raises(NotFound):
                revoke(app, olga, released, code)
            with pytest.raises(NotFound):
                restore(app, olga, released, code)


def test_what_was_taken_is_told_with_its_reason(app, clock, olga, released):
    revoke(app, olga, released)
    with app.app_context():
        [told] = revocations.revoked_of(released.id)
    assert (told.entry.code, told.at, told.reason) == ("first_release", clock(), WHY)


def test_two_administrators_and_a_recheck_at_once_take_it_once(app, olga, released):
    before = released.numbers["total_points"]

    def recheck_her():
        with working(app):
            recheck.reconcile_users([released.id])

    at_once([lambda: revoke(app, olga, released), lambda: revoke(app, olga, released), recheck_her])
    assert before - released.numbers["total_points"] == released.awards["first_release"].points
    assert len(facts(app, events.AchievementRevoked.event_name)) == 1


def test_when_the_administrator_goes_the_reason_stays_without_the_name(app, olga, released):
    revoke(app, olga, released)
    with working(app):
        olga.user.is_admin = False
        db.session.flush()
        deletion.delete_account(olga.user)
    with app.app_context():
        row = db.session.scalars(
            sa.select(UserAchievement).where(UserAchievement.revoked_at.is_not(None))
        ).one()
        assert (row.revoked_by_id, row.revoked_by) == (None, deletion.DELETED_USER)
        assert row.revoked_reason == WHY
