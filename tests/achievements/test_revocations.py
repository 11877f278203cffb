"""Olga revokes an achievement of Alice, with a reason, and restores it."""

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
    """Alice has planned, started and released a song: three achievements."""
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


def events_named(app, name):
    with app.app_context():
        return db.session.scalars(sa.select(Event).where(Event.name == name)).all()


def test_a_revoked_award_loses_its_points_and_records_who_when_and_why(app, clock, olga, released):
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


def test_the_event_of_a_revocation_has_the_administrator_and_the_reason(app, olga, released):
    revoke(app, olga, released)
    restore(app, olga, released)
    [revoked_event] = events_named(app, events.AchievementRevoked.event_name)
    [restored_event] = events_named(app, events.AchievementRestored.event_name)
    assert (revoked_event.user_id, revoked_event.actor_id, revoked_event.data["reason"]) == (
        released.id,
        olga.id,
        WHY,
    )
    assert (restored_event.user_id, restored_event.actor_id) == (released.id, olga.id)


def test_a_revoked_award_is_granted_again_by_neither_recheck_nor_action(app, olga, released):
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


def test_a_revoked_award_does_not_count_for_the_completionist(app, olga, alice):
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


def test_a_revoked_award_disappears_for_others(app, olga, released):
    with app.app_context():
        before = holder_counts.of_each().by_code["first_release"]
    revoke(app, olga, released)
    with app.app_context():
        assert holder_counts.of_each().by_code["first_release"] == before - 1
        for hidden_too in (True, False):
            shown = queries.badges_of(released.id, hidden_too=hidden_too)
            assert "first_release" not in {badge.code for badge in shown}
        assert "first_release" not in visibility.choices_of(released.id)


def test_a_revoked_award_can_be_neither_pinned_nor_shown(app, olga, released):
    with working(app):
        visibility.move_pin(released.user, "first_release", move="pin")
    revoke(app, olga, released)
    assert released.awards["first_release"].pin is None
    with working(app), pytest.raises(NotFound):
        visibility.move_pin(released.user, "first_release", move="pin")
    with working(app), pytest.raises(NotFound):
        visibility.set_visibility(released.user, "first_release", public=True)


def test_an_award_hidden_while_revoked_is_restored_hidden(app, olga, released):
    revoke(app, olga, released)
    with working(app):
        visibility.set_all_visibility(released.user, public=False)
    restore(app, olga, released)
    assert not released.awards["first_release"].is_public


def test_a_revoked_award_gets_no_toast(app, olga, released):
    revoke(app, olga, released)
    with working(app):
        dispatched = toasts.reserve(released.id)
    assert dispatched.shown
    assert "first_release" not in {toast.entry.code for toast in dispatched.shown}
    restore(app, olga, released)
    with working(app):
        assert not toasts.reserve(released.id).shown


def test_a_restored_award_is_as_it_was(app, clock, olga, released):
    before = released.numbers, earned(app, released), released.awards["first_release"].earned_at
    revoke(app, olga, released)
    clock.move(days=3)
    assert restore(app, olga, released)
    row = released.awards["first_release"]
    assert (released.numbers, earned(app, released), row.earned_at) == before
    assert (row.revoked_at, row.revoked_by_id, row.revoked_by, row.revoked_reason) == (None,) * 4


def test_revoking_or_restoring_twice_changes_nothing(app, olga, released):
    assert revoke(app, olga, released)
    assert not revoke(app, olga, released, reason="Another reason.")
    assert released.awards["first_release"].revoked_reason == WHY
    assert restore(app, olga, released)
    assert not restore(app, olga, released)
    assert len(events_named(app, events.AchievementRevoked.event_name)) == 1
    assert len(events_named(app, events.AchievementRestored.event_name)) == 1


def test_revoking_requires_a_reason(subtests, app, olga, released):
    for reason in [None, "", "  ", "no", "x" * 301, "a\x00b", 7]:
        with subtests.test(reason=reason):
            with pytest.raises(Invalid) as refused:
                revoke(app, olga, released, reason=reason)
            assert list(refused.value.errors) == ["reason"]
            assert "first_release" in earned(app, released)


def test_an_achievement_that_alice_does_not_have_cannot_be_revoked(subtests, app, olga, released):
    for code in ["completionist", "no_such_code", "a\x00b", ""]:
        with subtests.test(code=code):
            with pytest.raises(NotFound):
                revoke(app, olga, released, code)
            with pytest.raises(NotFound):
                restore(app, olga, released, code)


def test_alice_sees_revoked_awards_with_their_reason(app, clock, olga, released):
    revoke(app, olga, released)
    with app.app_context():
        [told] = revocations.revoked_of(released.id)
    assert (told.entry.code, told.at, told.reason) == ("first_release", clock(), WHY)


def test_two_administrators_and_a_recheck_at_once_revoke_an_award_once(app, olga, released):
    before = released.numbers["total_points"]

    def recheck_her():
        with working(app):
            recheck.reconcile_users([released.id])

    at_once([lambda: revoke(app, olga, released), lambda: revoke(app, olga, released), recheck_her])
    assert before - released.numbers["total_points"] == released.awards["first_release"].points
    assert len(events_named(app, events.AchievementRevoked.event_name)) == 1


def test_a_deleted_administrator_leaves_the_reason_without_the_name(app, olga, released):
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
