"""The charter proof: what everyone may see of a user's released charts."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.browsing import Browser
from tests.support.charter import Charter, statements_of
from tests.support.people import working
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.people.models import Audience
from trackflow_web.domain.releases.proof import proof_of
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.visibility import Held
from trackflow_web.domain.visibility.models import Hold
from trackflow_web.kernel import clock as the_clock
from trackflow_web.kernel.database import db

BAND = (Part.DRUMS, Part.BASS, Part.GUITAR, Part.VOCALS, Part.KEYS)


@pytest.fixture
def charter(app, alice):
    """Alice, whom everyone sees, with a full band and a drum chart, and one without parts."""
    with working(app):
        alice.user.audience = Audience.EVERYONE
    her = Charter(app, alice)
    for title, parts in (("Full", BAND), ("Drums", (Part.DRUMS,)), ("Listed", ())):
        song_id = her.add(title, "Metallica")
        her.mark(song_id, "done", parts)
        her.move(song_id, "released")
    her.mark(her.add("Planned", "Metallica"), "done", BAND)
    return her


@pytest.fixture
def visitor(app):
    return Browser(app)


def counts(page):
    return {each["data-count"]: int(each.text) for each in page.all("[data-count]")}


def by_part(page):
    rows = page.all("tr[data-part]")
    return {row["data-part"]: [int(cell.text) for cell in row.select("td")] for row in rows}


def helps(app, owner, other, title, *parts):
    """Let another user work on a song, with the credit for these parts."""
    with working(app):
        song = db.session.scalars(sa.select(Song).where(Song.title == title)).one()
        row = {"song_id": song.id, "user_id": other.id, "owner_id": owner.id}
        db.session.add(Collaboration(**row, created_at=the_clock.now()))
    Charter(app, other).mark(song.id, "todo", parts)
    Charter(app, other).mark(song.id, "done", parts)


@pytest.mark.both_databases
@pytest.mark.leaves_drift("a collaborator is added without an invitation")
def test_the_proof_counts_what_is_released_and_done(app, charter, bob, visitor):
    helps(app, charter, bob, "Drums", Part.GUITAR)
    with working(app):
        bob.user.audience = Audience.EVERYONE
        pack = packs.create_pack(charter.user, name="The pack")
        song = db.session.scalars(sa.select(Song).where(Song.title == "Full")).one()
        packs.put_song(pack, song_id=song.id, optional=False)
    page = visitor.get("/users/alice/proof")
    assert counts(page) == {"charts": 2, "full-band": 1}
    assert by_part(page)["drums"] == [2, 2, 0]
    assert by_part(page)["guitar"] == [2, 1, 0]
    assert by_part(page)["harmonies"] == [0, 0, 0]
    assert "The pack" in page.text
    assert "bob 1 chart" in page.text
    assert "Planned" not in page.text
    assert "Listed" not in page.text
    assert by_part(visitor.get("/users/bob/proof")) == {}
    with app.app_context():
        assert proof_of(bob.id, None).parts[2].elsewhere == 1


@pytest.mark.leaves_drift("a collaborator is added without an invitation")
def test_a_collaborator_whom_visitors_may_not_see_is_not_named(app, charter, bob, as_bob, visitor):
    helps(app, charter, bob, "Drums")
    for browser in (visitor, as_bob):
        page = browser.get("/users/alice/proof")
        assert "1 member not shown" in page.one("[data-proof]").text
        assert "bob" not in page.one("[data-proof]").text


def test_a_held_release_counts_for_nobody(app, charter, as_alice, visitor):
    with working(app):
        song = db.session.scalars(sa.select(Song).where(Song.title == "Full")).one()
        hold = {"subject_type": Held.RELEASE, "subject_id": song.id, "is_automatic": False}
        db.session.add(Hold(**hold, created_at=the_clock.now()))
    for browser in (visitor, as_alice):
        assert counts(browser.get("/users/alice/proof")) == {"charts": 1, "full-band": 0}


def test_only_its_owner_sees_the_proof_of_a_profile_for_members(app, charter, as_alice, as_bob):
    with working(app):
        charter.user.audience = Audience.MEMBERS
    assert "Only you see this page" in as_alice.get("/users/alice/proof").text
    assert as_bob.get("/users/alice/proof").status == 404
    assert not as_bob.get("/users/alice").all("a[href$='/proof']")
    assert as_alice.get("/users/alice").one("a[href$='/proof']")


def test_previews_and_search_engines_read_what_it_says(charter, visitor):
    page = visitor.get("/users/alice/proof")
    assert page.one("link[rel=canonical]")["href"].endswith("/users/alice/proof")
    assert page.one("meta[property='og:title']")["content"] == "Charts by alice"
    said = page.one("meta[name=description]")["content"]
    assert said.startswith("2 released charts, 1 full band. Drums 2, bass 1, guitar 1")
    assert visitor.get("/users/alice").one("a[href$='/proof']")


def test_the_proof_takes_few_statements(app, charter, visitor):
    visitor.get("/users/alice/proof")  # renders the share image, here at once
    with statements_of(app) as seen:
        visitor.get("/users/alice/proof")
    assert len(list(seen)) <= 8
