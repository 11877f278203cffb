"""The settings of webhooks: what Alice sees, changes and reads about deliveries."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from tests.support.browsing import Browser
from tests.support.people import working
from tests.support.receiver import receiving
from trackflow_web.domain.webhooks.models import Delivery, Webhook
from trackflow_web.kernel.database import db

PAGE = "/settings/webhooks"
ALL = ["song.released", "pack.released", "achievement.unlocked"]
SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")


@pytest.fixture
def app(make_app):
    return make_app(WEBHOOK_TARGETS="loopback")


@pytest.fixture
def receiver():
    with receiving() as there:
        yield there


@pytest.fixture
def add(as_alice, receiver):
    """`add()`: the page of Alice's new webhook, with its secret."""

    def add(**fields):
        return as_alice.post(PAGE, **({"url": f"{receiver.address}/hook", "events": ALL} | fields))

    return add


def only_webhook(app):
    with app.app_context():
        return db.session.scalars(sa.select(Webhook)).one()


def page_of(app):
    return f"{PAGE}/{only_webhook(app).id}"


def test_a_new_webhook_shows_its_secret_once(app, as_alice, add):
    page = add()
    assert page.status == 200
    assert SECRET.fullmatch(page.one(".token").text)
    again = as_alice.get(page_of(app))
    assert not again.all(".token")
    assert "whsec_" not in again.html
    listed = as_alice.get(PAGE)
    assert listed.one("[data-webhook] [data-state]").text == "On"
    assert "127.0.0.1" in listed.text


def test_address_and_secret_are_stored_encrypted(app, receiver, add):
    secret = add().one(".token").text
    webhook = only_webhook(app)
    stored = f"{webhook.url} {webhook.secret} {webhook.shown_url}"
    assert secret not in stored
    assert f"{receiver.address}/hook" not in stored


def test_the_form_comes_back_with_what_is_wrong(as_alice):
    page = as_alice.post(PAGE, url="http://example.org/", kind="standard")
    assert page.status == 422
    assert page.one("#url")["value"] == "http://example.org/"
    assert "https://" in page.errors()["url"]
    assert page.one("#events-error").text == "Choose at least one event."
    refused = as_alice.post(PAGE, url="https://example.org/", kind="slack", events=["song.sung"])
    assert refused.errors()["kind"] == "This must be one of: standard, discord."
    assert "song.released" in refused.one("#events-error").text


def test_an_account_has_a_limited_number(make_app, alice, receiver):
    del receiver
    app = make_app(MAX_WEBHOOKS="1")
    browser = Browser(app)
    browser.enter(alice)
    fields = {"url": "https://hooks.example.org/", "events": ALL}
    assert browser.post(PAGE, **fields).status == 200
    assert "up to 1 webhook" in browser.post(PAGE, **fields).errors()["url"]


def test_changing_keeps_an_address_that_is_left_empty(app, as_alice, receiver, add):
    add()
    before = only_webhook(app)
    assert as_alice.post(page_of(app), url="", choose="1", events=["level.reached"]).status == 303
    after = only_webhook(app)
    assert (after.url, after.events) == (before.url, "level.reached")
    as_alice.post(page_of(app), url=f"{receiver.address}/elsewhere")
    assert only_webhook(app).shown_url.endswith("here")
    refused = as_alice.post(page_of(app), choose="1")
    assert (refused.status, refused.one("#events-error").text) == (
        422,
        "Choose at least one event.",
    )


def test_a_test_is_delivered_and_logged(app, as_alice, receiver, add):
    secret = add().one(".token").text
    assert as_alice.post(f"{page_of(app)}/test").status == 303
    (request,) = receiver.received
    assert request.json["type"] == "webhook.test"
    assert request.is_signed_with(secret)
    row = as_alice.get(page_of(app)).one("[data-delivery]")
    assert row["data-outcome"] == "delivered"
    assert "204" in row.text


def test_tests_are_limited(make_app, alice, receiver):
    app = make_app(WEBHOOK_TARGETS="loopback", LIMIT_WEBHOOK_TESTS="2/1 hour")
    browser = Browser(app)
    browser.enter(alice)
    browser.post(PAGE, url=receiver.address, events=ALL)
    test = f"{page_of(app)}/test"
    assert [browser.post(test).status for _ in range(3)] == [303, 303, 429]
    assert len(receiver.received) == 2


def test_a_failed_delivery_says_why_and_is_sent_again(app, as_alice, receiver, add):
    add()
    receiver.answer(410, b"<script>gone</script>")
    as_alice.post(f"{page_of(app)}/test")
    page = as_alice.get(page_of(app))
    assert page.one(".webhook-response").text == "<script>gone</script>"
    assert "Turned off" in page.text
    assert not page.all("form[action$='/send']")
    as_alice.post(page_of(app), state="active")
    again = as_alice.get(page_of(app)).one("form[action$='/send']")["action"]
    as_alice.post(str(again))
    first, second = receiver.received
    assert first.id == second.id
    assert as_alice.get(page_of(app)).one("[data-delivery]")["data-outcome"] == "delivered"


def test_after_a_new_secret_both_sign_for_a_day(app, as_alice, receiver, add, clock):
    old = add().one(".token").text
    new = as_alice.post(f"{page_of(app)}/rotate").one(".token").text
    assert new != old
    as_alice.post(f"{page_of(app)}/test")
    assert receiver.received[0].is_signed_with(old)
    assert receiver.received[0].is_signed_with(new)
    clock.move(days=1)
    as_alice.post(f"{page_of(app)}/test")
    assert not receiver.received[1].is_signed_with(old)
    assert receiver.received[1].is_signed_with(new)


def test_a_paused_webhook_gets_nothing(app, as_alice, receiver, add):
    add()
    as_alice.post(page_of(app), state="paused")
    assert as_alice.post(f"{page_of(app)}/test").status == 422
    assert as_alice.post(page_of(app), state="disabled").status == 422
    as_alice.post("/songs/", title="One", artist="Metallica", status="released")
    assert receiver.received == []


def test_deleting_removes_the_deliveries(app, as_alice, receiver, add):
    add()
    as_alice.post(f"{page_of(app)}/test")
    assert len(receiver.received) == 1
    assert as_alice.post(f"{page_of(app)}/delete").location == PAGE
    with app.app_context():
        left = sa.select(sa.func.count()).select_from(Delivery)
        assert db.session.scalar(left) == 0
    assert "No webhooks yet" in as_alice.get(PAGE).text


def test_the_page_of_a_discord_channel_shows_no_token(app, as_alice, receiver, add):
    assert add(url=receiver.discord, kind="discord").status == 303
    page = as_alice.get(page_of(app))
    assert "token-of-the-channel" not in page.html
    assert page.one("h2 bdi").text.endswith("nnel")
    assert not page.all("form[action$='/rotate']")
    assert as_alice.post(f"{page_of(app)}/rotate").status == 422


def test_webhooks_of_others_are_not_found(app, as_bob, add):
    add()
    address = page_of(app)
    for way in ("", "/test", "/rotate", "/delete"):
        assert as_bob.post(f"{address}{way}").status == 404
    assert as_bob.get(address).status == 404
    assert "127.0.0.1" not in as_bob.get(PAGE).text


def test_who_has_no_public_profile_is_told_so(app, as_alice, alice):
    assert as_alice.get(PAGE).one("[data-note=audience]")
    with working(app):
        alice.user.audience = "everyone"
    assert not as_alice.get(PAGE).all("[data-note=audience]")
