"""Guessing passwords is slow, reveals nothing, and locks no user out."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from statistics import median

import pytest

from tests.support.browsing import Browser
from tests.support.people import PASSWORD
from trackflow_web.domain.people import passwords, sign_in

WRONG = "wrong horse"


@pytest.fixture
def guess(app):
    """`guess("alice", "1.2.3.4")`: a wrong password from a client address."""

    def guess(name, address="127.0.0.1", password=WRONG, **options):
        browser = Browser(app)
        browser.client.environ_base["REMOTE_ADDR"] = address
        return browser.request(
            "POST",
            "/login",
            data={"username": name, "password": password, "csrf_token": browser.token()},
            **options,
        )

    return guess


def addresses(count):
    return [f"10.0.0.{number}" for number in range(1, count + 1)]


@pytest.mark.both_databases
def test_the_eleventh_failure_from_a_client_address_gets_429(clock, guess):
    answers = [guess(f"somebody{number}").status for number in range(10)]
    assert answers == [422] * 10
    page = guess("alice")
    assert page.status == 429
    assert page.headers["Retry-After"] == "300"
    assert "Wait a moment" in page.alert()
    clock.move(minutes=5)
    assert guess("alice").status == 422


@pytest.mark.both_databases
def test_the_eleventh_failure_for_a_username_gets_429_from_any_address(clock, alice, guess):
    answers = [guess("alice", address).status for address in addresses(11)]
    assert answers == [422] * 10 + [429]


def test_a_correct_password_from_a_limited_address_gets_429(clock, alice, guess):
    for number in range(10):
        guess(f"somebody{number}")
    assert guess("alice", password=PASSWORD).status == 429


@pytest.mark.both_databases
@pytest.mark.fault("A6")
def test_failures_from_other_addresses_do_not_lock_a_user_out(clock, alice, guess):
    for address in addresses(12):
        guess("alice", address)
    assert guess("alice", "192.0.2.1", password=PASSWORD).status == 303


@pytest.mark.both_databases
@pytest.mark.fault("A6")
def test_the_total_limit_does_not_lock_a_user_out(make_app, clock, alice):
    app = make_app(LIMIT_SIGN_IN_ALL="3/1 minute")

    def sign_in(address, name, password):
        browser = Browser(app)
        browser.client.environ_base["REMOTE_ADDR"] = address
        return browser.sign_in(name, password).status

    failures = [sign_in(address, f"zora{address[-1]}", WRONG) for address in addresses(6)]
    assert failures == [422] * 3 + [429] * 3
    assert sign_in("192.0.2.1", "alice", PASSWORD) == 200
    assert sign_in("192.0.2.2", "alice", WRONG) == 429


@pytest.mark.fault("B2")
def test_addresses_of_one_ipv6_network_share_a_limit(clock, alice, guess):
    answers = [
        guess(f"zora{number}", f"2001:db8:1:2:{number:x}::{number:x}").status
        for number in range(1, 12)
    ]
    assert answers == [422] * 10 + [429]
    assert guess("zora", "2001:db8:1:3::1").status == 422


def test_an_ipv4_mapped_address_counts_as_the_ipv4_address(clock, guess):
    answers = [guess(f"zora{number}", "::ffff:192.0.2.7").status for number in range(6)]
    answers += [guess(f"zora{number}", "192.0.2.7").status for number in range(5)]
    assert answers == [422] * 10 + [429]
    assert guess("zora", "::ffff:192.0.2.8").status == 422


@pytest.mark.both_databases
def test_invalid_client_addresses_share_a_limit(make_app, clock):
    browser = Browser(make_app(TRUSTED_PROXIES="1"))
    statuses = []
    for number in range(11):
        form = {"username": f"zora{number}", "password": "x", "csrf_token": browser.token()}
        told = {"X-Forwarded-For": f"{number}" * 2_000}
        statuses.append(browser.request("POST", "/login", data=form, headers=told).status)
    assert statuses == [422] * 10 + [429]


def test_registrations_from_one_ipv6_network_share_a_limit(make_app, clock):
    browser, answers = Browser(make_app(LIMIT_REGISTER="2/1 hour")), []
    for number in range(3):
        browser.client.environ_base["REMOTE_ADDR"] = f"2001:db8:1:2::{number}"
        answers.append(browser.post("/register", username="x").status)
    assert answers == [422, 422, 429]


def test_successful_sign_ins_do_not_count_towards_the_limit(clock, alice, guess):
    assert {guess("alice", password=PASSWORD).status for _ in range(15)} == {303}


def test_a_successful_sign_in_does_not_reset_the_failures(clock, alice, guess):
    statuses = []
    for _ in range(11):
        guess("alice", password=PASSWORD)
        statuses.append(guess("zora").status)
    assert statuses == [422] * 10 + [429]


def test_all_spellings_of_a_username_and_its_email_address_share_a_limit(clock, alice, guess):
    spellings = ["alice", "ALICE", " alice ", "ａlice"] * 3
    answers = [
        guess(name, address).status for name, address in zip(spellings, addresses(12), strict=True)
    ]
    assert answers == [422] * 10 + [429] * 2


def test_a_client_cannot_change_its_address_with_a_header(clock, guess):
    answers = [
        guess(f"somebody{number}", headers={"X-Forwarded-For": f"203.0.113.{number}"}).status
        for number in range(11)
    ]
    assert answers[-1] == 429


def test_the_client_address_is_taken_from_a_configured_proxy(make_app, clock):
    browser = Browser(make_app(TRUSTED_PROXIES="1"))
    answers = []
    for number in range(12):
        form = {"username": f"somebody{number}", "password": "x", "csrf_token": browser.token()}
        told = {"X-Forwarded-For": f"203.0.113.9, 203.0.113.{number}"}
        answers.append(browser.request("POST", "/login", data=form, headers=told).status)
    assert answers == [422] * 12


@pytest.mark.both_databases
def test_parallel_guesses_do_not_exceed_the_limit(app, clock, alice, monkeypatch):
    tried = []
    matches = passwords.matches

    def counted(*arguments):
        tried.append(1)
        return matches(*arguments)

    monkeypatch.setattr(sign_in.passwords, "matches", counted)
    browsers = [Browser(app) for _ in range(24)]
    for browser in browsers:
        browser.get("/login")

    def attack(browser):
        return browser.post("/login", username="alice", password=WRONG).status

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attack, browsers))
    assert (answers.count(422), answers.count(429)) == (10, 14)
    assert len(tried) == 10


def test_password_confirmation_shares_the_sign_in_limits(clock, as_alice):
    answers = [as_alice.post("/confirm", password="wrong").status for _ in range(11)]
    assert answers == [422] * 10 + [429]


def test_changing_the_password_shares_the_sign_in_limits(clock, as_alice):
    page = None
    for _ in range(11):
        page = as_alice.post("/settings/password", current="wrong", password="a new long password")
    assert page.status == 429
    assert page.headers["Retry-After"]


def test_the_limit_is_configurable(make_app, clock):
    browser = Browser(make_app(LIMIT_SIGN_IN="2/1 minute"))
    answers = [browser.sign_in("zora", "wrong") for _ in range(3)]
    assert [page.status for page in answers] == [422, 422, 429]
    assert answers[-1].headers["Retry-After"] == "60"


def test_all_clients_together_share_a_limit(make_app, clock):
    app = make_app(LIMIT_SIGN_IN_ALL="3/1 minute")
    answers = []
    for address in addresses(4):
        browser = Browser(app)
        browser.client.environ_base["REMOTE_ADDR"] = address
        answers.append(browser.sign_in(f"somebody{address[-1]}", "wrong").status)
    assert answers == [422, 422, 422, 429]


@pytest.mark.fault("B4")
def test_registration_is_limited_too(make_app, clock):
    browser = Browser(make_app(LIMIT_REGISTER="2/1 hour"))
    answers = [browser.post("/register", username="x").status for _ in range(3)]
    assert answers == [422, 422, 429]


# --- whether a name exists ------------------------------------------------------------------------


def seen(page, name):
    """A response without its changing parts: the token and the name."""
    html = re.sub(r'(name="csrf_token" value=")[^"]*', r"\1", page.html).replace(name, "NAME")
    headers = {
        key: value
        for key, value in page.headers.items()
        if key not in {"Set-Cookie", "Content-Length", "Date"}
    }
    return page.status, html, headers


@pytest.mark.parametrize("limited", [False, True])
def test_known_and_unknown_usernames_get_the_same_response(clock, alice, guess, limited):
    for address in addresses(10 if limited else 0):
        guess("alice", address)
        guess("zelda", address)
    assert seen(guess("alice", "10.0.1.1"), "alice") == seen(guess("zelda", "10.0.1.1"), "zelda")


def test_known_and_unknown_usernames_take_the_same_time(app, alice, work):
    config = app.extensions["trackflow"]
    bounds = sign_in.SignInLimits(config.limit_sign_in, config.limit_sign_in_all)

    def seconds(name):
        began = time.process_time()
        with pytest.raises(sign_in.Invalid), app.app_context():
            sign_in.check_password(name=name, password="wrong", address=name, bounds=bounds)
        return time.process_time() - began

    passwords.use_cheap_hashes(cheap=False)
    try:
        with work():
            alice.user.password_hash = passwords.hash_password(PASSWORD)
        seconds("warm up")
        known, unknown = (median(seconds(name) for _ in range(3)) for name in ("alice", "zelda"))
    finally:
        passwords.use_cheap_hashes(cheap=True)
    assert 1 / 3 < known / unknown < 3


@pytest.mark.both_databases
def test_correct_passwords_at_the_same_time_are_not_limited(app, clock, alice, monkeypatch):
    together = threading.Barrier(8)
    matches = passwords.matches

    def slow(*arguments):
        with suppress(threading.BrokenBarrierError):  # the last ones come alone
            together.wait(timeout=0.3)
        return matches(*arguments)

    monkeypatch.setattr(sign_in.passwords, "matches", slow)
    browsers = [Browser(app) for _ in range(24)]
    for browser in browsers:
        browser.get("/login")

    def enter(browser):
        return browser.post("/login", username="alice", password=PASSWORD).status

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(enter, browsers)) == {303}
