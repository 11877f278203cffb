"""Event streams: the version at once, nothing else, and no more than there are threads for."""

from __future__ import annotations

import re
import socket
import time
from contextlib import contextmanager

import pytest
import requests
import sqlalchemy as sa

from tests.notifications.conftest import OFTEN
from tests.support.browsing import Browser
from tests.support.charter import signed_in_client
from tests.support.gunicorn import Site
from tests.support.live_server import serving
from tests.support.people import working
from tests.support.wire import visitors
from trackflow_web.domain.people import actions as people
from trackflow_web.domain.relations import actions as relations
from trackflow_web.kernel import signals
from trackflow_web.kernel.database import db
from trackflow_web.notifications import bell

MOST = 3
STREAM = "/notifications/stream"
SECONDS = 10


@pytest.fixture
def app(make_app):
    return make_app(LIVE_STREAMS=MOST)


@pytest.fixture
def address(app):
    with serving(app) as address:
        yield address
        app.extensions["trackflow.streams"].join()


@pytest.fixture
def listen(app, address):
    """`with listen(alice) as messages`: the versions as they come, each as an int."""

    @contextmanager
    def act(person):
        with ask(app, address, person) as answer:
            yield versions_in(answer)

    return act


def ask(app, address, person):
    cookie = signed_in_client(app, person).get_cookie("session")
    return requests.get(
        f"{address}{STREAM}", cookies={"session": cookie.value}, stream=True, timeout=SECONDS
    )


def versions_in(answer):
    for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
        assert re.fullmatch(r"|retry: \d+|(id|data): \d+", line)
        if line.startswith("data: "):
            yield int(line[6:])


def open_streams(app):
    return len(app.extensions["trackflow.streams"]._open)


def wait_until(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.both_databases
def test_a_stream_tells_the_version_now_and_when_it_changes(app, listen, alice, act, bob):
    with listen(alice) as versions:
        first = next(versions)
        act.follow(bob, alice)
        assert next(versions) > first
        with app.app_context():
            assert db.engine.pool.checkedout() == 0  # a stream holds none of the pages'


@pytest.mark.both_databases
def test_another_persons_notifications_are_not_told(listen, alice, act, bob, charlie):
    with listen(alice) as versions, listen(bob) as others:
        first, _ = next(versions), next(others)
        act.follow(charlie, bob)
        next(others)
        act.follow(charlie, alice)
        assert next(versions) == first + 1


@pytest.mark.both_databases
def test_a_stream_ends_when_its_user_signs_out_elsewhere(app, listen, alice):
    with listen(alice) as versions:
        next(versions)
        with working(app):
            people.sign_out_everywhere(alice.user)
        streams = app.extensions["trackflow.streams"]
        streams._told_at = 0.0  # PostgreSQL gives no signal of this
        assert list(versions) == []


def test_a_banned_user_hears_nothing_more(app, listen, alice):
    with listen(alice) as versions:
        next(versions)
        with working(app):
            alice.user.banned_at = alice.user.created_at
        assert list(versions) == []


def test_more_streams_than_threads_get_204(app, address, alice, bob, charlie, listen):
    with listen(alice), listen(bob), listen(charlie):
        wait_until(lambda: open_streams(app) == MOST)
        assert ask(app, address, alice).status_code == 204
    wait_until(lambda: open_streams(app) == 0)
    with listen(alice) as versions:
        assert next(versions) >= 0


def test_one_user_does_not_get_all_streams(make_app, alice):
    streams = make_app(LIVE_STREAMS=50).extensions["trackflow.streams"]
    opened = [streams.open(alice.id, "stamp") for _ in range(5)]
    assert [stream is not None for stream in opened] == [True] * 4 + [False]
    streams.join()


def test_a_closed_tab_frees_its_stream_without_a_message(app, address, alice):
    answer = ask(app, address, alice)
    next(versions_in(answer))
    assert open_streams(app) == 1
    answer.close()
    wait_until(lambda: open_streams(app) == 0)


def test_a_process_that_stops_keeps_no_connection_of_a_stream(app, alice):
    """Otherwise it waits for another request on it."""
    streams = app.extensions["trackflow.streams"]
    server, browser = socket.socketpair()
    with server, browser:
        server.settimeout(SECONDS)
        stream = streams.open(alice.id, "stamp", client=server.fileno())
        streams.join()
        streams.close(stream)
        assert server.recv(1) == b""
        server.sendall(b"0")  # the end of the response


def test_a_stream_is_not_buffered_compressed_or_cached(app, address, alice):
    with ask(app, address, alice) as answer:
        headers = answer.headers
        assert headers["Content-Type"].startswith("text/event-stream")
        assert headers["X-Accel-Buffering"] == "no"
        assert headers["Cache-Control"] == "no-store"
        assert "Content-Encoding" not in headers


def test_a_head_request_opens_no_stream(app, as_alice):
    assert as_alice.client.head(STREAM).status_code == 204
    assert open_streams(app) == 0


def test_without_the_setting_there_are_no_streams(make_app, alice):
    browser = Browser(make_app())
    browser.enter(alice)
    assert browser.get(STREAM).status == 204
    page = browser.get("/settings/profile").html
    assert "data-stream" not in page
    assert "bell_stream" not in page


@pytest.mark.postgresql
@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_streams_end_when_the_database_is_lost_and_come_back(app, listen, alice, act, bob):
    with listen(alice) as versions:
        first = next(versions)
        end = sa.text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name"
        )
        with app.app_context():
            db.session.execute(end, {"name": signals.NAME})
            db.session.rollback()
        assert list(versions) == []
    with listen(alice) as versions:
        assert next(versions) == first
        act.follow(bob, alice)
        assert next(versions) == first + 1


@pytest.mark.both_databases
def test_a_transaction_sends_one_signal(app, act, alice, bob, charlie):
    with app.app_context():
        url = db.engine.url
    with signals.receiving(url) as receiver:
        assert receiver.wait(0.0) == frozenset()
        with working(app):
            for person in (bob, charlie):
                relations.set_follow(
                    person.user, alice.user, wanted=True, limits=OFTEN, newcomer_days=0
                )
        assert receiver.wait(1.0) in (None, frozenset({alice.id}))
        assert receiver.wait(0.0) == frozenset()


def test_many_users_are_one_short_signal(app):
    sent = []

    class Session:
        def get_bind(self):
            return type("E", (), {"dialect": type("D", (), {"name": "postgresql"})})

        def execute(self, _statement, parameters):
            sent.append(parameters["payload"])

    signals.send(Session(), [7, 8])
    signals.send(Session(), range(10**9, 10**9 + 1_000))
    assert sent == ["7,8", "*"]


@pytest.mark.both_databases
def test_streams_take_no_thread_of_the_pages_and_end_with_sigterm(
    app, database_url, tmp_path, alice, bob, charlie
):
    """gunicorn has four threads for pages; as many and more streams are open."""
    users = [alice, bob, charlie]
    site = Site(database_url, tmp_path, workers=1)
    site.environment = {"LIVE_STREAMS": "12"}
    site.start()
    try:
        address = f"http://127.0.0.1:{site.port}"
        answers = [ask(app, address, person) for person in users * 4]
        assert {answer.status_code for answer in answers} == {200}
        for answer in answers:
            next(versions_in(answer))
        (visitor,) = visitors(app, site.port, [alice.id])
        assert visitor.get("/notifications/").status == 200
        with app.app_context():
            assert bell.version_of(alice.id) == 0
        begun = time.monotonic()
        site.stop()
        assert time.monotonic() - begun < 3
    finally:
        site.stop()
