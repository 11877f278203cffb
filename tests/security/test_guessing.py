"""Guessing passwords is slow, tells nothing, and locks nobody out."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import pytest

from tests.support.browsing import Browser
from tests.support.people import PASSWORD
from trackflow_web.domain.people import passwords, sign_in

WRONG = "wrong horse"


@pytest.fixture
def guess(app):
    """`guess("alice", "1.2.3.4")`: a wrong password from an address."""

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
def test_the_eleventh_failure_from_an_address_has_to_wait(clock, guess):
    answers = [guess(f"somebody{number}").status for number in range(10)]
    assert answers == [422] * 10
    page = guess("alice")
    assert page.status == 429
    assert page.headers["Retry-After"] == "300"
    assert "Wait a little" in page.alert()
    clock.move(minutes=5)
    assert guess("alice").status == 422


@pytest.mark.both_databases
def test_the_eleventh_failure_for_a_name_has_to_wait_wherever_it_comes_from(clock, alice, guess):
    answers = [guess("alice", address).status for address in addresses(11)]
    assert answers == [422] * 10 + [429]


def test_a_right_password_from_a_tired_address_has_to_wait_too(clock, alice, guess):
    for number in range(10):
        guess(f"somebody{number}")
    assert guess("alice", password=PASSWORD).status == 429


@pytest.mark.both_databases
def test_nobody_is_locked_out_by_others_who_guess(clock, alice, guess):
    for address in addresses(12):
        guess("alice", address)
    assert guess("alice", "192.0.2.1", password=PASSWORD).status == 303


@pytest.mark.both_databases
def test_nobody_is_locked_out_when_everybody_together_has_failed_too_often(make_app, clock, alice):
    app = make_app(LIMIT_SIGN_IN_ALL="3/1 minute")

    def sign_in(address, name, password):
        browser = Browser(app)
        browser.client.environ_base["REMOTE_ADDR"] = address
        return browser.sign_in(name, password).status

    failures = [sign_in(address, f"zora{address[-1]}", WRONG) for address in addresses(6)]
    assert failures == [422] * 3 + [429] * 3
    assert sign_in("192.0.2.1", "alice", PASSWORD) == 200
    assert sign_in("192.0.2.2", "alice", WRONG) == 429


def test_the_addresses_of_one_ipv6_network_are_counted_together(clock, alice, guess):
    answers = [
        guess(f"zora{number}", f"2001:db8:1:2:{number:x}::{number:x}").status
        for number in range(1, 12)
    ]
    assert answers == [422] * 10 + [429]
    assert guess("zora", "2001:db8:1:3::1").status == 422


def test_an_ipv4_address_within_ipv6_is_counted_as_itself(clock, guess):
    answers = [guess(f"zora{number}", "::ffff:192.0.2.7").status for number in range(6)]
    answers += [guess(f"zora{number}", "192.0.2.7").status for number in range(5)]
    assert answers == [422] * 10 + [429]
    assert guess("zora", "::ffff:192.0.2.8").status == 422


@pytest.mark.both_databases
def test_what_is_no_address_is_counted_together(make_app, clock):
    browser = Browser(make_app(TRUSTED_PROXIES="1"))
    statuses = []
    for number in range(11):
        form = {"username": f"zora{number}", "password": "x", "csrf_token": browser.token()}
        told = {"X-Forwarded-For": f"{number}" * 2_000}
        statuses.append(browser.request("POST", "/login", data=form, headers=told).status)
    assert statuses == [422] * 10 + [429]


def test_registering_counts_an_ipv6_network_as_one(make_app, clock):
    browser, answers = Browser(make_app(LIMIT_REGISTER="2/1 hour")), []
    for number in range(3):
        browser.client.environ_base["REMOTE_ADDR"] = f"2001:db8:1:2::{number}"
        answers.append(browser.post("/register", username="x").status)
    assert answers == [422, 422, 429]


def test_signing_in_rightly_uses_nothing_up(clock, alice, guess):
    assert {guess("alice", password=PASSWORD).status for _ in range(15)} == {303}


def test_a_right_password_in_between_washes_no_failures_away(clock, alice, guess):
    statuses = []
    for _ in range(11):
        guess("alice", password=PASSWORD)
        statuses.append(guess("zora").status)
    assert statuses == [422] * 10 + [429]


def test_name_and_address_of_alice_are_one_name_in_every_spelling(clock, alice, guess):
    spellings = ["alice", "ALICE", " alice ", "ａlice"] * 3
    answers = [
        guess(name, address).status for name, address in zip(spellings, addresses(12), strict=True)
    ]
    assert answers == [422] * 10 + [429] * 2


def test_a_header_makes_no_new_address(clock, guess):
    answers = [
        guess(f"somebody{number}", headers={"X-Forwarded-For": f"203.0.113.{number}"}).status
        for number in range(11)
    ]
    assert answers[-1] == 429


def test_behind_a_proxy_that_is_named_its_word_counts(make_app, clock):
    browser = Browser(make_app(TRUSTED_PROXIES="1"))
    answers = []
    for number in range(12):
        form = {"username": f"somebody{number}", "password": "x", "csrf_token": browser.token()}
        told = {"X-Forwarded-For": f"203.0.113.9, 203.0.113.{number}"}
        answers.append(browser.request("POST", "/login", data=form, headers=told).status)
    assert answers == [422] * 12


@pytest.mark.both_databases
def test_parallel_guesses_do_not_pass_together(app, clock, alice, monkeypatch):
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


def test_asking_for_the_password_once_more_is_no_way_round(clock, as_alice):
    answers = [as_alice.post("/confirm", password="wrong").status for _ in range(11)]
    assert answers == [422] * 10 + [429]


def test_changing_the_password_is_no_way_round(clock, as_alice):
    page = None
    for _ in range(11):
        page = as_alice.post("/settings/password", current="wrong", password="a new long password")
    assert page.status == 429
    assert page.headers["Retry-After"]


def test_the_bounds_can_be_set(make_app, clock):
    browser = Browser(make_app(LIMIT_SIGN_IN="2/1 minute"))
    answers = [browser.sign_in("zora", "wrong") for _ in range(3)]
    assert [page.status for page in answers] == [422, 422, 429]
    assert answers[-1].headers["Retry-After"] == "60"


def test_there_is_a_bound_for_all_together(make_app, clock):
    app = make_app(LIMIT_SIGN_IN_ALL="3/1 minute")
    answers = []
    for address in addresses(4):
        browser = Browser(app)
        browser.client.environ_base["REMOTE_ADDR"] = address
        answers.append(browser.sign_in(f"somebody{address[-1]}", "wrong").status)
    assert answers == [422, 422, 422, 429]


def test_registering_has_a_bound_too(make_app, clock):
    browser = Browser(make_app(LIMIT_REGISTER="2/1 hour"))
    answers = [browser.post("/register", username="x").status for _ in range(3)]
    assert answers == [422, 422, 429]


# --- whether a name exists ------------------------------------------------------------------------


def seen(page, name):
    """An answer without what is another one every time: the token and the name itself."""
    html = re.sub(r'(name="csrf_token" value=")[^"]*', r"\1", page.html).replace(name, "NAME")
    headers = {
        key: value
        for key, value in page.headers.items()
        if key not in {"Set-Cookie", "Content-Length", "Date"}
    }
    return page.status, html, headers


@pytest.mark.parametrize("limited", [False, True])
def test_known_and_unknown_names_are_answered_alike(clock, alice, guess, limited):
    for address in addresses(10 if limited else 0):
        guess("alice", address)
        guess("zelda", address)
    assert seen(guess("alice", "10.0.1.1"), "alice") == seen(guess("zelda", "10.0.1.1"), "zelda")


def test_known_and_unknown_names_take_the_same_time(app, alice, work):
    config = app.extensions["trackflow"]
    bounds = sign_in.SignInLimits(config.limit_sign_in, config.limit_sign_in_all)

    def seconds(name):
        began = time.perf_counter()
        with pytest.raises(sign_in.Invalid), app.app_context():
            sign_in.check_password(name=name, password="wrong", address=name, bounds=bounds)
        return time.perf_counter() - began

    passwords.use_cheap_hashes(cheap=False)
    try:
        with work():
            alice.user.password_hash = passwords.hash_password(PASSWORD)
        seconds("warm up")
        known, unknown = (median(seconds(name) for _ in range(3)) for name in ("alice", "zelda"))
    finally:
        passwords.use_cheap_hashes(cheap=True)
    assert 1 / 3 < known / unknown < 3
