"""Views that may be read from a replica only read."""

from __future__ import annotations

import re
from functools import partial

import pytest
import sqlalchemy as sa

from tests.support.belongings import belongings_of
from tests.support.browsing import Browser
from tests.support.may_lag import addresses, body_of, endpoints
from tests.support.people import working
from trackflow_web.domain.people import profile
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.kernel.database import db
from trackflow_web.web.replica import MAY_LAG

READS = re.compile(r"\s*(SELECT|WITH|BEGIN|PRAGMA)\b", re.IGNORECASE)


@pytest.fixture
def written(app, monkeypatch):
    """The endpoints of views that have written, with the statement."""
    found, running = [], []

    def around(endpoint, view, **arguments):
        running.append(endpoint)
        try:
            return view(**arguments)
        finally:
            db.session.flush()
            running.remove(endpoint)

    def note(_connection, _cursor, statement, *_rest):
        if running and not READS.match(statement):
            found.append((running[-1], statement))

    for endpoint in MAY_LAG:
        view = partial(around, endpoint, app.view_functions[endpoint])
        monkeypatch.setitem(app.view_functions, endpoint, view)
    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield found
    sa.event.remove(engine, "before_cursor_execute", note)


def test_the_addresses_cover_every_view_that_may_lag():
    assert endpoints() == set(MAY_LAG)


def test_views_that_may_lag_write_nothing(app, alice, bob, as_alice, as_bob, written):
    values = belongings_of(app, alice)
    with working(app):
        profile.change_privacy(alice.user, profile="everyone")
        songs.move_song(
            find_song(values["song_id"], for_update=True), alice.user, status="released"
        )
    for browser in (as_alice, as_bob, Browser(app)):
        for address, htmx in addresses(values):
            body_of(browser, address, htmx=htmx)
    assert written == []


def test_such_a_write_is_noticed(app, as_alice, written, monkeypatch):
    inside = app.view_functions["seasons.ics"]

    def writing():
        db.session.execute(sa.text("UPDATE users SET bio = bio"))
        return inside.args[1]()

    monkeypatch.setitem(
        app.view_functions, "seasons.ics", partial(inside.func, "seasons.ics", writing)
    )
    as_alice.client.get("/seasons.ics")
    assert [endpoint for endpoint, _ in written] == ["seasons.ics"]
