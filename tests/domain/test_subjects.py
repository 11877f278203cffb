"""Who may see what people react to and comment on."""

from __future__ import annotations

import limits
import pytest
import sqlalchemy as sa

from tests.support.charter import statements_of
from tests.support.people import working
from tests.support.songs import add_song
from tests.support.talk import Talk
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.domain.feedback import actions as feedback
from trackflow_web.domain.feedback.rules import Kind
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.packs.queries import find_pack
from trackflow_web.domain.people.models import Audience
from trackflow_web.domain.subjects import SubjectType, describe, find_subject
from trackflow_web.kernel import clock as clocks
from trackflow_web.kernel.database import db
from trackflow_web.web.subjects import links_of, subject_url

PLENTY = limits.parse("1000/1 day")
pytestmark = pytest.mark.both_databases


@pytest.fixture
def things(app, alice):
    """One subject of each type, all of Alice's."""
    ids = {SubjectType.RELEASE: add_song(app, alice, "One", status="released")}
    with working(app):
        pack = packs.create_pack(alice.user, name="Autumn")
        packs.put_song(pack, song_id=ids[SubjectType.RELEASE], optional=False)
        ids[SubjectType.PACK] = pack.id
        for kind, type_ in (
            (Kind.FEATURE, SubjectType.FEATURE_REQUEST),
            (Kind.BUG, SubjectType.BUG_REPORT),
        ):
            item = feedback.submit(
                alice.user, kind, title="Dark", description="Please.", limit=PLENTY
            )
            ids[type_] = item.id
        ids[SubjectType.ACHIEVEMENT] = db.session.scalar(
            sa.select(UserAchievement.id).where(UserAchievement.user_id == alice.id).limit(1)
        )
    return ids


OF_PROFILES = (SubjectType.RELEASE, SubjectType.ACHIEVEMENT, SubjectType.PACK)


def show(app, person, audience):
    with working(app):
        person.user.audience = audience


def seen(app, things, viewer):
    with app.app_context():
        return {key[0] for key in describe(things.items(), viewer and viewer.id)}


def test_members_see_subjects_of_visible_profiles(app, alice, bob, things):
    for audience, members, visitors in (
        (Audience.EVERYONE, set(things), set(OF_PROFILES)),
        (Audience.MEMBERS, set(things), set()),
        (Audience.ME, set(things) - set(OF_PROFILES), set()),
    ):
        show(app, alice, audience)
        assert seen(app, things, alice) == set(things)
        assert seen(app, things, bob) == members
        assert seen(app, things, None) == visitors


@pytest.mark.leaves_drift
def test_unreleased_songs_and_private_or_revoked_awards_are_no_subjects(app, alice, bob, things):
    wip = add_song(app, alice, "Two", status="wip")
    with app.app_context():
        assert find_subject("release", wip, alice.id) is None
    for hidden in ({"is_public": False}, {"is_public": True, "revoked_at": clocks.now()}):
        with working(app):
            db.session.execute(sa.update(UserAchievement).values(**hidden))
        assert SubjectType.ACHIEVEMENT not in seen(app, things, bob)


def test_a_subject_has_its_type_id_and_owner(app, alice, bob, things):
    with app.app_context():
        for type_, id_ in things.items():
            found = find_subject(type_, id_, bob.id)
            assert (found.type, found.id, found.owner_id) == (type_, id_, alice.id)
        assert find_subject("user", alice.id, bob.id) is None
        for id_ in (0, -1, 999_999, 2**63, 10**30):
            assert find_subject("release", id_, bob.id) is None


def test_addresses_and_titles_of_many_take_one_statement(app, alice, things):
    with app.test_request_context(), statements_of(app) as sent:
        show_all = links_of(things.items())
    assert show_all == {}  # signed out, of a profile for members
    assert len(sent) == 1
    show(app, alice, Audience.EVERYONE)
    with app.test_request_context():
        links = links_of(things.items())
        release = things[SubjectType.RELEASE]
        assert links[SubjectType.RELEASE, release].title == "One"
        assert subject_url("release", release) == f"/releases/{release}"
        assert subject_url("pack", things[SubjectType.PACK]) == f"/packs/{things[SubjectType.PACK]}"
        award = links[SubjectType.ACHIEVEMENT, things[SubjectType.ACHIEVEMENT]]
        assert award.url.startswith("/users/alice/achievements/")


def test_the_address_of_a_late_comment_is_that_of_its_page(app, alice, bob):
    talk = Talk(app, alice)
    show(app, alice, Audience.EVERYONE)
    first, *_, last = [talk.write(bob, f"Comment {number}.") for number in range(51)]
    pack, song_id = talk.subject.id, add_song(app, alice, "One", status="released")
    with working(app):
        packs.put_song(find_pack(pack), song_id=song_id, optional=False)
    with app.test_request_context():
        links = links_of([(SubjectType.COMMENT, first), (SubjectType.COMMENT, last)])
    assert links[SubjectType.COMMENT, first].url == f"/packs/{pack}#comment-{first}"
    assert links[SubjectType.COMMENT, last].url == f"/comments/pack/{pack}?at={last}#comment-{last}"


def test_a_pack_without_releases_is_its_thread_to_all_but_its_owner(app, alice, bob):
    pack = Talk(app, alice).subject
    with app.app_context():
        for viewer, has_page in ((alice, True), (bob, False)):
            assert describe([pack.key], viewer.id)[pack.key].has_page is has_page
