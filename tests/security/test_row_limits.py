"""The number of rows of an account is limited, in forms, in the API and in bulk."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa

from tests.support.charter import at_once
from tests.support.people import Person, work_together, working
from trackflow_web.config.row_limits import DEFAULTS
from trackflow_web.domain.imports.models import Import, ImportRow
from trackflow_web.domain.people.queries import find_by_username
from trackflow_web.domain.people.row_limits import MESSAGES, RowLimit
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid

# One row more, by the setting: the form with its fields, the request of the API with its body.
MORE = {
    "MAX_SONGS": (
        ("/songs/", {"title": "Song {}", "artist": "A"}),
        ("/api/songs/", {"title": "Song {}", "artist": "A"}),
    ),
    "MAX_PACKS": (("/packs/", {"name": "Pack {}"}), ("/api/packs/", {"name": "Pack {}"})),
    "MAX_ALBUMS": (
        ("/series/", {"artist": "A", "album": "Album {}", "tracks": "One"}),
        ("/api/series/", {"artist": "A", "album": "Album {}", "tracks": ["One"]}),
    ),
    "MAX_REQUESTS": (
        ("/features/", {"title": "Request {}", "description": "Please."}),
        ("/api/bugs/", {"title": "Report {}", "description": "It broke."}),
    ),
    "MAX_COMMENTS": (
        ("/features/{id}/comments", {"body": "Comment {}"}),
        ("/api/features/{id}/comments", {"body": "Comment {}"}),
    ),
    "MAX_COLLABORATORS": (
        ("/songs/{song}/collaborators", {"username": "{person}"}),
        ("/api/songs/{song}/collaborators", {"username": "{person}"}),
    ),
    "MAX_TEMPLATES": (
        ("/songs/{song}/templates", {"name": "Template {}"}),
        ("/api/templates/", {"name": "Template {}", "not_needed": ["keys"]}),
    ),
    "MAX_WEBHOOKS": (
        ("/settings/webhooks", {"url": "https://h{}.example.org/", "events": "song.released"}),
        (
            "/api/settings/webhooks",
            {"url": "https://h{}.example.org/", "events": ["song.released"]},
        ),
    ),
    "MAX_TOKENS": (("/settings/tokens", {"name": "Token {}", "scope": "read", "days": "30"}), None),
}
# Limits that delete the oldest or skip rows: tests/domain/imports/test_pruning.py.
# Deliveries over theirs are not queued: tests/jobs/test_webhooks.py.
GIVE_WAY = {"MAX_IMPORTS", "MAX_IMPORT_ROWS", "MAX_PREVIEWS", "MAX_DELIVERIES"}
PEOPLE = ("bob", "charlie", "noise")


@pytest.fixture
def noise(app):
    """The user of every database."""
    with app.app_context():
        user = find_by_username("noise")
        return Person(user.id, user.username, user.email)


@pytest.fixture
def places(app, as_alice, as_bob, alice, bob, charlie, noise):
    """The ids for the URLs in `MORE`."""
    work_together(app, alice, bob, charlie, noise)
    request = as_bob.api("POST", "/api/features/", {"title": "Undo", "description": "Please."})
    song = as_alice.api("POST", "/api/songs/", {"title": "One", "artist": "Metallica"})
    as_alice.api("POST", f"/api/songs/{song.json['id']}/parts/keys", {"state": "skip"})
    return {"id": request.json["id"], "song": song.json["id"]}


def filled(wanted, places, number):
    address, fields = wanted
    fields = {
        name: text.format(number, person=PEOPLE[number]) if isinstance(text, str) else text
        for name, text in fields.items()
    }
    return address.format(**places), fields


def test_every_limit_is_tested():
    assert set(MORE) | GIVE_WAY == set(DEFAULTS) == {str(limit) for limit in RowLimit}


@pytest.mark.parametrize("setting", MORE)
@pytest.mark.fault("A4")
def test_the_form_reports_a_reached_row_limit(as_alice, places, most, setting):
    most(**{setting: 2})
    pages = []
    for number in range(3):
        address, fields = filled(MORE[setting][0], places, number)
        pages.append(as_alice.post(address, **fields))
    assert pages[0].status in {200, 303}
    assert pages[-1].status == 422
    assert MESSAGES[RowLimit(setting)].format(2) in pages[-1].text
    assert pages[-1].soup.select("[role=alert], [aria-invalid=true]")


@pytest.mark.parametrize("setting", [name for name, both in MORE.items() if both[1]])
@pytest.mark.fault("A4")
def test_the_api_reports_a_reached_row_limit(as_alice, places, most, setting):
    most(**{setting: 2})
    answers = []
    for number in range(3):
        address, fields = filled(MORE[setting][1], places, number)
        answers.append(as_alice.api("POST", address, fields))
    assert answers[0].status == 201
    assert answers[-1].status == 422
    assert MESSAGES[RowLimit(setting)].format(2) in answers[-1].json["errors"].values()


@pytest.mark.both_databases
def test_parallel_requests_do_not_exceed_a_limit(app, alice, most):
    most(MAX_SONGS=3)

    def add(number):
        try:
            with working(app):
                songs.add_song(alice.user, title=f"Song {number}", artist="A")
        except Invalid:
            return "refused"
        return "added"

    ends = at_once([lambda number=number: add(number) for number in range(8)])
    assert sorted(ends) == ["added"] * 3 + ["refused"] * 5


@pytest.mark.both_databases
@pytest.mark.fault("A4")
def test_an_import_skips_the_rows_beyond_the_limit(app, alice, as_alice, most):
    most(MAX_SONGS=3)
    as_alice.post("/songs/", title="One", artist="Metallica")
    rows = "title,artist\nOne,Metallica\nTwo,A\nThree,A\nFour,A\nFive,A\n"
    preview = as_alice.post("/imports/", file=(io.BytesIO(rows.encode()), "list.csv")).location
    assert "room for 2 more songs" in as_alice.get(preview).text
    as_alice.post(f"{preview}/start")
    page = as_alice.get(preview)
    assert "2 skipped: your account has as many songs as it can have" in page.text
    with app.app_context():
        reasons = db.session.scalars(sa.select(ImportRow.reason).order_by(ImportRow.position)).all()
        assert reasons == ["have_it", "", "", "no_room", "no_room"]
        item = db.session.scalars(sa.select(Import)).one()
        assert (item.imported, item.skipped) == (2, 3)
        own = sa.select(sa.func.count()).where(Song.user_id == alice.id)
        assert db.session.scalar(own) == 3


def test_sharing_a_pack_with_a_full_song_adds_no_collaborator(
    app, as_alice, alice, bob, charlie, most
):
    work_together(app, alice, bob, charlie)
    most(MAX_COLLABORATORS=1)
    pack = as_alice.api("POST", "/api/packs/", {"name": "Road trip"}).json["id"]
    songs_of_pack = [
        as_alice.api("POST", "/api/songs/", {"title": title, "artist": "A", "pack_id": pack}).json
        for title in ("One", "Two")
    ]
    full = songs_of_pack[1]["id"]
    as_alice.api("POST", f"/api/songs/{full}/collaborators", {"username": "bob"})
    address = f"/api/packs/{pack}/collaborators"
    assert as_alice.api("POST", address, {"username": "charlie"}).status == 422
    listed = as_alice.api("GET", f"/api/songs/{songs_of_pack[0]['id']}/collaborators")
    assert listed.json["items"] == []
    assert as_alice.api("POST", address, {"username": "bob"}).json["added"] == 1
