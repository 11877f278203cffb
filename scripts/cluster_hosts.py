"""Machines of a cluster on one machine: processes on loopback, or in network namespaces.

A namespace can be cut off from the others, as a machine whose cable is pulled. Whatever happens to
this program, a guard ends the processes and removes what they wrote.
"""

from __future__ import annotations

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
HOST = "127.0.0.1"
SECONDS_TO_STOP = 15
Process = subprocess.Popen[bytes]


class NotPermitted(Exception):
    """Network namespaces are not permitted here."""


@dataclass
class Machine:
    """Where some of the processes run."""

    name: str
    folder: Path
    address: str = HOST
    # The command that runs another one there.
    inside: tuple[str, ...] = ()
    cable: str = ""
    processes: list[Process] = field(default_factory=list)

    def run(self, command: list[str], log: str, *, as_owner: bool = False, **env: str) -> Process:
        """Start a program; `as_owner`: without the rights of root, which servers refuse."""
        process = begin(
            [*self.inside, *(unprivileged() if as_owner else ()), *command],
            self.folder / log,
            {**os.environ, **env},
        )
        self.processes.append(process)
        return process

    def unplug(self) -> None:
        """Cut it off from all others; what they send is dropped without an answer."""
        _ip("link", "set", self.cable, "down")

    def plug_in(self) -> None:
        """Connect it again."""
        _ip("link", "set", self.cable, "up")

    def port(self) -> int:
        """A free port; in a namespace of its own nearly all are."""
        return free_port() if not self.inside else random.randint(20_000, 29_999)  # noqa: S311


class Hall:
    """The machines of a cluster, and a folder for each; the guard removes all of it."""

    def __init__(self, *, namespaces: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cluster-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.id = self.folder.name.removeprefix("cluster-")[:8].replace("_", "x").casefold()
        self.bridge = f"tf{self.id}" if namespaces else ""
        self.net = f"10.{random.randint(100, 250)}.{random.randint(0, 250)}"  # noqa: S311
        self.count = 0
        self._guard = _guard(self.folder, self.bridge)
        if namespaces:
            self._lay_cables()

    def machine(self, name: str) -> Machine:
        """A new machine."""
        if not self.bridge:
            return self.here(name)
        self.count += 1
        folder = self.here(name).folder
        space, cable = f"{self.bridge}-{self.count}", f"{self.bridge}-{self.count}"
        address = f"{self.net}.{self.count + 1}"
        _ip("netns", "add", space)
        _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", space)
        _ip("link", "set", cable, "master", self.bridge, "up")
        _ip("-n", space, "addr", "add", f"{address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _ip("-n", space, "link", "set", device, "up")
        return Machine(name, folder, address, ("ip", "netns", "exec", space), cable)

    def here(self, name: str) -> Machine:
        """A folder, of processes on this machine, which sees all the others."""
        folder = self.folder / name
        folder.mkdir()
        if owner := owner_of_servers():
            shutil.chown(folder, owner)
        return Machine(name, folder)

    def guard(self, folder: Path) -> None:
        """Have a folder that is not in this one removed, too, and what was started with it."""
        assert self._guard.stdin
        self._guard.stdin.write(f"{folder}\n".encode())
        self._guard.stdin.flush()

    def close(self) -> None:
        """End everything and remove it; return when that is done."""
        if self._guard.stdin:
            self._guard.stdin.close()
        self._guard.wait()

    def _lay_cables(self) -> None:
        try:
            _ip("link", "add", self.bridge, "type", "bridge")
            _ip("addr", "add", f"{self.net}.1/24", "dev", self.bridge)
            _ip("link", "set", self.bridge, "up")
        except (OSError, subprocess.CalledProcessError) as refused:
            self.close()
            raise NotPermitted(getattr(refused, "stderr", "") or str(refused)) from None


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)  # noqa: S603, S607


def owner_of_servers() -> str:
    """The user of PostgreSQL, etcd and pgbouncer where this one is root; else nobody."""
    if os.geteuid():
        return ""
    known = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def unprivileged() -> tuple[str, ...]:
    """The command that runs another one as that user."""
    if not (owner := owner_of_servers()):
        return ()
    group = pwd.getpwnam(owner).pw_gid
    return ("setpriv", f"--reuid={owner}", f"--regid={group}", "--clear-groups")


def begin(command: list[str], log: Path, environment: dict[str, str]) -> Process:
    """Start a program that writes into a log."""
    with log.open("ab") as out:
        return subprocess.Popen(  # noqa: S603 -- the programs are ours
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,  # Ctrl-C is for the script, which ends them in order
        )


def end(process: Process) -> None:
    """End a program as its operator does; kill it when it does not."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """Return a free port of this machine."""
    with socket.socket() as handler:
        handler.bind((HOST, 0))
        return int(handler.getsockname()[1])


# --- the guard -----------------------------------------------------------------------------------


def _guard(folder: Path, bridge: str) -> Process:
    """Start the process that cleans up when its standard input ends, however this one ends."""
    command = [sys.executable, "-m", "scripts.cluster_hosts", str(folder), bridge]
    return subprocess.Popen(  # noqa: S603
        command, cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True
    )


def main() -> None:
    """Wait for the end of the standard input, then remove a cluster."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    folder, bridge = sys.argv[1:]
    folders = [folder, *sys.stdin.read().split()]
    deadline = time.monotonic() + SECONDS_TO_STOP
    while (left := _processes_of(folders)) and time.monotonic() < deadline:
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=1)
    if bridge:
        _remove_network(bridge)
    for disk in psutil.disk_partitions(all=True):
        if disk.mountpoint.startswith(f"{folder}/"):
            subprocess.run(["umount", "-l", disk.mountpoint], check=False)  # noqa: S603, S607
    for each in folders:
        shutil.rmtree(each, ignore_errors=True)


def _processes_of(folders: list[str]) -> list[psutil.Process]:
    """Return the processes that were started with these folders, whose names nothing else has."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = [*process.cmdline(), *process.environ().values()]
            told = any(folder in word for folder in folders for word in words)
            if told and process.pid != os.getpid():
                found.append(process)
    return found


def _remove_network(bridge: str) -> None:
    spaces = subprocess.run(
        ["ip", "netns", "list"],  # noqa: S607
        check=False,
        capture_output=True,
        text=True,
    ).stdout.split()
    with suppress(OSError, subprocess.CalledProcessError):
        for space in spaces:
            if space.startswith(f"{bridge}-"):
                _ip("netns", "del", space)
        _ip("link", "del", bridge)


if __name__ == "__main__":
    main()
