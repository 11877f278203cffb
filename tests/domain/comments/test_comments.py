"""Writing, changing and deleting comments."""

from __future__ import annotations

import limits
import pytest
import sqlalchemy as sa

from tests.support.charter import at_once, statements_of
from tests.support.people import add_person, working
from tests.support.songs import add_song
from tests.support.talk import Talk, rows
from trackflow_web.accounts import deletion
from trackflow_web.domain.bulk import deletion as bulk
from trackflow_web.domain.comments import actions, queries, threads
from trackflow_web.domain.comments.models import Comment, CommentEdit, Mention
from trackflow_web.domain.packs.queries import find_pack
from trackflow_web.domain.people.models import Audience
from trackflow_web.domain.reactions.models import Reaction
from trackflow_web.domain.subjects import Subject, SubjectType, find_subject
from trackflow_web.domain.undo import actions as undo
from trackflow_web.domain.visibility.models import Block, Hold
from trackflow_web.kernel import clock as clocks
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Forbidden, Invalid, TooMany

pytestmark = pytest.mark.both_databases


def errors(call, *arguments, **named):
    with pytest.raises(Invalid) as caught:
        call(*arguments, **named)
    return set(caught.value.errors)


def block(app, person, other):
    with working(app):
        db.session.add(Block(user_id=person.id, blocked_id=other.id, created_at=clocks.now()))


# --- order, replies ------------------------------------------------------------


def test_replies_follow_their_comment_and_pages_their_cursor(talk, alice, bob):
    first = talk.write(bob, "First")
    talk.write(bob, "Second")
    talk.write(alice, "To the first", parent=first)
    talk.write(alice, "Again", parent=first)
    everything = ["First", "To the first", "Again", "Second"]
    assert talk.texts(bob) == everything
    with talk.app.app_context():
        found, after = [], None
        while page := queries.page(talk.subject, queries.Reader(bob.id), after=after, limit=2):
            found += [shown.body for shown in page]
            after = queries.Place(page[-1].comment.root_id, page[-1].comment.id)
    assert found == everything


def test_replies_have_one_level_and_stay_in_their_thread(app, talk, alice, bob, charlie):
    first = talk.write(bob)
    reply = talk.write(alice, "Yes.", parent=first)
    other = Talk(app, charlie).write(bob, "Elsewhere")
    for parent in (reply, other, 999_999, 10**18, "x", -1):
        assert errors(talk.write, bob, "Hm.", parent=parent) == {"parent_id"}, parent
    talk.delete(bob, first)
    assert errors(talk.write, bob, "Hm.", parent=first) == {"parent_id"}


def test_users_with_a_block_between_them_cannot_reply_and_see_each_others_comments_collapsed(
    app, talk, bob, charlie
):
    by_bob = talk.write(bob, "By Bob")
    block(app, charlie, bob)
    assert errors(talk.write, charlie, "Hm.", parent=by_bob) == {"parent_id"}
    for reader in (charlie, bob):
        shown = talk.shown(reader)[0]
        assert shown.is_collapsed == (reader is charlie)
    assert talk.shown(charlie)[0].author is None


def test_hidden_profiles_have_no_name(app, talk, alice, bob):
    talk.write(bob)
    with working(app):
        bob.user.audience = Audience.ME
    assert talk.shown(alice)[0].author is None
    assert talk.shown(bob)[0].author.username == "bob"


# --- text ------------------------------------------------------------


def test_hostile_texts_are_harmless(talk, bob):
    zalgo = "Z" + "\u0301" * 200
    texts = {
        "<script>alert(1)</script>": "&lt;script&gt;",
        "[x](javascript:alert(1))": "[x](javascript",
        "![x](https://example.org/x.png)": "example.org",
        "a\u202eb": "<p>ab</p>",
        zalgo: "<p>Ź\u0301\u0301\u0301\u0301</p>",
        "[" * 2_000: "[[[",
        "> " * 500 + "deep": "<blockquote>",
        '<a href="https://example.org" onclick="x()">x</a>': "&lt;a",
    }
    for number, (text, expected) in enumerate(texts.items()):
        person = add_person(talk.app, f"writer{number}")
        talk.write(person, text)
        html = talk.shown(bob)[-1].html
        assert expected in html, html
        assert "<script" not in html
        assert "<img" not in html
        assert "javascript:" not in html.split("href=")[-1] or "href=" not in html
    for body in ("", " \n", "\u200b\u200b", "x" * 2_001, "\x00", 5, None):
        assert errors(talk.write, bob, body) == {"body"}, body


def test_the_same_text_is_refused_for_ten_minutes(app, talk, alice, bob, clock):
    talk.write(bob, "Nice.")
    assert errors(talk.write, bob, "Nice.") == {"body"}
    elsewhere = Talk(app, alice, "Other")
    elsewhere.write(bob, "Nice.")  # short: congratulations are
    long = "Buy this now: " + "very good " * 10
    talk.write(bob, long)
    assert errors(elsewhere.write, bob, long) == {"body"}
    clock.move(minutes=11)
    talk.write(bob, "Nice.")


def test_comments_have_one_limit(talk, bob):
    few = (limits.parse("2/1 hour"),)
    talk.write(bob, "One", often=few)
    talk.write(bob, "Two", often=few)
    with pytest.raises(TooMany):
        talk.write(bob, "Three", often=few)


# --- changing ------------------------------------------------------------


def test_changes_are_marked_and_kept_as_versions_after_five_minutes(talk, alice, bob, clock):
    comment_id = talk.write(bob, "Frist")
    clock.move(minutes=4)
    talk.edit(bob, comment_id, "First")
    assert not talk.shown(bob)[0].is_edited
    clock.move(minutes=2)
    talk.edit(bob, comment_id, "First!")
    talk.edit(bob, comment_id, "First!")  # nothing to change
    shown = talk.shown(bob)[0]
    assert (shown.body, shown.html, shown.is_edited) == ("First!", "<p>First!</p>\n", True)
    with talk.app.app_context():
        assert [version.body for version in queries.versions_of(comment_id)] == ["First"]
    with pytest.raises(Forbidden):
        talk.edit(alice, comment_id, "Mine")


def test_only_the_latest_versions_are_kept(talk, bob, clock):
    comment_id = talk.write(bob)
    clock.move(minutes=6)
    for number in range(25):
        talk.edit(bob, comment_id, f"Version {number}")
    assert rows(talk.app, CommentEdit) == 20


# --- deleting ------------------------------------------------------------


def test_a_deleted_comment_leaves_its_place_only_with_replies(talk, alice, bob):
    lone, first = talk.write(bob, "Alone"), talk.write(bob, "First")
    reply = talk.write(alice, "Yes.", parent=first)
    assert not talk.delete(bob, lone)
    assert talk.delete(bob, first)
    gone, kept = talk.shown(alice)
    assert (gone.is_gone, gone.body, gone.author.username) == (True, "", "bob")
    assert kept.body == "Yes."
    talk.delete(alice, reply)
    assert talk.shown(alice) == []


def test_owners_remove_comments_and_close_their_threads(talk, alice, bob, charlie):
    comment_id = talk.write(bob, "Spam")
    with pytest.raises(Forbidden):
        talk.delete(charlie, comment_id)
    with pytest.raises(Forbidden):
        talk.close(bob)
    assert talk.delete(alice, comment_id)  # the place says who removed it
    assert talk.shown(bob)[0].comment.deleted_by == "owner"
    talk.close(alice)
    talk.close(alice)
    assert errors(talk.write, bob, "More") == {"form"}
    talk.close(alice, closed=False)
    talk.write(bob, "More")


def test_deleting_an_account_empties_the_places_and_removes_the_name(app, talk, alice, bob):
    first = talk.write(bob, "By bob")
    talk.write(bob, "Alone")
    talk.write(alice, "Hello @bob, and bob@example.org", parent=first)
    talk.write(bob, "My own reply", parent=first)
    talk.react(bob)
    talk.react(alice, subject=Subject(SubjectType.COMMENT, first, bob.id))
    with working(app):
        deletion.delete_account(bob.user)
    gone, reply = talk.shown(alice)
    assert (gone.author, gone.body, gone.comment.deleted_by) == (None, "", "account")
    assert reply.body == "Hello @deleted, and bob@example.org"
    assert rows(app, Reaction) == 0


def test_a_restored_pack_has_its_comments_and_another_pack_with_its_id_has_none(
    app, talk, alice, bob
):
    talk.write(bob, "Live")
    talk.react(bob)
    with working(app):
        token = bulk.delete_pack(find_pack(talk.subject.id), alice.user).token
    assert talk.texts(bob) == []
    with working(app):
        undo.undo(alice.user, token)
    assert talk.texts(bob) == ["Live"]
    assert talk.reactions(bob) == ({"like": 1}, "like")
    with working(app):
        bulk.delete_pack(find_pack(talk.subject.id), alice.user)
        threads.prune()  # one may still be restored
    assert rows(app, Comment) == 1
    again = Talk(app, alice, "Another")
    assert again.texts(bob) == []


def test_a_comment_on_what_is_deleted_meanwhile_is_shown_once_it_is_restored(app, talk, alice, bob):
    with working(app):
        token = bulk.delete_pack(find_pack(talk.subject.id), alice.user).token
    talk.write(bob)  # whose request had found the pack
    with app.app_context():
        assert find_subject(*talk.subject.key, bob.id) is None
    with working(app):
        undo.undo(alice.user, token)
    assert talk.texts(bob) == ["Nice."]


def test_what_belongs_to_deleted_packs_is_pruned_once_it_cannot_be_restored(
    app, talk, alice, bob, clock
):
    talk.write(bob)
    talk.react(bob)
    with working(app):
        bulk.delete_pack(find_pack(talk.subject.id), alice.user)
    clock.move(minutes=11)
    with working(app):
        undo.prune()
        threads.prune()
    assert (rows(app, Comment), rows(app, Reaction)) == (0, 0)


# --- mentions ------------------------------------------------------------


def mentioned(app):
    with app.app_context():
        return sorted(db.session.scalars(sa.select(Mention.user_id)))


def test_mentions_are_of_users_who_may_see_and_be_seen(app, talk, alice, bob, charlie):
    private, blocked = add_person(app, "private"), add_person(app, "blocked")
    with working(app):
        private.user.audience = Audience.ME
    block(app, blocked, bob)
    text = "@alice @Charlie @bob @nobody @private @blocked x@alice `@noise` bob@charlie.org"
    talk.write(bob, text)
    assert mentioned(app) == sorted([alice.id, charlie.id])


def test_mentions_are_capped_in_a_text_and_by_a_limit_over_edits(app, talk, bob):
    people = [add_person(app, f"person{number}") for number in range(9)]
    names = " ".join(f"@{person.username}" for person in people)
    comment_id, _, not_told = talk.written(bob, names)
    assert not_told == 4
    assert len(mentioned(app)) == 5
    few = (limits.parse("7/1 hour"),)
    other = talk.write(bob, "Hm", mentions=few)
    for person in people:
        talk.edit(bob, other, f"Hm @{person.username}", mentions=few)
    with app.app_context():
        meant = sa.select(sa.func.count()).where(Mention.comment_id == other)
        assert db.session.scalar(meant) <= 7
    talk.edit(bob, comment_id, names + "!")
    with app.app_context():
        meant = sa.select(sa.func.count()).where(Mention.comment_id == comment_id)
        assert db.session.scalar(meant) == 5


# --- held links ------------------------------------------------------------


def test_links_of_newcomers_are_held_until_they_are_older(clock, app, talk, alice, bob):
    _, is_held, _ = talk.written(bob, "See https://example.org", days=3)
    assert is_held
    assert talk.texts(bob) == ["See https://example.org"]
    assert talk.texts(alice) == []
    assert [shown.body for shown in talk.shown(alice, is_staff=True)] == talk.texts(bob)
    with app.app_context():
        assert queries.comment_counts([talk.subject.key]) == {talk.subject.key: 0}
    with working(app):
        assert actions.release_due(10) == 0
    clock.move(days=4)
    with working(app):
        assert actions.release_due(10) == 1
    assert talk.texts(alice) == ["See https://example.org"]


def test_links_are_released_by_work_or_staff(app, talk, admin, bob, charlie):
    comment_id = talk.write(bob, "[x](https://example.org)", days=3)
    with working(app):
        actions.release(queries.find(comment_id, for_update=True), talk.subject, admin.user)
    assert len(talk.texts(charlie)) == 1
    held = talk.write(charlie, "www.example.org", days=3)
    song_id = add_song(app, charlie, "Charted", status="released")
    with working(app):
        db.session.execute(
            sa.text("UPDATE songs SET authored_at = created_at WHERE id = :id"), {"id": song_id}
        )
        assert actions.release_due(10) == 1
        db.session.execute(
            sa.text("UPDATE songs SET authored_at = NULL WHERE id = :id"), {"id": song_id}
        )
    assert held in [shown.comment.id for shown in talk.shown(bob)]
    assert talk.written(admin, "https://example.org", days=3)[1] is False
    assert talk.written(bob, "No link", days=3)[1] is False


# --- moderation, numbers ------------------------------------------------------------


def test_a_comment_hidden_by_a_moderator_is_seen_by_its_author_only(app, talk, alice, bob):
    comment_id = talk.write(bob, "Bad")
    with working(app):
        db.session.add(Hold(subject_type="comment", subject_id=comment_id, is_automatic=False,
                            created_at=clocks.now()))  # fmt: skip
    assert talk.texts(alice) == []
    assert talk.texts(bob) == ["Bad"]


def test_numbers_of_many_threads_take_one_statement(app, talk, alice, bob):
    other = Talk(app, alice, "Other")
    first = talk.write(bob)
    talk.write(alice, "Reply", parent=first)
    talk.delete(bob, first)
    with app.app_context(), statements_of(app) as sent:
        found = queries.comment_counts([talk.subject.key, other.subject.key])
    assert found == {talk.subject.key: 1, other.subject.key: 0}
    assert len(sent) == 1


def test_eight_threads_comment_reply_and_react_with_exact_numbers(app, talk, alice):
    people = [add_person(app, f"racer{number}") for number in range(8)]
    first = talk.write(alice, "Go")

    def run(person):
        for number in range(3):
            talk.write(person, f"{person.username} {number}", parent=first if number else None)
            talk.react(person, ("like", "banger", "clean")[number])

    at_once([lambda person=person: run(person) for person in people])
    shown = talk.shown(alice)
    assert len(shown) == 25
    assert sum(each.comment.parent_id == first for each in shown) == 16
    assert talk.reactions(alice) == ({"clean": 8}, None)


def test_replying_to_a_comment_that_is_being_deleted_leaves_no_orphan(app, talk, alice, bob):
    for number in range(4):
        first = talk.write(bob, f"First {number}")

        def reply(parent=first, number=number):
            try:
                talk.write(alice, f"Reply {number}", parent=parent)
            except Invalid:
                return

        at_once([reply, lambda first=first: talk.delete(bob, first)])
    with app.app_context():
        ids = set(db.session.scalars(sa.select(Comment.id)))
        parents = db.session.scalars(
            sa.select(Comment.parent_id).where(Comment.parent_id.is_not(None))
        )
        assert set(parents) <= ids
