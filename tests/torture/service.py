"""A site of several servers: two gunicorns and a process for the jobs, used like one `Site`."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from tests.support.gunicorn import ROOT, Site
from tests.support.web_server import environment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from scripts.cluster_database import Front

SECONDS_TO_END = 20


class JobProcess:
    """`flask jobs run`, started again whenever it ends, as systemd does."""

    def __init__(self, url: str, folder: Path, inside: tuple[str, ...] = ()) -> None:
        self.url = url
        self.folder = folder
        self.inside = inside
        self.environment: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = False
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def pid(self) -> int:
        """Its id; 0 when it was not started."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start it, and what starts it again."""
        self._stopping = False
        self._begin()
        threading.Thread(target=self._supervise, daemon=True).start()

    def _begin(self) -> None:
        command = [*self.inside, sys.executable, "-m", "flask", "--app", "wsgi", "jobs", "run"]
        given = environment(self.url, INSTANCE_PATH=self.folder, JOBS="worker")
        with (self.folder / "jobs.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=given | self.environment, stdout=log, stderr=log
            )

    def _supervise(self) -> None:
        while not self._stopping:
            assert self._process
            self._process.wait()
            if not self._stopping:
                self._begin()

    def restart(self) -> None:
        """End it as an operator does; it is started again."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def stop(self) -> None:
        """End it; what does not end is killed."""
        self._stopping = True
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Service:
    """Web servers and, if wanted, a process for jobs; without it the web servers do them.

    `fronts` are their machines, with HAProxy and pgbouncer, the last one that of the jobs.
    """

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        servers: int = 2,
        workers: int = 2,
        options: tuple[str, ...] = ("--preload",),
        jobs: bool = True,
        fronts: Sequence[Front] = (),
    ) -> None:
        self.url = url
        self.folder = folder
        self.options = options
        self.environment: dict[str, str] = {}
        self.fronts = fronts
        spots = [(each.urls.pooled, each.machine.address, each.machine.inside) for each in fronts]
        spots = spots or [(url, "", ())] * (servers + 1)
        self.sites = [
            Site(at, folder / f"web{number}", workers=workers, host=host, inside=inside)
            for number, (at, host, inside) in enumerate(spots[:servers], start=1)
        ]
        self.faults = self.sites[0].faults
        at, _, inside = spots[-1]
        self.jobs = JobProcess(at, folder / "jobs", inside) if jobs else None

    @property
    def port(self) -> tuple[int | str, ...]:
        """Of all web servers: each request goes to one of them."""
        return tuple(site.port for site in self.sites)

    def start(self) -> None:
        """Start what does not run, and wait until every web server responds."""
        shared = {**self.environment, "FAULTS": str(self.faults)}
        for number, site in enumerate(self.sites):
            site.options, site.environment = self.options, dict(shared)
            if self.jobs:
                site.environment["JOBS"] = "worker"
            if self.fronts:
                site.environment["DATABASE_REPLICA_URL"] = self.fronts[number].urls.standby
            if not site.is_running:
                site.start()
        if self.jobs and not self.jobs.pid:
            self.jobs.environment = shared
            self.jobs.start()

    def wait(self) -> None:
        """Wait until every web server responds."""
        for site in self.sites:
            site.wait()

    def wait_for_workers(self) -> list[int]:
        """Wait until every worker has started; return the ids of all, and of the jobs."""
        for site in self.sites:
            site.wait_for_workers()
        return self.worker_ids()

    def worker_ids(self) -> list[int]:
        """Return the ids of all worker processes, and of the one for jobs."""
        workers = [worker for site in self.sites for worker in site.worker_ids()]
        return [*workers, self.jobs.pid] if self.jobs else workers

    def stop_jobs(self) -> None:
        """End the process for jobs; the web servers go on."""
        if self.jobs:
            self.jobs.stop()

    def stop(self) -> None:
        """End all of it."""
        self.stop_jobs()
        for site in self.sites:
            site.stop()

    # --- harming it ----------------------------------------------------------------------------

    def kill_worker(self, worker: int) -> None:
        """Kill a worker, or the process for jobs."""
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)

    def kill(self) -> None:
        """Kill one of the web servers as a whole."""
        random.choice(self.sites).kill()

    def reload(self) -> None:
        """Replace all workers, and the process for jobs."""
        for site in self.sites:
            site.reload()
        if self.jobs:
            self.jobs.restart()
