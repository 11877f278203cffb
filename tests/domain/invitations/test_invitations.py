"""Invitations: Alice owns the songs, Bob is invited."""

from __future__ import annotations

import functools

import pytest
import sqlalchemy as sa
from limits import parse

from tests.support.charter import at_once
from tests.support.people import working
from tests.support.producer import Producer
from trackflow_web.domain.collaborations.models import Invitation
from trackflow_web.domain.collaborations.queries import have_worked_together
from trackflow_web.domain.events import InvitationAccepted, InvitationDeclined, InvitationSent
from trackflow_web.domain.people.models import Audience, User
from trackflow_web.domain.relations import actions as relations
from trackflow_web.domain.songs import collaborators
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import DomainError, Invalid, NotFound, TooMany
from trackflow_web.kernel.events import Event

pytestmark = pytest.mark.both_databases


@pytest.fixture
def owner(app, alice):
    return Producer(app, alice)


@pytest.fixture
def invitee(app, bob):
    return Producer(app, bob)


@pytest.fixture
def song(owner):
    """A song of Alice's to which Bob is invited."""
    song = owner.add("One")
    owner.ask(song, "bob")
    return song


@pytest.fixture
def pack(owner):
    """A pack of two songs of Alice's to which Bob is invited."""
    pack = owner.pack("Encore", *owner.add_many(2))
    owner.ask_to_pack(pack, "bob")
    return pack


def counts(owner, invitee):
    return owner.number("total_collaborations"), invitee.number("collaborations_joined")


def accept_newest(invitee):
    (newest, *_) = invitee.received()
    invitee.accept(newest)
    return newest


def test_an_invitation_counts_once_it_is_accepted(owner, invitee, song):
    assert counts(owner, invitee) == (0, 0)
    invitation = accept_newest(invitee)
    assert counts(owner, invitee) == (1, 1)
    assert ("team_player" in owner.codes, "collaborative_spirit" in invitee.codes) == (True, True)
    invitee.accept(invitation)
    assert counts(owner, invitee) == (1, 1)


def test_previous_collaborators_are_added_at_once_in_either_direction(owner, invitee, song):
    accept_newest(invitee)
    assert not owner.ask(owner.add("Two"), "bob").invited
    assert not invitee.ask(invitee.add("Three"), "alice").invited
    assert counts(owner, invitee) == (2, 2)


def test_followers_of_the_owner_are_added_at_once(owner, invitee, app):
    follow = functools.partial(relations.set_follow, wanted=True, limits=(), newcomer_days=0)
    with working(app):
        follow(owner.user, invitee.user)
    assert owner.ask(owner.add("One"), "bob").invited
    with working(app):
        follow(invitee.user, owner.user)
    assert not owner.ask(owner.add("Two"), "bob").invited
    assert counts(owner, invitee) == (1, 1)


def test_having_worked_together_outlasts_the_song(owner, invitee, song):
    accept_newest(invitee)
    owner.delete(song)
    assert not owner.ask(owner.add("Two"), "bob").invited


def test_a_collaborator_removed_by_the_owner_can_be_added_again(owner, invitee, song):
    accept_newest(invitee)
    owner.part_with(song, invitee)
    assert counts(owner, invitee) == (0, 0)
    assert not owner.ask(song, "bob").invited
    assert counts(owner, invitee) == (1, 1)


def test_a_user_who_left_is_never_added_again_and_must_be_invited_elsewhere(owner, invitee, song):
    accept_newest(invitee)
    invitee.leave(song)
    with pytest.raises(Invalid, match="left"):
        owner.ask(song, "bob")
    assert owner.ask(owner.add("Two"), "bob").invited
    accept_newest(invitee)
    with pytest.raises(Invalid, match="left"):
        owner.ask(song, "bob")
    assert counts(owner, invitee) == (1, 1)


def test_a_user_who_left_without_an_invitation_is_never_added_again(owner, invitee):
    song = owner.add("One")
    owner.invite(song, "bob")
    invitee.leave(song)
    with pytest.raises(Invalid, match="left"):
        owner.invite(song, "bob")


def test_declining_is_permanent_and_ends_having_worked_together(owner, invitee, song, app):
    (invitation,) = invitee.received()
    owner.work_with("bob")
    for _ in range(2):
        invitee.decline(invitation)
    with pytest.raises(Invalid, match="declined"):
        owner.ask(song, "bob")
    with pytest.raises(Invalid, match="already declined"):
        invitee.accept(invitation)
    with app.app_context():
        assert not have_worked_together(owner.id, invitee.id)
        assert not have_worked_together(invitee.id, owner.id)
    assert counts(owner, invitee) == (0, 0)


def test_an_accepted_invitation_cannot_be_declined(invitee, song):
    invitation = accept_newest(invitee)
    with pytest.raises(Invalid, match="already accepted"):
        invitee.decline(invitation)


def test_an_invitation_is_sent_once(owner, invitee, song):
    with pytest.raises(Invalid, match="already invited"):
        owner.ask(song, "bob")
    assert len(invitee.received()) == 1


def test_a_withdrawn_invitation_is_gone_and_may_be_sent_again(owner, invitee, song):
    (invitation,) = invitee.received()
    owner.part_with(song, invitee)
    with pytest.raises(NotFound):
        invitee.accept(invitation)
    assert owner.ask(song, "bob").invited


def test_adding_a_user_accepts_their_pending_invitation(owner, invitee, song):
    owner.ask(owner.add("Two"), "bob")
    accept_newest(invitee)
    assert not owner.ask(song, "bob").invited
    assert (invitee.received(), counts(owner, invitee)) == ([], (2, 2))


# --- packs ---------------------------------------------------------------------------------------


def test_one_invitation_to_a_pack_adds_to_all_of_its_songs(owner, invitee, pack):
    owner.put(pack, owner.add("Three"))
    assert counts(owner, invitee) == (0, 0)
    accept_newest(invitee)
    assert (invitee.received(), counts(owner, invitee)) == ([], (3, 3))


def test_sharing_a_pack_skips_declined_and_left_songs(owner, invitee, pack):
    third = owner.add("Three")
    owner.ask(third, "bob")
    newest, _ = invitee.received()
    invitee.decline(newest)
    owner.put(pack, third)
    accept_newest(invitee)
    assert counts(owner, invitee) == (2, 2)
    assert owner.ask_to_pack(pack, "bob").songs == 0


def test_declining_a_pack_does_not_decline_its_songs(owner, invitee, pack):
    invitee.decline(invitee.received()[0])
    with pytest.raises(Invalid, match="declined"):
        owner.ask_to_pack(pack, "bob")
    song = owner.add("Three")
    owner.put(pack, song)
    assert owner.ask(song, "bob").invited


def test_a_user_who_left_a_song_of_a_pack_is_invited_to_new_songs_of_it(owner, invitee, pack):
    accept_newest(invitee)
    song = owner.add("Three")
    owner.put(pack, song)
    with_bob = owner.add("Four")
    owner.ask(with_bob, "bob")
    invitee.leave(with_bob)
    assert owner.ask_to_pack(pack, "bob").invited
    accept_newest(invitee)
    assert counts(owner, invitee) == (3, 3)


def test_an_empty_pack_cannot_be_shared(owner, bob):
    with pytest.raises(Invalid, match="empty"):
        owner.ask_to_pack(owner.pack("Nothing"), "bob")


def test_invitations_end_with_the_song_or_the_pack(owner, invitee, song, pack):
    assert len(invitee.received()) == 2
    owner.delete(song)
    owner.delete_pack(pack)
    assert invitee.received() == []


# --- privacy, limits, events ---------------------------------------------------------------------


def test_a_private_user_is_unknown_to_users_they_have_not_worked_with(owner, invitee, app):
    with working(app):
        db.session.get_one(User, invitee.id).audience = Audience.ME
    song = owner.add("One")
    messages = []
    for name in ("bob", "nobody-here"):
        with pytest.raises(Invalid) as refusal:
            owner.ask(song, name)
        messages.append(refusal.value.errors)
    assert messages[0] == messages[1]
    owner.work_with("bob")
    assert not owner.ask(song, "bob").invited


def test_invitations_of_a_banned_user_are_hidden(owner, invitee, song, app):
    (invitation,) = invitee.received()
    with working(app):
        db.session.get_one(User, owner.id).banned_at = clock.now()
    assert invitee.received() == []
    with pytest.raises(NotFound):
        invitee.accept(invitation)


def test_only_sent_requests_count_towards_each_limit(app, owner, invitee, charlie, clock):
    def add(username):
        song_id = owner.add_many(1, start=len(titles))[0]
        titles.append(song_id)
        with working(app):
            song = find_song(song_id, for_update=True)
            collaborators.add_collaborator(song, username=username, limits=limits)

    titles: list[int] = []
    limits = (parse("2/1 hour"), parse("3/1 day"))
    owner.work_with("charlie")
    for name in ("charlie", "bob", "charlie", "bob", "charlie"):
        add(name)
    with pytest.raises(Invalid):
        add("nobody-here")
    with pytest.raises(TooMany):
        add("bob")
    clock.move(hours=2)
    add("bob")
    with pytest.raises(TooMany) as refusal:
        add("bob")
    assert refusal.value.retry_after > 3600


def test_events_contain_inviter_invitee_and_subject(app, owner, invitee, song, pack):
    to_pack, to_song = invitee.received()
    invitee.accept(to_song)
    invitee.decline(to_pack)
    with app.app_context():
        found = db.session.scalars(
            sa.select(Event).where(Event.name.like("invitation%")).order_by(Event.id)
        ).all()
    about = {"inviter_id": owner.id, "invitee_id": invitee.id}
    of_song = {**about, "invitation_id": to_song, "song_id": song, "pack_id": None}
    of_pack = {**about, "invitation_id": to_pack, "song_id": None, "pack_id": pack}
    assert [(type(each.payload), each.user_id, each.data) for each in found] == [
        (InvitationSent, owner.id, of_song),
        (InvitationSent, owner.id, of_pack),
        (InvitationAccepted, invitee.id, of_song),
        (InvitationDeclined, invitee.id, of_pack),
    ]


# --- at the same time ----------------------------------------------------------------------------


def tried(act):
    """Return the name of the error of an action; empty without one."""

    def run():
        try:
            act()
        except DomainError as refusal:
            return type(refusal).__name__
        return ""

    return run


def test_accepting_twice_at_once_counts_once(owner, invitee, song):
    (invitation,) = invitee.received()
    assert set(at_once([tried(lambda: invitee.accept(invitation))] * 4)) == {""}
    assert counts(owner, invitee) == (1, 1)


def test_accepting_a_pack_twice_at_once_counts_once(owner, invitee, pack):
    (invitation,) = invitee.received()
    assert set(at_once([tried(lambda: invitee.accept(invitation))] * 4)) == {""}
    assert counts(owner, invitee) == (2, 2)


def test_accepting_and_withdrawing_at_once_are_serialised(owner, invitee, song, app):
    (invitation,) = invitee.received()
    accepted, withdrawn = at_once(
        [
            tried(lambda: invitee.accept(invitation)),
            tried(lambda: owner.part_with(song, invitee)),
        ]
    )
    assert (accepted in {"", "NotFound"}, withdrawn) == (True, "")
    assert counts(owner, invitee) == (0, 0)
    with app.app_context():
        assert not db.session.scalars(sa.select(Invitation)).all()


def test_accepting_while_the_song_is_deleted_counts_nothing(owner, invitee, song):
    (invitation,) = invitee.received()
    accepted, deleted = at_once(
        [tried(lambda: invitee.accept(invitation)), tried(lambda: owner.delete(song))]
    )
    assert (accepted in {"", "NotFound"}, deleted) == (True, "")
    assert counts(owner, invitee) == (0, 0)


def test_accepting_while_declining_has_one_outcome(owner, invitee, song):
    (invitation,) = invitee.received()
    accepted, declined = at_once(
        [tried(lambda: invitee.accept(invitation)), tried(lambda: invitee.decline(invitation))]
    )
    assert sorted([accepted, declined]) == ["", "Invalid"]
    assert counts(owner, invitee) == ((1, 1) if accepted == "" else (0, 0))
