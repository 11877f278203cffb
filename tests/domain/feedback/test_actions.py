"""Actions on feature requests and bug reports, and their counters."""

from __future__ import annotations

import threading

import limits
import pytest
import sqlalchemy as sa

from tests.support.people import working
from trackflow_web.domain.comments.events import FeedbackCommented
from trackflow_web.domain.comments.models import Comment
from trackflow_web.domain.feedback import actions, queries
from trackflow_web.domain.feedback.events import (
    FeedbackDecided,
    FeedbackVoted,
    FeedbackVoteRemoved,
)
from trackflow_web.domain.feedback.models import Feedback
from trackflow_web.domain.feedback.rules import Kind, Status
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Forbidden, Invalid, TooMany
from trackflow_web.kernel.events import Event

pytestmark = pytest.mark.both_databases

# The statuses that do not count, by kind; only feature requests are rejected.
DROPS = {Kind.FEATURE: ["rejected", "duplicate"], Kind.BUG: ["duplicate"]}
KEEPS = {Kind.FEATURE: ["planned", "done", "open"], Kind.BUG: ["confirmed", "fixed", "closed"]}


def test_submitted_feedback_counts(desk, alice, bob):
    desk.submit(alice)
    desk.submit(alice)
    assert desk.number(alice) == 2
    assert not desk.number(bob)


def test_requests_and_reports_count_separately(features, bugs, alice):
    features.submit(alice)
    assert features.number(alice) == 1
    assert not bugs.number(alice)


def test_a_bug_report_is_not_found_as_a_feature_request(features, bugs, alice, work):
    item_id = bugs.submit(alice)
    with work():
        assert features.item(item_id) is None


def test_withdrawing_lowers_the_counter_once(desk, alice):
    item_id = desk.submit(alice)
    desk.withdraw(alice, item_id)
    desk.withdraw(alice, item_id)
    assert desk.number(alice) == 0
    assert desk.thread(item_id) == [("alice", "withdrawn", "")]


def test_only_the_author_withdraws(desk, alice, bob, admin):
    item_id = desk.submit(alice)
    for other in (bob, admin):
        with pytest.raises(Forbidden):
            desk.withdraw(other, item_id)
    assert desk.number(alice) == 1


def test_only_administrators_decide(desk, alice, bob):
    item_id = desk.submit(alice)
    for other in (alice, bob):
        with pytest.raises(Forbidden):
            desk.decide(other, item_id, "duplicate")
    assert desk.number(alice) == 1


def test_rejected_items_do_not_count(desk, alice, admin):
    for status in DROPS[desk.kind]:
        item_id = desk.submit(alice)
        desk.decide(admin, item_id, status)
    assert desk.number(alice) == 0


def test_other_decisions_keep_the_counter(desk, alice, admin):
    item_id = desk.submit(alice)
    for status in KEEPS[desk.kind]:
        desk.decide(admin, item_id, status)
        assert desk.number(alice) == 1


def test_a_reopened_item_counts_again(desk, alice, admin):
    item_id = desk.submit(alice)
    for status, number in [("duplicate", 0), ("duplicate", 0), ("open", 1), ("open", 1)]:
        desk.decide(admin, item_id, status, reason="Word.")
        assert desk.number(alice) == number


def test_an_administrator_can_reopen_a_withdrawn_item(desk, alice, admin):
    item_id = desk.submit(alice)
    desk.withdraw(alice, item_id)
    desk.decide(admin, item_id, "open")
    assert desk.number(alice) == 1


def test_withdrawing_a_rejected_item_keeps_the_counter(features, alice, admin):
    item_id = features.submit(alice)
    features.decide(admin, item_id, "rejected")
    features.withdraw(alice, item_id)
    assert features.number(alice) == 0


def test_deciding_changes_no_counter_of_the_administrator(desk, alice, admin):
    item_id = desk.submit(alice)
    desk.decide(admin, item_id, "duplicate")
    desk.decide(admin, item_id, "open")
    desk.comment(admin, item_id, "Noted.")
    assert not desk.number(admin)


def test_every_status_change_is_stored_with_its_reason(features, alice, admin, work):
    item_id = features.submit(alice)
    features.decide(admin, item_id, "planned", "In spring.")
    features.decide(admin, item_id, "planned")  # changes nothing
    features.decide(admin, item_id, "done")
    with work():
        assert (features.item(item_id).status, features.item(item_id).reason) == ("done", "")
    assert features.thread(item_id) == [
        ("olga", "planned", "In spring."),
        ("olga", "done", ""),
    ]


def test_comments_are_ordered_oldest_first(desk, alice, bob):
    item_id = desk.submit(alice)
    desk.comment(bob, item_id, "Me too.\r\nReally.")
    desk.comment(alice, item_id, "Good.")
    assert desk.thread(item_id) == [
        ("bob", None, "Me too.\nReally."),
        ("alice", None, "Good."),
    ]


def test_setting_or_withdrawing_a_vote_twice_changes_nothing(features, alice, bob, charlie, work):
    item_id = features.submit(alice)
    for _ in range(2):
        features.vote(bob, item_id)
        features.vote(charlie, item_id)
    for _ in range(2):
        features.vote(bob, item_id, wanted=False)
    with work():
        seen_by_bob = queries.get_details(features.item(item_id), bob.user)
        seen_by_charlie = queries.get_details(features.item(item_id), charlie.user)
    assert (seen_by_bob.votes, seen_by_bob.voted) == (1, False)
    assert (seen_by_charlie.votes, seen_by_charlie.voted) == (1, True)


def test_the_authors_vote_does_not_count(features, alice, work):
    item_id = features.submit(alice)
    features.vote(alice, item_id)
    with work():
        assert queries.get_details(features.item(item_id), alice.user).votes == 0


def test_requests_and_reports_share_a_limit(features, bugs, alice, bob, clock):
    three_a_day = limits.parse("3/1 day")
    features.submit(alice, limit=three_a_day)
    bugs.submit(alice, limit=three_a_day)
    features.submit(alice, limit=three_a_day)
    with pytest.raises(TooMany) as refusal:
        bugs.submit(alice, limit=three_a_day)
    assert refusal.value.retry_after == 24 * 3600
    bugs.submit(bob, limit=three_a_day)
    clock.move(days=1)
    bugs.submit(alice, limit=three_a_day)
    assert (features.number(alice), bugs.number(alice)) == (2, 2)


def test_rejected_submissions_do_not_count_towards_the_limit(desk, alice):
    one_a_day = limits.parse("1/1 day")
    with pytest.raises(Invalid):
        desk.submit(alice, title="", limit=one_a_day)
    desk.submit(alice, limit=one_a_day)
    with pytest.raises(TooMany):
        desk.submit(alice, limit=one_a_day)


def test_comments_have_a_separate_limit(desk, alice):
    one_an_hour = limits.parse("1/1 hour")
    item_id = desk.submit(alice, limit=one_an_hour)
    desk.comment(alice, item_id, "One.", limit=one_an_hour)
    with pytest.raises(TooMany):
        desk.comment(alice, item_id, "Two.", limit=one_an_hour)


def test_deleting_an_account_deletes_its_votes_and_requests(features, alice, bob, work):
    by_alice, by_bob = features.submit(alice), features.submit(bob)
    features.vote(bob, by_alice)
    features.comment(bob, by_alice, "Yes.")
    with work():
        db.session.delete(bob.user)
    with work():
        assert features.item(by_bob) is None
        assert queries.get_details(features.item(by_alice), alice.user).votes == 0


# --- at the same time --------------------------------------------------------------------------


def at_once(app, *deeds):
    """Run the actions in concurrent threads; return their exceptions."""
    start, raised = threading.Barrier(len(deeds)), []

    def run(deed):
        start.wait()
        try:
            with working(app):
                deed()
        except Exception as error:  # noqa: BLE001 -- the test looks at it
            raised.append(error)

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_parallel_decisions_change_the_counter_once(app, desk, alice, admin):
    item_id = desk.submit(alice)

    def decide(status):
        actions.decide(desk.item(item_id), admin.user, status=status)

    for status, number in [("duplicate", 0), ("open", 1), ("duplicate", 0)]:
        deeds = [lambda status=status: decide(status)] * 4
        assert at_once(app, *deeds) == []
        assert desk.number(alice) == number


def test_withdrawing_during_a_rejection_changes_the_counter_once(app, features, alice, admin):
    item_id = features.submit(alice)
    features.submit(alice)
    raised = at_once(
        app,
        lambda: actions.withdraw(features.item(item_id), alice.user),
        lambda: actions.decide(features.item(item_id), admin.user, status="rejected"),
    )
    assert raised == []
    assert features.number(alice) == 1


def test_parallel_votes_are_serialised(app, features, alice, bob, work):
    item_id = features.submit(alice)
    deeds = [lambda: actions.vote(features.item(item_id), bob.user)] * 3
    assert at_once(app, *deeds) == []
    with work():
        assert queries.get_details(features.item(item_id), bob.user).votes == 1


def test_parallel_requests_do_not_exceed_the_limit(app, desk, alice):
    two_a_day = limits.parse("2/1 day")

    def submit():
        actions.submit(alice.user, desk.kind, title="One", description="Two", limit=two_a_day)

    raised = at_once(app, *[submit] * 5)
    assert [type(error) for error in raised] == [TooMany] * 3
    assert desk.number(alice) == 2


def test_the_database_enforces_that_status_and_counting_match(work, desk, alice):
    item_id = desk.submit(alice)
    with pytest.raises(Exception, match="counted_at"), work():
        desk.item(item_id).status = Status.DUPLICATE
    with work():
        assert db.session.get_one(Feedback, item_id).status == "open"


def test_comments_votes_and_decisions_are_recorded_with_who_and_what(
    app, features, alice, bob, admin
):
    item_id = features.submit(alice)
    features.comment(bob, item_id, "Me too.")
    features.vote(bob, item_id)
    features.vote(bob, item_id, wanted=False)
    features.decide(admin, item_id, "planned", "Soon.")
    with app.app_context():
        rows = db.session.scalars(
            sa.select(Event)
            .where(Event.subject_type == "feature", Event.subject_id == item_id)
            .order_by(Event.id)
        ).all()[1:]
        comments = db.session.scalars(sa.select(Comment.id).order_by(Comment.id)).all()
    assert [(row.user_id, row.actor_id, row.payload) for row in rows] == [
        (bob.id, bob.id, FeedbackCommented(comment_id=comments[0], author_id=alice.id)),
        (bob.id, bob.id, FeedbackVoted(author_id=alice.id)),
        (bob.id, bob.id, FeedbackVoteRemoved(author_id=alice.id)),
        (
            alice.id,
            admin.id,
            FeedbackDecided(
                status=Status.PLANNED, status_before=Status.OPEN, comment_id=comments[1]
            ),
        ),
    ]
    # That these change no counter is checked after every test.
