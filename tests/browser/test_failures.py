"""Failed requests: no input is lost, and a message tells the user what to do."""

from __future__ import annotations

import re
import sqlite3
from contextlib import contextmanager
from functools import partial

import limits
import pytest
from playwright.sync_api import expect

from tests.support.people import PASSWORD, working
from tests.support.songs import titles_of
from tests.support.watching import STANDING
from trackflow_web.domain.people import actions
from trackflow_web.kernel import transactions

SIGN_IN = re.compile(r"/login\?next=")


@pytest.fixture
def locked(database_url, monkeypatch):
    """`with locked(): ...`: the database is locked, with short timeouts."""
    monkeypatch.setattr(transactions, "begin", partial(transactions.begin, patience=0.1))

    @contextmanager
    def hold():
        other = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.rollback()
            other.close()

    return hold


@pytest.fixture
def at_songs(page, alice, let_in):
    let_in(page, alice)
    page.goto("/songs/")
    return page


def add_song(page):
    page.get_by_label("Title").fill("One")
    page.get_by_label("Artist").fill("Metallica")
    page.get_by_label("Year").fill("1988")
    page.get_by_role("button", name="Add song").click()


def assert_still_typed(page):
    expect(page.get_by_label("Title")).to_have_value("One")
    expect(page.get_by_label("Artist")).to_have_value("Metallica")
    expect(page.get_by_label("Year")).to_have_value("1988")


# --- the database, the network -------------------------------------------------------------------


def test_a_busy_database_shows_a_message_and_keeps_the_input(app, alice, at_songs, locked, watch):
    watch.allow("503")
    with locked():
        add_song(at_songs)
        message = at_songs.locator(STANDING)
        expect(message).to_contain_text("Please try again in 2 seconds.")
        assert_still_typed(at_songs)
    message.get_by_role("button", name="Dismiss").click()
    expect(at_songs.locator(STANDING)).to_have_count(0)
    at_songs.get_by_role("button", name="Add song").click()
    expect(at_songs.locator("#song-rows > li")).to_have_count(1)
    assert titles_of(app, alice) == ["One"]


def test_a_search_over_the_limit_keeps_the_list(app, alice, at_songs, watch, monkeypatch):
    watch.allow("429")
    monkeypatch.setattr(app.extensions["trackflow.searches"], "limit", limits.parse("1/1 hour"))
    add_song(at_songs)
    expect(at_songs.locator("#song-rows > li")).to_have_count(1)
    search = at_songs.get_by_role("searchbox")
    search.fill("one")
    expect(at_songs).to_have_url(re.compile("q=one"))
    search.fill("nothing like it")
    expect(at_songs.locator('[data-toast="error"]')).to_contain_text("try again in 60 minutes.")
    expect(at_songs.locator("#song-rows > li")).to_have_count(1)
    expect(search).to_have_value("nothing like it")


def test_without_javascript_a_busy_database_offers_to_send_the_form_again(
    app, alice, page_without_javascript, let_in, locked, watch
):
    watch.allow("503")
    page = page_without_javascript
    let_in(page, alice)
    page.goto("/songs/")
    with locked():
        add_song(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Busy just now")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#song-rows > li")).to_contain_text("1988")
    expect(page.locator(".notice")).to_have_text("Added \u2068One\u2069.")
    assert titles_of(app, alice) == ["One"]


def test_a_lost_connection_shows_a_message_and_keeps_the_input(app, alice, at_songs, watch):
    watch.allow("ERR_INTERNET_DISCONNECTED")
    watch.allow("htmx:sendError")
    watch.allow("htmx:afterRequest")
    at_songs.context.set_offline(True)
    for _ in range(2):
        add_song(at_songs)
        expect(at_songs.locator(STANDING)).to_contain_text("Please try again.")
        assert_still_typed(at_songs)
    expect(at_songs.locator(STANDING)).to_have_count(1)  # one message, however often she tries
    at_songs.context.set_offline(False)
    at_songs.get_by_role("button", name="Add song").click()
    expect(at_songs.locator("#song-rows > li")).to_have_count(1)
    assert titles_of(app, alice) == ["One"]


# --- the session ---------------------------------------------------------------------------------


def sign_in_again(page, person):
    expect(page).to_have_url(SIGN_IN)
    page.get_by_label("Username or email").fill(person.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Songs")


def sign_out(page):
    page.locator("#account-menu > summary").click()
    page.get_by_role("button", name="Sign out").click()


def test_signing_in_after_signing_out_in_another_tab_returns_to_the_page(alice, at_songs):
    other = at_songs.context.new_page()
    other.goto("/achievements/")
    sign_out(other)
    expect(other.get_by_role("link", name="Start your setlist")).to_be_visible()
    add_song(at_songs)
    sign_in_again(at_songs, alice)
    add_song(at_songs)
    expect(at_songs.locator("#song-rows > li")).to_have_count(1)


def test_signing_in_after_the_session_was_ended_returns_to_the_page(app, alice, at_songs):
    at_songs.goto("/songs/?status=wip")
    with working(app):
        actions.sign_out_everywhere(alice.user)
    at_songs.locator("#tab-released").click()
    sign_in_again(at_songs, alice)
    expect(at_songs).to_have_url(re.compile(r"/songs/\?status=wip$"))


def test_after_sign_out_the_back_button_shows_nothing_private(alice, at_songs):
    add_song(at_songs)
    expect(at_songs.locator("#song-rows > li")).to_have_count(1)
    sign_out(at_songs)
    expect(at_songs.get_by_role("link", name="Start your setlist")).to_be_visible()
    at_songs.go_back()
    expect(at_songs).to_have_url(SIGN_IN)
