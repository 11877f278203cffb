"""A web server in separate processes, and clients that send requests as fast as they can."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[1]
PROCESSES = 2
CLIENTS = 4
SECONDS_TO_START = 30


@contextmanager
def gunicorn(application: str, environment: Mapping[str, str]) -> Iterator[int]:
    """Run gunicorn with two processes of four threads each; yield its port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", str(PROCESSES), "--worker-class", "gthread", "--threads", "4"]
    command += ["--no-control-socket", "--log-level", "error", application]
    found_by = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    # In another directory, so that gunicorn.conf.py is not loaded: no jobs run here.
    elsewhere = environment["INSTANCE_PATH"]
    server = subprocess.Popen(command, cwd=elsewhere, env=found_by)  # noqa: S603 -- our own
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    message = "gunicorn did not start"
    raise TimeoutError(message)


def requests_a_second(port: int, path: str, cookie: str, seconds: float) -> float:
    """Return the responses per second of all clients; each sends one request at a time."""
    with ProcessPoolExecutor(CLIENTS) as clients:
        counts = clients.map(_ask, *zip(*[(port, path, cookie, seconds)] * CLIENTS, strict=True))
        return sum(counts) / seconds


def _ask(port: int, path: str, cookie: str, seconds: float) -> int:
    connection = HTTPConnection("127.0.0.1", port)
    answers = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        connection.request("GET", path, headers={"Cookie": cookie})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == HTTPStatus.OK, answer.status
        answers += 1
    connection.close()
    return answers
