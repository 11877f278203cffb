"""Who is notified of what, and what an undone action takes back."""

from __future__ import annotations

import limits
import pytest
import sqlalchemy as sa

from tests.support.charter import statements_of
from tests.support.people import add_person, working
from trackflow_web import composition
from trackflow_web.achievements.recheck.reconcile import reconcile_users
from trackflow_web.domain.authoring import actions as authoring
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.comments import actions as comments
from trackflow_web.domain.feedback import actions as feedback
from trackflow_web.domain.feedback.models import Feedback
from trackflow_web.domain.feedback.rules import Kind
from trackflow_web.domain.people.models import Audience
from trackflow_web.domain.relations import actions as relations
from trackflow_web.domain.relations.models import Muted
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs import collaborators
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.jobs import notifications as jobs
from trackflow_web.kernel import clock as the_clock
from trackflow_web.kernel import failpoints
from trackflow_web.kernel.database import db
from trackflow_web.kernel.redelivery import redeliver
from trackflow_web.notifications import handler, statements
from trackflow_web.notifications.models import (
    Notification,
    NotificationPreferences,
    NotificationSetting,
    NotificationVersion,
)

pytestmark = pytest.mark.both_databases
MANY = limits.parse("1000/1 hour")


def types(rows):
    return [(row.type, row.reason, row.n) for row in rows]


def mark_read(app, person):
    with working(app):
        db.session.execute(
            sa.update(Notification)
            .where(Notification.user_id == person.id)
            .values(read=True, read_at=the_clock.now(), seen_at=the_clock.now())
        )


# --- following -----------------------------------------------------------------------------------


def test_followers_of_a_week_are_one_row_with_their_names(app, act, told, alice, bob, charlie):
    act.follow(bob, alice)
    act.follow(charlie, alice)
    (row,) = told(alice)
    assert (row.type, row.n, row.actor_ids) == ("new_follower", 2, f",{charlie.id},{bob.id},")
    assert (row.read, row.seen_at) == (False, None)
    assert told(bob) == told(charlie) == []


def test_a_thousand_follows_and_unfollows_are_one_notice(act, told, sized, alice, bob):
    for _ in range(sized(10, stress=1_000)):
        act.follow(bob, alice)
        act.follow(bob, alice, wanted=False)
    act.follow(bob, alice)
    assert told(alice) == []  # withdrawn, and not told again within 30 days


def test_unfollowing_leaves_what_was_read(app, act, told, alice, bob):
    act.follow(bob, alice)
    mark_read(app, alice)
    act.follow(bob, alice, wanted=False)
    assert len(told(alice)) == 1


def test_unfollowing_takes_one_name_out_of_the_row(act, told, alice, bob, charlie):
    act.follow(bob, alice)
    act.follow(charlie, alice)
    act.follow(bob, alice, wanted=False)
    (row,) = told(alice)
    assert (row.n, row.actor_ids) == (1, f",{charlie.id},")


def test_a_newcomers_notice_comes_when_the_account_is_old_enough(app, clock, act, told, alice, bob):
    act.follow(bob, alice, days=3)
    tools = app.extensions["trackflow.jobs"].tools
    with app.app_context():
        jobs.send_due_notices(tools)
    assert told(alice) == []
    clock.move(days=3)
    for _ in range(2):
        with app.app_context():
            jobs.send_due_notices(tools)
    assert types(told(alice)) == [("new_follower", "follower", 1)]


@pytest.mark.both_databases
def test_a_newcomer_who_was_banned_meanwhile_rings_nowhere(app, clock, act, told, alice, bob):
    act.follow(bob, alice, days=3)
    clock.move(days=3)
    with working(app):
        bob.user.banned_at = bob.user.created_at
    with app.app_context():
        jobs.send_due_notices(app.extensions["trackflow.jobs"].tools)
    assert told(alice) == []
    with working(app):
        bob.user.banned_at = None
    with app.app_context():
        jobs.send_due_notices(app.extensions["trackflow.jobs"].tools)
    assert types(told(alice)) == [("new_follower", "follower", 1)]


# --- releases ------------------------------------------------------------------------------------


def test_a_release_is_told_to_followers_and_those_worked_with(act, told, alice, bob, charlie):
    act.follow(bob, alice)
    act.song(alice, charlie, title="Other")
    song = act.release(alice)
    assert types(told(bob)) == [("new_release", "followed", 1)]
    assert types(told(charlie, "new_release")) == [("new_release", "worked_with", 1)]
    assert told(bob)[0].subject_ids == f",{song},"
    assert told(alice, "new_release") == []


def test_releases_of_a_day_are_one_row(act, clock, told, alice, bob):
    act.follow(bob, alice)
    first, second = act.release(alice), act.release(alice, "Two")
    (row,) = told(bob)
    assert (row.n, row.subject_ids) == (2, f",{second},{first},")
    clock.move(days=1)
    act.release(alice, "Three")
    assert [row.n for row in told(bob)] == [2, 1]


def test_a_read_row_is_never_reopened(app, act, told, alice, bob):
    act.follow(bob, alice)
    act.release(alice)
    mark_read(app, bob)
    act.release(alice, "Two")
    assert [(row.read, row.n) for row in told(bob)] == [(True, 1), (False, 1)]


def test_a_collaborator_is_told_once_and_the_owner_of_what_another_released(
    act, told, alice, bob, charlie
):
    song = act.song(alice, bob, charlie, status="wip")
    for person in (bob, charlie):
        act.follow(person, alice)
    act.move(song, bob)
    assert told(bob, "new_release") == told(charlie, "new_release") == []
    assert types(told(alice, "collaborated_song_released")) == [
        ("collaborated_song_released", "owner", 1)
    ]
    assert types(told(charlie, "collaborated_song_released")) == [
        ("collaborated_song_released", "collaborator", 1)
    ]
    assert told(bob, "collaborated_song_released") == []


def test_moving_back_and_forth_tells_once_a_release_that_stays(act, told, alice, bob):
    act.follow(bob, alice)
    song = act.release(alice)
    act.move(song, alice, "wip")
    assert told(bob) == []
    for _ in range(3):
        act.move(song, alice)
        act.move(song, alice, "wip")
    assert told(bob) == []


def test_deleting_one_of_two_releases_leaves_the_other(act, told, alice, bob):
    act.follow(bob, alice)
    first, second = act.release(alice), act.release(alice, "Two")
    act.delete(second, alice)
    (row,) = told(bob)
    assert (row.n, row.subject_ids) == (1, f",{first},")


def test_a_hidden_owner_rings_nowhere(app, act, told, alice, bob):
    act.follow(bob, alice)
    with working(app):
        alice.user.audience = Audience.ME
    act.release(alice)
    assert told(bob) == []


def test_an_import_rings_nowhere_but_with_its_achievements(app, act, told, alice, bob, as_alice):
    act.follow(bob, alice)
    lines = "".join(f"Song {number},Band {number}\n" for number in range(60))
    as_alice.api("POST", "/api/imports/", {"file": f"title,artist\n{lines}", "name": "All",
                                           "status": "released"})  # fmt: skip
    assert told(bob) == []
    (row,) = told(alice, "achievement_unlocked")
    assert row.reason == "imported"
    assert row.n == len(row.metadata_json["codes"]) > 3


# --- collaborations ------------------------------------------------------------------------------


def test_who_is_added_is_told_and_leaving_takes_it_back(app, act, told, alice, bob):
    song = act.song(alice, bob)
    (row,) = told(bob)
    assert (row.type, row.reason, row.actor_ids) == (
        "collaboration_added",
        "added",
        f",{alice.id},",
    )
    with working(app):
        collaborators.remove_collaborator(find_song(song, for_update=True), alice.user, bob.id)
    assert told(bob) == []
    assert told(alice) == []


def test_songs_added_on_one_day_are_one_row(act, told, alice, bob):
    act.song(alice, bob, title="One")
    act.song(alice, bob, title="Two")
    assert [row.n for row in told(bob)] == [2]


def test_work_on_a_shared_song_is_one_row_a_day(app, clock, act, told, alice, bob, charlie):
    song = act.song(alice, bob, charlie)
    for part in (Part.DRUMS, Part.BASS):
        with working(app):
            authoring.mark_part(find_song(song, for_update=True), part, bob.user, state="done")
    for person, reason in ((alice, "owner"), (charlie, "collaborator")):
        (row,) = told(person, "collaboration_song_updated")
        assert (row.n, row.reason, row.actor_ids) == (2, reason, f",{bob.id},")
    assert told(bob, "collaboration_song_updated") == []
    clock.move(days=1)
    with working(app):
        authoring.mark_part(find_song(song, for_update=True), Part.KEYS, bob.user, state="done")
    assert len(told(alice, "collaboration_song_updated")) == 2


def test_edits_within_five_minutes_are_one(app, clock, act, told, alice, bob):
    song = act.song(alice, bob)
    for title in ("A", "B", "C"):
        edit(app, song, alice, title)
        clock.move(minutes=2)
    edit(app, song, alice, "D")
    assert [row.n for row in told(bob, "collaboration_song_updated")] == [2]


def edit(app, song_id, actor, title):
    with working(app):
        song = find_song(song_id, for_update=True)
        songs.edit_song(song, actor.user, title=title, artist="X", album="", year=None)


def test_an_invitation_is_told_and_its_answer_too(act, told, alice, bob, as_alice, as_bob):
    act.invite(act.song(alice), bob)
    assert types(told(bob)) == [("collaboration_added", "invited", 1)]
    item = as_bob.api("GET", "/api/notifications/").json["items"][0]
    assert (item["message"], item["link"]) == ("alice invited you to One.", "/invitations/")
    as_bob.post(item_of(as_bob, "accept"))
    assert types(told(bob)) == [("collaboration_added", "invited", 1)]  # stays
    assert types(told(alice)) == [("invitation_answered", "inviter", 1)]
    answered = as_alice.api("GET", "/api/notifications/").json["items"]
    assert "bob accepted your invitation to One." in [item["message"] for item in answered]


def test_a_declined_invitation_is_told_the_inviter(act, told, alice, bob, as_bob):
    act.invite(act.song(alice), bob)
    as_bob.post(item_of(as_bob, "decline"))
    assert told(alice)[0].metadata_json == {"answer": "declined"}


def test_a_withdrawn_invitation_takes_its_notification_with_it(app, act, told, alice, bob):
    song = act.song(alice)
    act.invite(song, bob)
    with working(app):
        collaborators.remove_collaborator(find_song(song, for_update=True), alice.user, bob.id)
    assert told(bob) == []


def item_of(browser, answer):
    invitation = browser.api("GET", "/api/invitations/").json["items"][0]["id"]
    return f"/invitations/{invitation}/{answer}"


# --- requests and reports ------------------------------------------------------------------------


@pytest.fixture
def request_of(app):
    def make(author, kind=Kind.FEATURE):
        with working(app):
            return feedback.submit(
                author.user, kind, title="Dark mode", description="Please.", limit=MANY
            ).id

    return make


def comment(app, item_id, person):
    with working(app):
        item = db.session.get(Feedback, item_id)
        limits = comments.Limits((MANY,))
        comments.write(feedback.thread_of(item), person.user, body="Yes.", limits=limits)


def vote(app, item_id, person, *, wanted=True):
    with working(app):
        feedback.vote(db.session.get(Feedback, item_id), person.user, wanted=wanted)


def decide(app, item_id, admin, status):
    with working(app):
        item = db.session.get(Feedback, item_id)
        feedback.decide(item, admin.user, status=status, reason="Because.")


def test_comments_go_to_the_author_and_whoever_commented(
    app, told, request_of, alice, bob, charlie
):
    item = request_of(alice)
    comment(app, item, bob)
    comment(app, item, charlie)
    (hers,) = told(alice)
    assert (hers.type, hers.reason, hers.n) == ("feature_request_comment", "author", 2)
    assert types(told(bob)) == [("feature_request_comment", "commented", 1)]
    assert told(charlie) == []


def test_a_request_is_popular_once_at_five_votes(app, told, request_of, alice):
    item = request_of(alice)
    fans = [add_person(app, f"fan{number}") for number in range(5)]
    for fan in fans[:4]:
        vote(app, item, fan)
    assert told(alice) == []
    vote(app, item, fans[4])
    assert told(alice)[0].metadata_json == {"votes": 5}
    vote(app, item, fans[4], wanted=False)
    assert told(alice) == []
    vote(app, item, fans[4])
    mark_read(app, alice)
    vote(app, item, fans[4], wanted=False)
    vote(app, item, fans[4])
    assert len(told(alice)) == 1


def test_an_answer_goes_to_the_author_and_the_voters(app, told, request_of, alice, bob, admin):
    item = request_of(alice)
    vote(app, item, bob)
    decide(app, item, admin, "planned")
    assert types(told(alice)) == [("feature_request_answered", "author", 1)]
    assert types(told(bob)) == [("feature_request_answered", "voted", 1)]
    assert told(admin) == []


def test_a_fixed_bug_and_any_other_response(app, told, request_of, alice, admin):
    item = request_of(alice, Kind.BUG)
    decide(app, item, admin, "confirmed")
    decide(app, item, admin, "fixed")
    assert [row.type for row in told(alice)] == ["bug_report_response", "bug_fixed"]


# --- achievements --------------------------------------------------------------------------------


def test_all_unlocks_of_an_action_are_one_row(app, act, told, alice):
    act.release(alice)
    rows = told(alice, "achievement_unlocked")
    assert len(rows) == 1
    assert rows[0].n == len(rows[0].metadata_json["codes"]) >= 1


def test_a_revocation_is_told_and_taken_back(app, act, told, alice, admin, as_admin):
    act.release(alice)
    code = told(alice, "achievement_unlocked")[0].metadata_json["codes"][0]
    address = f"/admin/users/alice/achievements/{code}"
    as_admin.post(f"{address}/revoke", reason="A bug of ours.")
    assert types(told(alice)) == [("achievement_revoked", "revoked", 1)]
    as_admin.post(f"{address}/restore")
    assert told(alice) == []


# --- who does not want to hear of it -------------------------------------------------------------


def test_a_muted_person_rings_nowhere(act, told, alice, bob):
    act.follow(bob, alice)
    act.mute(bob, alice)
    act.release(alice)
    assert told(bob) == []


def test_a_mute_that_has_ended_mutes_nothing(app, clock, act, told, alice, bob):
    act.follow(bob, alice)
    with working(app):
        until = (the_clock.now()).replace(year=2030).isoformat()
        relations.set_mute(bob.user, alice.user, wanted=True, until=until)
    clock.move(days=3_000)
    act.release(alice)
    assert len(told(bob)) == 1


def test_a_muted_song_is_quiet_and_others_are_not(app, act, told, alice, bob):
    muted, other = act.song(alice, bob), act.song(alice, bob, title="Two")
    with working(app):
        relations.mute(bob.user, Muted.SONG, muted)
    for song in (muted, other):
        edit(app, song, alice, f"New {song}")
    assert [row.subject_ids for row in told(bob, "collaboration_song_updated")] == [f",{other},"]


def test_a_type_that_is_off_is_written_for_others_only(app, act, told, alice, bob, charlie):
    with working(app):
        db.session.add(
            NotificationSetting(user_id=bob.id, type="new_release", channel="site", is_on=False)
        )
    for person in (bob, charlie):
        act.follow(person, alice)
    act.release(alice)
    assert (told(bob), len(told(charlie))) == ([], 1)


def test_a_banned_user_gets_nothing(app, act, told, alice, bob):
    act.follow(bob, alice)
    with working(app):
        bob.user.banned_at = the_clock.now()
    act.release(alice)
    assert told(bob) == []


def test_who_wants_one_line_each_gets_one(app, act, told, alice, bob):
    act.follow(bob, alice)
    with working(app):
        db.session.add(NotificationPreferences(user_id=bob.id, one_line_each=True))
    act.release(alice)
    act.release(alice, "Two")
    assert [row.n for row in told(bob)] == [1, 1]


def test_above_the_most_unread_releases_are_one_row_a_week(
    app, act, told, alice, bob, charlie, monkeypatch
):
    monkeypatch.setattr(statements, "MOST_UNREAD", 0)
    statements.of_audience.cache_clear()
    for owner in (alice, charlie):
        act.follow(bob, owner)
    act.release(charlie, "Zero")
    for owner in (alice, charlie):
        act.release(owner)
    statements.of_audience.cache_clear()
    first, rest = told(bob)
    assert first.n == 1
    assert (rest.n, rest.group_key.startswith("digest:new_release:")) == (2, True)


@pytest.mark.both_databases
def test_what_one_person_does_beyond_fifty_rows_a_day_is_one_row(
    app, act, told, as_bob, alice, bob, charlie, monkeypatch
):
    monkeypatch.setattr(statements, "MOST_FROM_ONE", 3)
    statements.of_audience.cache_clear()
    songs = [act.song(alice, bob, charlie, title=f"Song {n}", status="wip") for n in range(6)]
    added = len(told(bob))
    for song in songs:
        act.move(song, alice)
    act.move(act.song(charlie, bob, title="Charlie's", status="wip"), charlie)
    statements.of_audience.cache_clear()
    rows = [row for row in told(bob) if row.type == "collaborated_song_released"]
    assert added + len(rows) <= 3 + 1 + 2
    folded = next(row for row in rows if row.group_key.startswith("digest:"))
    assert sum(row.n for row in rows) == 7
    assert f"{folded.n} more notifications: Your song is out." in as_bob.get("/notifications/").text


# --- exactly once --------------------------------------------------------------------------------


def test_an_event_that_is_delivered_again_changes_nothing(app, act, told, alice, bob, monkeypatch):
    act.follow(bob, alice)
    seen = []
    monkeypatch.setattr(composition, "HANDLERS", (*composition.HANDLERS[:-1], Spy(seen)))
    act.release(alice)
    before = told(bob)
    for event in seen:
        event.delivered_at = None
    with working(app):
        handler.reconcile(seen)
    assert [row.n for row in told(bob)] == [row.n for row in before] == [1]


class Spy:
    name = "spy"

    def __init__(self, seen):
        self.seen = seen

    def handle(self, events):
        self.seen += [event for event in events if event.name == "song_released"]

    reconcile = handle


def test_what_failed_is_told_once_when_it_is_redelivered(app, act, told, alice, bob):
    act.follow(bob, alice)
    with failpoints.failing(failpoints.Point.NOTIFIED, ZeroDivisionError("broken")):
        act.release(alice)
    assert told(bob) == []
    with app.app_context():
        redeliver(composition.HANDLERS)
        redeliver(composition.HANDLERS)
    assert [row.n for row in told(bob)] == [1]


def test_versions_follow_the_commits(app, act, told, alice, bob):
    act.follow(bob, alice)
    act.release(alice)
    act.release(alice, "Two")
    assert told(bob)[0].version == 2
    with app.app_context():
        assert db.session.get(NotificationVersion, bob.id).n == 2


@pytest.mark.both_databases
def test_a_recheck_of_many_tells_each_of_them_once_in_one_call(app):
    people = [add_person(app, f"one{number:02}") for number in range(handler.FEW + 1)]
    now = the_clock.now()
    with working(app):
        for person in people:
            # As if it had been there before anything was counted: no event.
            db.session.execute(
                sa.insert(Song.__table__).values(
                    user_id=person.id,
                    title="S",
                    title_key="s",
                    artist="A",
                    artist_key="a",
                    search_key="s a",
                    album="",
                    status="future",
                    planned_at=now,
                    created_at=now,
                    updated_at=now,
                )
            )
    with statements_of(app) as seen, working(app):
        reconcile_users([person.id for person in people])
    assert sum(text.startswith("INSERT INTO notifications") for text in seen) == 1
    with app.app_context():
        rows = db.session.execute(
            sa.select(Notification.user_id, Notification.type, Notification.version).where(
                Notification.user_id.in_([person.id for person in people])
            )
        ).all()
    unlocked = [row for row in rows if row.type == "achievement_unlocked"]
    assert sorted(row.user_id for row in unlocked) == [person.id for person in people]
    assert all(row.version > 0 for row in rows)
