"""What is chosen every week, by the rule and by hand, and what makes a trend."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from tests.support.browsing import Browser
from tests.support.charter import at_once
from tests.support.people import add_person, working
from tests.support.songs import add_song
from tests.support.talk import OFTEN
from trackflow_web.community import candidates, highlights, trends
from trackflow_web.community.models import Highlight, HighlightKind
from trackflow_web.domain.people.models import Audience
from trackflow_web.domain.reactions import actions as reactions
from trackflow_web.domain.reactions.rules import Kind
from trackflow_web.domain.subjects import Subject, SubjectType
from trackflow_web.kernel import clock as clocks
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid
from trackflow_web.notifications.models import Notification
from trackflow_web.notifications.types import Type

pytestmark = pytest.mark.both_databases


@pytest.fixture
def members(app, clock):
    """Alice to Dave and Olga, old enough to be counted, on the Monday of a week."""
    people = {
        name: add_person(app, name, is_admin=name == "olga")
        for name in ("alice", "bob", "charlie", "dave", "olga")
    }
    clock.move(weeks=3)
    return people


def choose(app):
    """Choose for the week that is over; return what was chosen, by type."""
    with working(app):
        for week in highlights.weeks_to_choose(clocks.now()):
            highlights.choose(week, newcomer_days=3)
    return chosen(app)


def chosen(app):
    with app.app_context():
        rows = db.session.scalars(sa.select(Highlight).order_by(Highlight.start)).all()
        return {row.kind: (row.subject_id, row.user_id, row.reason) for row in rows}


def react(app, person, owner, song_id):
    with working(app):
        subject = Subject(SubjectType.RELEASE, song_id, owner.id)
        reactions.react(person.user, subject, Kind.BANGER, limits=OFTEN)


def test_the_release_with_most_reactions_of_others_is_chosen(app, members, clock):
    alice, bob, charlie, dave, _ = members.values()
    liked = add_song(app, alice, "Liked", status="released")
    add_song(app, charlie, "Ignored", status="released")
    less = add_song(app, bob, "Less", status="released")
    for person in (bob, charlie, dave):
        react(app, person, alice, liked)
    for person in (alice, charlie):
        react(app, person, bob, less)
    clock.move(weeks=1)
    assert choose(app)[HighlightKind.RELEASE] == (liked, alice.id, "")
    # Once, however often it runs; and whoever was chosen pauses.
    assert choose(app)[HighlightKind.RELEASE] == (liked, alice.id, "")
    with app.app_context():
        week = candidates.midnight((clocks.now() - timedelta(weeks=1)).date()).date()
        (found,) = candidates.candidates(HighlightKind.RELEASE, week, newcomer_days=3)[:1]
        assert found.subject_id in {liked, less}


def test_two_workers_choose_once(app, members, clock):
    alice, bob, charlie, dave, _ = members.values()
    song_id = add_song(app, alice, "Liked", status="released")
    for person in (bob, charlie, dave):
        react(app, person, alice, song_id)
    clock.move(weeks=1)
    at_once([partial(choose, app)] * 2)
    of_week = [each for each in chosen(app).values() if each[1] == alice.id]
    assert chosen(app)[HighlightKind.RELEASE][0] == song_id
    with app.app_context():
        told = sa.select(sa.func.sum(Notification.n)).where(
            Notification.user_id == alice.id, Notification.type == Type.FEATURED
        )
        assert db.session.scalar(told) == len(of_week)


def test_one_reaction_is_not_enough(app, members, clock):
    alice, bob, *_ = members.values()
    song = add_song(app, alice, status="released")
    react(app, bob, alice, song)
    clock.move(weeks=1)
    assert choose(app)[HighlightKind.RELEASE] == (None, None, "")


def test_a_week_without_anything_says_so(app, members, clock):
    clock.move(weeks=1)
    assert set(choose(app).values()) == {(None, None, "")}
    for kind in HighlightKind:
        assert "highlight--empty" in shown(app, members["alice"], kind)["class"]


def test_the_rarest_award_is_chosen_and_withdrawn_when_its_owner_hides(app, members, clock):
    alice, bob, *_ = members.values()
    for person in (alice, bob):
        add_song(app, person)
    add_song(app, bob, "Two", status="released")
    clock.move(weeks=1)
    subject_id, user_id, _ = choose(app)[HighlightKind.ACHIEVEMENT]
    assert user_id == bob.id
    assert shown(app, alice, "achievement").find("a")

    with working(app):
        bob.user.audience = Audience.ME
    assert "Withdrawn" in shown(app, alice, "achievement").get_text()
    assert choose(app)[HighlightKind.ACHIEVEMENT][:2] == (subject_id, bob.id)


def test_an_administrator_chooses_with_a_reason_that_is_shown(app, members, clock):
    alice, olga = members["alice"], members["olga"]
    song = add_song(app, alice, status="released")
    clock.move(weeks=1)
    choose(app)
    with app.app_context():
        week = highlights.choosable_weeks()[1].isoformat()
    refused = {
        "reason": (week, song, "short"),
        "subject": (week, song + 100, "A fine piece of work."),
        "start": ("2001-01-01", song, "A fine piece of work."),
    }
    for field, (start, subject_id, reason) in refused.items():
        with pytest.raises(Invalid) as refusal, working(app):
            highlights.choose_by_hand(olga.user, "release", start, subject_id, reason=reason)
        assert set(refusal.value.errors) == {field}
    with working(app):
        highlights.choose_by_hand(olga.user, "release", week, song, reason="A fine piece of work.")
    assert chosen(app)[HighlightKind.RELEASE] == (song, alice.id, "A fine piece of work.")
    assert "A fine piece of work." in shown(app, alice, "release").get_text()


def test_the_page_offers_the_releases_of_the_week_and_keeps_what_was_chosen(app, members, clock):
    songs = [add_song(app, members["alice"], title, status="released") for title in ("One", "Two")]
    clock.move(weeks=1)
    as_olga = Browser(app)
    as_olga.enter(members["olga"])
    page = as_olga.get("/admin/highlights", kind="release")
    assert len(page.all("#subject option")) == 2
    sent = {"kind": "release", "start": page.one("[name=start]")["value"], "reason": "short"}
    page = as_olga.post("/admin/highlights", **sent, subject=songs[0])
    assert page.status == 422
    assert list(page.errors()) == ["reason"]
    assert page.one("#subject option[selected]")["value"] == str(songs[0])
    page = as_olga.post(
        "/admin/highlights", **sent | {"reason": "A fine piece of work."}, subject=0
    )
    assert list(page.errors()) == ["subject"]


def test_few_people_make_no_trend(app, members, clock, monkeypatch):
    people = list(members.values())
    for person in people[: trends.LEAST_CHARTERS - 1]:
        add_song(app, person, "One", "Rising", status="released")
    add_song(app, people[-1], "One", "Else", status="wip")
    clock.move(hours=1)
    with app.app_context():
        assert trends.count(clocks.now()) == {"active": 3, "too_few": True, "artists": []}
        monkeypatch.setattr(trends, "LEAST_ACTIVE", 3)
        assert trends.count(clocks.now())["artists"] == []
    add_song(app, people[3], "One", "Rising", status="wip")
    clock.move(hours=1)
    with app.app_context():
        (trend,) = trends.count(clocks.now())["artists"]
    assert trend == ["Rising", trends.LEAST_CHARTERS, 0.0, float(trends.LEAST_CHARTERS)]


def shown(app, person, kind):
    """The highlight of the week that is over, as somebody sees it."""
    browser = Browser(app)
    browser.enter(person)
    return browser.get("/community/highlights").all(f"[data-highlight={kind}]")[0]
