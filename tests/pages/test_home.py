"""The landing page and the health check."""

from __future__ import annotations

import pytest

from tests.support.songs import add_song


def test_anonymous_visitors_see_the_landing_page(stranger):
    page = stranger.get("/")
    assert page.status == 200
    assert page.all('a[href="/register"]')
    assert not page.all('form[action="/logout"]')


def test_users_see_their_dashboard_and_tick_the_next_part_off(app, alice, as_alice):
    song = add_song(app, alice, "Hurt", status="wip")
    form = as_alice.get("/").one(f'[data-song="{song}"] form')
    assert form["action"] == f"/songs/{song}/parts/demucs"

    as_alice.post(form["action"], state="done", next="/")
    assert as_alice.last.location == "/"
    assert as_alice.get("/").one(f'[data-song="{song}"] form')["action"].endswith("/midi")


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
