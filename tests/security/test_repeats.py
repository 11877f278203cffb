"""A form or a request that is sent several times acts once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.browsing import Browser
from tests.support.charter import at_once
from tests.support.people import PASSWORD, working
from trackflow_web.domain.comments.models import Comment
from trackflow_web.domain.feedback.models import Feedback
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people import actions
from trackflow_web.domain.people.models import AccessToken
from trackflow_web.domain.series.models import Series
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel import repeats
from trackflow_web.kernel.database import db
from trackflow_web.kernel.repeats import AnsweredRequest

pytestmark = pytest.mark.both_databases

FORMS = {
    "/songs/": (Song, {"title": "One", "artist": "Metallica"}),
    "/packs/": (Pack, {"name": "Road trip"}),
    "/series/": (Series, {"artist": "Metallica", "album": "Load", "tracks": "Ain't My Bitch"}),
    "/features/": (Feedback, {"title": "Dark mode", "description": "For the night."}),
    "/bugs/": (Feedback, {"title": "A bug", "description": "It bites."}),
    "/settings/tokens": (AccessToken, {"name": "A script", "scope": "read", "days": "30"}),
}
SONG = {"title": "One", "artist": "Metallica"}


def count(app, model, person):
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count()).where(model.user_id == person.id))


def key_on(page, path):
    return page.one(f'form[action="{path}"] input[name=idempotency_key]')["value"]


def same_session(app, browser):
    """Another tab: the cookie and the token of the form, without waiting for each other."""
    other = Browser(app)
    for cookie in ("session",):
        other.client.set_cookie(cookie, browser.client.get_cookie(cookie).value)
    other._token, other.signed_in = browser.token(), True
    return other


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.fault("C4")
def test_eight_concurrent_submissions_of_a_form_create_one_object(app, alice, as_alice, path):
    model, fields = FORMS[path]
    form = fields | {"idempotency_key": key_on(as_alice.get(path), path)}
    tabs = [same_session(app, as_alice) for _ in range(8)]
    pages = at_once([lambda tab=tab: tab.post(path, **form) for tab in tabs])
    assert {page.status for page in pages} <= {200, 303}
    assert len({page.location for page in pages if page.status == 303}) == 1
    assert count(app, model, alice) == 1


def test_eight_concurrent_submissions_of_a_comment_create_one(app, alice, as_alice):
    address = as_alice.post("/features/", title="Dark mode", description="Please.").location
    path = f"{address}/comments"
    form = {"body": "Me too.", "idempotency_key": key_on(as_alice.get(address), path)}
    tabs = [same_session(app, as_alice) for _ in range(8)]
    pages = at_once([lambda tab=tab: tab.post(path, **form) for tab in tabs])
    assert {page.status for page in pages} == {303}
    assert count(app, Comment, alice) == 1
    again = same_session(app, as_alice).post(path, htmx="thread", **form)
    assert (again.status, again.headers["HX-Redirect"]) == (200, pages[0].location)


def test_concurrent_api_requests_with_one_key_create_one_object_and_get_the_same_response(
    app, alice
):
    with working(app):
        token = actions.create_token(alice.user, name="A script", scope="write", days="30")
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k1"}

    def create():
        return app.test_client().post("/api/packs/", headers=headers, json={"name": "Road trip"})

    answers = at_once([create] * 8)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.get_data() for answer in answers}) == 1
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert count(app, Pack, alice) == 1


def test_other_fields_keys_and_users_are_separate_requests(app, alice, as_alice, as_bob):
    for browser, fields in (
        (as_alice, {"name": "One", "idempotency_key": "k"}),
        (as_alice, {"name": "Two", "idempotency_key": "k"}),  # back, changed and sent
        (as_bob, {"name": "One", "idempotency_key": "k"}),
    ):
        assert browser.post("/packs/", **fields).status == 303
    assert count(app, Pack, alice) == 2


def test_a_rejected_request_may_be_retried_with_its_key(app, alice, as_alice):
    assert as_alice.post("/songs/", title="", artist="A", idempotency_key="k").status == 422
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(AnsweredRequest.digest))) == 0
    assert as_alice.post("/songs/", **SONG, idempotency_key="k").status == 303


def test_a_key_that_is_too_long_is_rejected_by_name(as_alice):
    page = as_alice.post("/songs/", **SONG, idempotency_key="k" * 256)
    assert (page.status, "idempotency_key" in page.text) == (422, True)


@pytest.mark.parametrize(
    ("path", "fields"),
    [("/logout", {}), ("/settings/privacy/delete", {"username": "alice", "password": PASSWORD})],
)
def test_a_form_that_ends_the_session_may_have_a_key(as_alice, path, fields):
    assert as_alice.post(path, idempotency_key="one", **fields).status == 303
    assert as_alice.get("/songs/").location.startswith("/login")


def test_stored_responses_expire_after_a_day(app, alice, as_alice, clock):
    as_alice.post("/packs/", name="One", idempotency_key="k")
    with app.app_context():
        clock.move(hours=23)
        assert repeats.forget_old() == 0
        clock.move(hours=1)
        assert repeats.forget_old() == 1
