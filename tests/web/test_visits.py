"""A visit, not a password, keeps a streak."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.people import PASSWORD
from trackflow_web.achievements.models import UserStats
from trackflow_web.domain.people.models import Visit
from trackflow_web.kernel.database import db


@pytest.fixture
def days(app, alice):
    """The days on which Alice was here."""

    def read():
        with app.app_context():
            wanted = sa.select(Visit.day).where(Visit.user_id == alice.id).order_by(Visit.day)
            return [day.isoformat() for day in db.session.scalars(wanted)]

    return read


@pytest.mark.both_databases
def test_the_first_page_of_a_day_records_a_visit(app, alice, clock, as_alice, days):
    as_alice.get("/songs/")
    clock.move(days=1)
    as_alice.get("/achievements/")
    as_alice.get("/achievements/")
    assert days() == ["2026-03-02", "2026-03-03"]
    with app.app_context():
        assert db.session.get_one(UserStats, alice.id).login_streak == 2


@pytest.mark.parametrize("path", ["/healthz", "/static/img/logo.svg", "/nowhere"])
def test_health_checks_files_and_unknown_urls_record_no_visit(clock, as_alice, days, path):
    clock.move(days=1)
    as_alice.get(path)
    assert days() == ["2026-03-02"]


def test_an_action_records_a_visit(clock, as_alice, days):
    as_alice.get("/songs/")
    clock.move(days=1)
    as_alice.post("/songs/", title="One", artist="Metallica")
    assert days() == ["2026-03-02", "2026-03-03"]


def test_a_form_left_open_overnight_records_its_visit_although_it_checks_a_password(
    clock, as_alice, days
):
    # Checking a password starts a new transaction; the visit must not be stored partly.
    for path, fields in [
        ("/confirm", {"password": PASSWORD}),
        ("/settings/password", {"current": "wrong", "password": "a new long password"}),
        ("/register", {"username": "dora", "email": "dora@example.org", "password": PASSWORD}),
    ]:
        as_alice.get("/settings/profile")
        clock.move(days=1)
        as_alice.post(path, **fields)
    # The counters are compared with the visits after every test.
    assert days()[:3] == ["2026-03-02", "2026-03-03", "2026-03-04"]


def test_the_third_and_the_seventh_consecutive_day_show_their_toasts(clock, as_alice):
    told = []
    for _ in range(6):
        clock.move(days=1)
        told.append(as_alice.get("/songs/").toasts())
    assert told == [[], ["early_bird"], [], [], [], ["dedicated"]]
