"""The application behind a real gunicorn with several processes, which can be killed at will."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.niceness import give_to_session
from tests.support.web_server import environment, free_port
from tests.support.wire import Broken, ask

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SECONDS_TO_START = 180
SECONDS_TO_END = 20


class Site:
    """A service on a port of its own; its folder holds its log, its faults and what it makes."""

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        workers: int = 2,
        options: tuple[str, ...] = ("--preload",),
        host: str = "",
        inside: tuple[str, ...] = (),
    ) -> None:
        self.url = url
        self.folder = folder
        self.workers = workers
        self.options = options
        # On another machine: its address, and the command that runs another one there.
        self.host = host
        self.inside = inside
        number = free_port()
        self.port: int | str = f"{host}:{number}" if host else number
        self.faults = folder / "faults"
        self.environment: dict[str, str] = {}
        self.log = folder / "gunicorn.log"
        self._process: subprocess.Popen[bytes] | None = None
        for made in (self.faults, folder / "templates", folder / "instance"):
            made.mkdir(parents=True, exist_ok=True)

    # --- starting and ending -------------------------------------------------------------------

    def start(self) -> None:
        """Start the service and wait until it responds."""
        bind = str(self.port) if self.host else f"127.0.0.1:{self.port}"
        command = [*self.inside, sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py"]
        command += ["--bind", bind, "--workers", str(self.workers)]
        command += ["--worker-class", "gthread", "--threads", "4", "--graceful-timeout", "10"]
        command += ["--no-control-socket", *self.options, "tests.support.served:app"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self._environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,  # a group of its own, so that all of it can be killed
            )
        give_to_session(self._process.pid)
        atexit.register(self.stop)
        self.wait()

    def wait(self) -> None:
        """Wait until the health check succeeds."""
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline:
            with suppress(Broken):
                if ask(self.port, "GET", "/healthz").status == 200:
                    return
            assert self._process
            assert self._process.poll() is None, f"gunicorn ended:\n{self.log.read_text()}"
            time.sleep(0.02)
        message = f"gunicorn does not answer:\n{self.log.read_text()}"
        raise TimeoutError(message)

    def wait_for_workers(self) -> list[int]:
        """Wait until every worker has started; return their ids. The first responds earlier."""
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline:
            if len(workers := self.worker_ids()) == self.workers:
                return workers
            time.sleep(0.02)
        message = f"{len(workers)} of {self.workers} workers started:\n{self.log.read_text()}"
        raise TimeoutError(message)

    def stop(self) -> None:
        """End it as an operator does; what does not end is killed."""
        atexit.unregister(self.stop)
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def _environment(self) -> dict[str, str]:
        """Return the environment of its processes."""
        given = environment(
            self.url,
            INSTANCE_PATH=self.folder / "instance",
            FAULTS=self.faults,
            COMPILED_TEMPLATES=self.folder / "templates",
        )
        return given | self.environment

    # --- harming it ----------------------------------------------------------------------------

    @property
    def is_running(self) -> bool:
        """Whether it was started and did not end."""
        return self._process is not None and self._process.poll() is None

    @property
    def master(self) -> int:
        """The id of the process that starts the workers."""
        assert self._process, "the service was not started"
        return self._process.pid

    def worker_ids(self) -> list[int]:
        """Return the ids of the worker processes that exist now; some may not have started yet."""
        path = Path(f"/proc/{self.master}/task/{self.master}/children")
        with suppress(OSError):
            return [int(word) for word in path.read_text().split()]
        return []

    def kill_worker(self, worker: int) -> None:
        """Kill one worker as the kernel does when memory runs out."""
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)

    def kill(self) -> None:
        """Kill all of it at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.master, signal.SIGKILL)
        assert self._process
        self._process.wait(SECONDS_TO_END)

    def reload(self) -> None:
        """Replace the workers gracefully."""
        os.kill(self.master, signal.SIGHUP)


@contextmanager
def serving(url: str, folder: Path, **options: object) -> Iterator[Site]:
    """A service until the block ends."""
    site = Site(url, folder, **options)
    site.start()
    try:
        yield site
    finally:
        site.stop()
