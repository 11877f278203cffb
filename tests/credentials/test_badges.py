"""Badges on the site: issued on request, shown like their awards, verified, revoked."""

from __future__ import annotations

import io
import json

import pytest
import sqlalchemy as sa

from tests.support.browsing import Browser
from tests.support.charter import Charter
from tests.support.people import add_person, working
from trackflow_web.accounts.deletion import delete_account
from trackflow_web.achievements.awards import revoke as revocations
from trackflow_web.achievements.awards import visibility
from trackflow_web.credentials import documents
from trackflow_web.credentials.models import Credential
from trackflow_web.domain.people.models import Audience, User
from trackflow_web.kernel.database import db

KEY = "a secret of more than thirty-two characters"
CODE = "artisan"


@pytest.fixture
def site(make_app):
    return make_app(CREDENTIAL_KEY=KEY, SITE_URL="https://trackflow.example")


@pytest.fixture
def person(site):
    found = add_person(site, "alva")
    Charter(site, found).given(CODE)
    return found


@pytest.fixture
def browser(site, person):
    found = Browser(site)
    found.enter(person)
    return found


@pytest.fixture
def issued(browser):
    answer = browser.post(f"/achievements/{CODE}/badge")
    assert answer.status == 303
    return answer.location


def show_to(site, person, audience):
    with working(site):
        db.session.get_one(User, person.id).audience = audience


def verify(browser, content, name="badge.json"):
    return browser.post("/badges/verify", file=(io.BytesIO(content), name))


def is_listed(site, browser, index):
    encoded = browser.get("/badges/status").json["credentialSubject"]["encodedList"]
    return documents.is_set(encoded, index)


def stored(site):
    with site.app_context():
        return db.session.scalars(sa.select(Credential).order_by(Credential.id)).all()


@pytest.mark.parametrize("form", ["json", "png", "svg"])
def test_a_badge_is_issued_downloaded_and_verified(browser, issued, form):
    content = browser.client.get(f"{issued}.{form}").get_data()
    page = verify(browser, content, f"badge.{form}")
    assert page.one("[data-verified]")["data-verified"] == issued.rpartition("/")[2]
    assert "alva" in page.one("[data-verified]").text


def test_a_badge_has_neither_name_nor_email(site, browser, issued, person):
    text = browser.client.get(f"{issued}.json").get_data(as_text=True)
    assert "alva" not in text
    assert "@example" not in text
    assert "urn:uuid:" in json.loads(text)["credentialSubject"]["id"]


def test_a_second_request_returns_the_badge_that_stands(site, browser, issued):
    assert browser.post(f"/achievements/{CODE}/badge").location == issued
    assert len(stored(site)) == 1


@pytest.mark.both_databases
def test_the_api_answers_201_for_a_new_badge_and_200_for_the_same(browser, site):
    path = f"/api/achievements/{CODE}/badge"
    first, again = browser.api("POST", path), browser.api("POST", path)
    assert (first.status, again.status) == (201, 200)
    assert first.json == again.json
    assert (first.location, again.location) == (first.json["url"], "")
    assert browser.api("DELETE", path).status == 204
    assert browser.api("POST", path).status == 201
    assert len(stored(site)) == 2


def test_what_was_added_to_a_badge_is_named(browser, issued):
    document = json.loads(browser.client.get(f"{issued}.json").get_data())
    document["credentialSubject"]["charts_released"] = 100
    page = browser.post("/badges/verify", credential=json.dumps(document))
    assert page.status == 422
    assert "charts_released isn't covered by the signature" in page.text


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" + bytes(50), b"<svg/>", b"x", b"{}"])
def test_a_file_without_a_badge_is_refused(browser, content):
    assert verify(browser, content).status == 422


def test_a_picture_with_two_badges_is_refused(browser, issued):
    svg = browser.client.get(f"{issued}.svg").get_data(as_text=True)
    start, end = svg.index("<openbadges:"), svg.index("</openbadges:credential>") + 24
    twice = svg[:end] + svg[start:end] + svg[end:]
    assert verify(browser, twice.encode(), "badge.svg").status == 422


def test_the_keys_and_the_list_are_public(site, issued, browser):
    visitor = Browser(site)
    for path in ("/.well-known/did.json", "/badges/status"):
        answer = visitor.get(path)
        assert answer.status == 200
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Set-Cookie" not in answer.headers
    assert visitor.get("/.well-known/did.json").json["id"] == "did:web:trackflow.example"


def test_a_badge_is_shown_like_its_award(site, person, issued):
    visitor, other = Browser(site), Browser(site)
    other.enter(add_person(site, "bruno"))
    seen = {}
    for audience in Audience:
        show_to(site, person, audience)
        for form in ("", ".json", ".svg"):
            seen[audience, form] = [each.get(issued + form).status for each in (visitor, other)]
    assert {key: value for key, value in seen.items() if key[1] == ""} == {
        (Audience.EVERYONE, ""): [200, 200],
        (Audience.MEMBERS, ""): [404, 200],
        (Audience.ME, ""): [404, 404],
    }
    assert all(value == seen[key[0], ""] for key, value in seen.items())
    show_to(site, person, Audience.EVERYONE)
    with working(site):
        visibility.set_visibility(db.session.get_one(User, person.id), CODE, public=False)
    assert visitor.get(issued).status == 404


def test_a_revoked_award_revokes_its_badge(site, person, browser, issued):
    content = browser.client.get(f"{issued}.json").get_data()
    (credential,) = stored(site)
    assert not is_listed(site, browser, credential.status_index)
    olga = add_person(site, "olga2", is_admin=True)
    with working(site):
        user = db.session.get_one(User, person.id)
        revocations.revoke(db.session.get_one(User, olga.id), user, CODE, reason="A test of it.")
    assert is_listed(site, browser, credential.status_index)
    assert "revoked" in verify(browser, content).text
    assert browser.get(issued).status == 404
    with working(site):
        user = db.session.get_one(User, person.id)
        revocations.restore(db.session.get_one(User, olga.id), user, CODE)
    assert is_listed(site, browser, credential.status_index)


def test_a_badge_that_its_holder_revoked_stays_revoked(site, browser, issued):
    assert browser.post(f"/achievements/{CODE}/badge/withdraw").status == 303
    again = browser.post(f"/achievements/{CODE}/badge").location
    assert again != issued
    first, second = stored(site)
    assert is_listed(site, browser, first.status_index)
    assert not is_listed(site, browser, second.status_index)


@pytest.mark.both_databases
def test_deleting_the_account_revokes_its_badges_and_forgets_what_they_say(
    site, person, browser, issued
):
    content = browser.client.get(f"{issued}.json").get_data()
    with working(site):
        delete_account(db.session.get_one(User, person.id))
    (credential,) = stored(site)
    assert (credential.user_id, credential.award_id, credential.document) == (None, None, "")
    visitor = Browser(site)
    assert is_listed(site, visitor, credential.status_index)
    assert "revoked" in verify(visitor, content).text


def test_without_a_key_pages_say_that_badges_are_off(app, as_alice, alice):
    Charter(app, alice).given(CODE)
    assert as_alice.post(f"/achievements/{CODE}/badge").status == 404
    assert "doesn't issue badges" in as_alice.get(f"/users/alice/achievements/{CODE}").text
    assert "doesn't issue badges" in as_alice.get("/badges/verify").text
    assert as_alice.get("/badges/status").status == 404


def test_only_an_achievement_of_ones_own_has_a_badge(browser):
    assert browser.post("/achievements/perfectionist/badge").status == 404
    assert browser.post("/achievements/no_such/badge").status == 404
