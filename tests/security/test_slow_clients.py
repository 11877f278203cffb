"""A client that sends its body one byte at a time does not block others."""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest

from tests.support.gunicorn import serving
from tests.support.people import PASSWORD, working
from tests.support.wire import ask, visitors
from trackflow_web.domain.people import actions

pytestmark = pytest.mark.both_databases

# A body that is sent whole takes some milliseconds; a lock is waited for for five seconds.
SECONDS_FOR_A_WRITE = 3
SECONDS_BETWEEN_BYTES = 0.05
# For each kind of body; nothing but a lock can last as long as some writes take together.
SECONDS_OF_EACH = 1.0
SONG = {"title": "Slow", "artist": "Sleep", "album": "", "year": "", "status": "wip"}
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def site(app, database_url, tmp_path):
    with serving(database_url, tmp_path) as site:
        yield site


class SlowClient:
    """Sends the head of a request at once and its body byte by byte, until `hurry` is set."""

    def __init__(self, port, path, body, **headers):
        self.hurry = threading.Event()
        self.status = None
        self.sent = 0
        self.body = body
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
        fields = {"Content-Length": len(body), **{n.replace("_", "-"): headers[n] for n in headers}}
        head += "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.sendall(f"{head}\r\n".encode())
        self.thread = threading.Thread(target=self._send)
        self.thread.start()

    def _send(self):
        for byte in self.body:
            self.socket.sendall(bytes([byte]))
            self.sent += 1
            self.hurry.wait(SECONDS_BETWEEN_BYTES)
        self.status = int(self.socket.recv(100).split()[1])
        self.socket.close()


def multipart(fields, name, content):
    part = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    parts = [part.format(*field) for field in fields.items()]
    parts.append(part.format(f'{name}"; filename="a.csv', content))
    return "".join([*parts, "--x--\r\n"]).encode()


@contextmanager
def slow_clients(*clients):
    try:
        yield clients
    finally:
        for client in clients:
            client.hurry.set()
        for client in clients:
            client.thread.join(30)


def seconds_of_a_write(visitor, number):
    began = time.monotonic()
    answer = visitor.post("/songs/", title=f"Quick {number}", artist="Metallica", status="wip")
    assert answer.status == 303, answer.text
    return time.monotonic() - began


@pytest.fixture
def alice_slow(app, site, alice):
    """`alice_slow(kind)`: Alice sends a request of this kind slowly."""
    with working(app):
        token = actions.create_token(alice.user, name="Slow", scope="write", days="30")
    [visitor] = visitors(app, site.port, [alice.id])
    cookie = {"Cookie": visitor.cookie}
    csrf = {"csrf_token": visitor.token}
    as_json = {"Content_Type": "application/json"}
    song, wide = json.dumps(SONG).encode(), {"pad": "x" * 200}
    playlist = "title,artist\r\n" + "".join(f"Song {n},Sleep\r\n" for n in range(20))
    upload = multipart({**csrf, "name": "List", "status": "wip", "start": "1"}, "file", playlist)
    sign_in = {**csrf, "username": "alice", "password": PASSWORD, **wide}
    requests = {
        "api by token": ("/api/songs/", song, {"Authorization": f"Bearer {token}", **as_json}),
        "api by cookie": (
            "/api/songs/", song, {**cookie, "X_CSRFToken": visitor.token, **as_json},
        ),
        "form": ("/songs/", urlencode({**csrf, **SONG}).encode(), {**cookie, "Content_Type": FORM}),
        "upload": (
            "/imports/", upload, {**cookie, "Content_Type": "multipart/form-data; boundary=x"},
        ),
        "sign-in": ("/login", urlencode(sign_in).encode(), {**cookie, "Content_Type": FORM}),
        "no form": (
            "/songs/", b"x" * 200, {**cookie, "X_CSRFToken": visitor.token, "Content_Type": "a/b"},
        ),
    }  # fmt: skip
    return lambda kind: SlowClient(site.port, *requests[kind][:2], **requests[kind][2])


@pytest.mark.fault("A3")
def test_a_body_sent_byte_by_byte_blocks_no_other_write(app, site, bob, alice_slow, subtests):
    [visitor] = visitors(app, site.port, [bob.id])
    seconds_of_a_write(visitor, 0)  # the processes load their templates
    numbers = itertools.count(1)
    for kind in ("api by token", "api by cookie", "form", "upload", "sign-in", "no form"):
        with subtests.test(kind=kind):
            with slow_clients(alice_slow(kind), alice_slow(kind)) as clients:
                until = time.monotonic() + SECONDS_OF_EACH
                while time.monotonic() < until:
                    assert seconds_of_a_write(visitor, next(numbers)) < SECONDS_FOR_A_WRITE
                assert all(0 < it.sent < len(it.body) for it in clients), "not slow"
            assert {it.status for it in clients} <= {200, 201, 202, 303, 400, 409, 422}
    assert ask(site.port, "GET", "/healthz").status == 200
