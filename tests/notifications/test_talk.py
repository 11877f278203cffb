"""Notifications of comments, mentions and reactions."""

from __future__ import annotations

import pytest

from tests.support.people import add_person, working
from tests.support.talk import Talk
from trackflow_web.domain.people.models import Audience
from trackflow_web.domain.subjects import Subject, SubjectType
from trackflow_web.notifications import inbox
from trackflow_web.notifications.inbox import Wanted

pytestmark = pytest.mark.both_databases


@pytest.fixture
def talk(app, alice):
    return Talk(app, alice)


def messages(app, person):
    with app.app_context():
        items = inbox.items_of(person.id, Wanted())
        kinds = {"comment", "mention", "reaction"}
        return [item.message for item in items if item.type in kinds]


def test_owners_hear_of_comments_and_authors_of_replies(app, talk, alice, bob, charlie):
    first = talk.write(bob, "Nice.")
    talk.write(charlie, "Really.")
    assert messages(app, alice) == ["charlie and bob commented on Live: 2 comments."]
    talk.write(charlie, "Yes.", parent=first)
    assert messages(app, bob) == ["charlie replied to you on Live."]
    talk.write(alice, "Thanks.", parent=first)
    assert messages(app, bob) == ["alice and charlie replied to you on Live: 2 replies."]


def test_mentioned_users_hear_of_it_once(app, talk, bob, charlie, told):
    comment_id = talk.write(bob, "Look, @charlie!")
    talk.edit(bob, comment_id, "Look, @charlie and @alice!")
    talk.edit(bob, comment_id, "Look, @charlie.")
    assert messages(app, charlie) == ["bob mentioned you in a comment on Live."]
    assert told(charlie, "mention")[0].n == 1


def test_a_mentioned_owner_gets_one_notification(app, talk, alice, bob):
    talk.write(bob, "Great, @alice")
    assert messages(app, alice) == ["bob mentioned you in a comment on Live."]


def test_a_reaction_taken_back_goes_and_does_not_ring_again(app, talk, alice, bob, charlie, clock):
    for _ in range(5):
        talk.react(bob)
        talk.react(bob, None)
    assert messages(app, alice) == []
    talk.react(charlie)
    assert messages(app, alice) == ["charlie reacted to Live."]
    talk.react(bob)
    assert messages(app, alice) == ["charlie reacted to Live."]
    clock.move(hours=25)
    talk.react(bob, None)
    talk.react(bob)
    assert messages(app, alice) == ["bob and charlie reacted to Live."]


def test_reactions_to_a_comment_name_its_thread(app, talk, bob, charlie):
    comment = Subject(SubjectType.COMMENT, talk.write(bob), bob.id)
    talk.react(charlie, subject=comment)
    assert messages(app, bob) == ["charlie reacted to your comment on Live."]


def test_a_deleted_comment_is_withdrawn(app, talk, alice, bob, charlie):
    comment_id = talk.write(bob, "Hello @charlie")
    talk.delete(bob, comment_id)
    assert (messages(app, alice), messages(app, charlie)) == ([], [])


def test_what_became_private_is_not_named(app, talk, alice, bob):
    talk.write(bob, "Hm")
    first = talk.write(bob, "Two")
    talk.write(alice, "Yes", parent=first)
    with working(app):
        alice.user.audience = Audience.ME
    assert messages(app, bob) == ["A member replied to you on something that is no longer public."]


def test_held_comments_notify_when_they_are_released(app, talk, alice, bob):
    talk.write(bob, "https://example.org", days=3)
    assert messages(app, alice) == []


def test_a_hundred_mentions_reach_five(app, talk, bob):
    people = [add_person(app, f"person{number}") for number in range(8)]
    talk.write(bob, " ".join(f"@{person.username}" for person in people))
    assert sum(bool(messages(app, person)) for person in people) == 5


def test_a_comment_on_a_later_page_is_where_its_notification_leads(app, talk, alice, bob, as_alice):
    early = talk.write(bob, "First")
    for number in range(50):
        talk.write(bob, f"Number {number}")
    late = talk.write(bob, "Look, @alice")
    with app.app_context():
        items = inbox.items_of(alice.id, Wanted())
        (mention,) = [item.id for item in items if item.type == "mention"]
    answer = as_alice.get(f"/notifications/{mention}/go")
    assert answer.status == 303
    assert answer.location.endswith(f"/comments/pack/{talk.subject.id}?at={late}#comment-{late}")
    page = as_alice.get(answer.location.partition("#")[0])
    assert [each["data-comment"] for each in page.all("article[data-comment]")] == [str(late)]
    talk.react(alice, subject=Subject(SubjectType.COMMENT, early, bob.id))
    with app.app_context():
        (item,) = inbox.items_of(bob.id, Wanted())
    assert not item.target.about.is_late
