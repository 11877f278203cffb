"""The landing page and the health check."""

from __future__ import annotations

import pytest


def test_anonymous_visitors_see_the_landing_page(stranger):
    page = stranger.get("/")
    assert page.status == 200
    assert page.all('a[href="/register"]')
    assert not page.all('form[action="/logout"]')


def test_signed_in_users_are_redirected_to_their_songs(as_alice):
    page = as_alice.get("/")
    assert (page.status, page.location) == (303, "/songs/")


@pytest.mark.both_databases
def test_health_with_a_database(stranger):
    page = stranger.get("/healthz")
    assert (page.status, page.html) == (200, "ok")


@pytest.mark.parametrize(
    "url", ["sqlite:////proc/none.sqlite3", "postgresql://nobody@127.0.0.1:1/nothing"]
)
def test_health_without_a_database(make_app, url):
    answer = make_app(DATABASE_URL=url).test_client().get("/healthz")
    assert answer.status_code == 503
    assert url not in answer.text
