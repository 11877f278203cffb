"""The application as it is served in earnest: gunicorn with workers, on a port of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from tests.support.settings import settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SECONDS_TO_START = 30
SECONDS_TO_STOP = 20


@contextmanager
def gunicorn(
    database_url: str,
    folder: Path,
    *options: str,
    application: str = "wsgi:app",
    **settings: object,
) -> Iterator[str]:
    """Serve until the block ends; return the address, without a slash at its end."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py"]
    command += ["--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "4"]
    command += ["--graceful-timeout", "2", "--no-control-socket", "--log-level", "warning"]
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [*command, *options, application],
        cwd=ROOT,
        env=environment(database_url, INSTANCE_PATH=folder, **settings),
    )
    try:
        _wait(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(SECONDS_TO_STOP)


def environment(database_url: str, **settings: object) -> dict[str, str]:
    """The environment of a process of its own, for the application as the tests set it up."""
    given = settings_for(database_url, **settings)
    del given["TESTING"]  # is not read from the environment
    return {**os.environ, **{name: str(value) for name, value in given.items()}}


def free_port() -> int:
    """Return a free port of this machine."""
    with socket.socket() as handler:
        handler.bind(("127.0.0.1", 0))
        return int(handler.getsockname()[1])


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            requests.get(f"{address}/healthz", timeout=5)
        except requests.ConnectionError:
            assert process.poll() is None, f"gunicorn ended with {process.returncode}"
            assert time.monotonic() < deadline, "gunicorn did not start"
        else:
            return
        time.sleep(0.05)
