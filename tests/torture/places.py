"""Where a site is tortured: a database of either kind, and what harms that kind of database."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import psycopg

from tests.support.databases import PostgreSQL, SQLite
from tests.support.postgresql import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.databases import Databases

SIZE_OF_SMALL_DISK = "16m"
# Written in steps until the disk is full.
A_STEP = 64 * 1024
TABLES = ("songs", "user_stats", "user_achievements", "activities", "users")


class Place(Protocol):
    """A kind of database and the harm that can be done to it."""

    kind: str
    databases: Databases

    def lock(self, url: str, seconds: float) -> None:
        """Block all other writers for this long."""

    def restart(self) -> None:
        """Stop the database without any care and start it again."""

    def put_on(self, disk: Path) -> str:
        """The URL of a new database on another disk."""

    def take_off(self, url: str) -> None:
        """Drop that database, so that its disk can go."""

    def stop(self) -> None:
        """Remove everything."""


class SQLitePlace:
    """A file."""

    kind = "sqlite"
    restart = None

    def __init__(self, folder: Path) -> None:
        self.databases = SQLite(folder)

    def lock(self, url: str, seconds: float) -> None:
        file = sqlite3.connect(_file(url), isolation_level=None, timeout=30)
        file.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        file.close()

    def put_on(self, disk: Path) -> str:
        url = self.databases.create()
        moved = disk / "site.sqlite3"
        shutil.copyfile(_file(url), moved)
        return f"sqlite:///{moved}"

    def take_off(self, url: str) -> None:
        self.databases.drop(url)

    def stop(self) -> None:
        """The folder is its maker's."""


class PostgreSQLPlace:
    """A server that keeps what it acknowledges."""

    kind = "postgresql"

    def __init__(self) -> None:
        self.server = Server(durable=True)
        self.databases = PostgreSQL(self.server)

    def lock(self, url: str, seconds: float) -> None:
        with psycopg.connect(url) as connection:
            connection.execute(f"LOCK TABLE {random.choice(TABLES)} IN ACCESS EXCLUSIVE MODE")
            time.sleep(seconds)

    def restart(self) -> None:
        self.server.restart()

    def put_on(self, disk: Path) -> str:
        if self.server.owner:
            shutil.chown(disk, self.server.owner)
            # They are used by another user than the one who created them.
            for folder in (disk.parent, *disk.parent.parents[:-2]):
                folder.chmod(0o711)
        url = self.databases.create()
        name = url.partition("@/")[2].partition("?")[0]
        self.server.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
        self.server.execute(f"ALTER DATABASE {name} SET TABLESPACE small")
        return url

    def take_off(self, url: str) -> None:
        self.databases.drop(url)
        self.server.execute("DROP TABLESPACE small")

    def stop(self) -> None:
        self.server.stop()


def _file(url: str) -> str:
    return url.removeprefix("sqlite:///")


# --- a small disk --------------------------------------------------------------------------------


class NoSmallDisk(Exception):
    """Mounting is not permitted on this machine."""


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of a few megabytes in memory. Raises NoSmallDisk."""
    disk = folder / "disk"
    disk.mkdir()
    size = f"size={SIZE_OF_SMALL_DISK}"
    mount = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as refused:
        raise NoSmallDisk(getattr(refused, "stderr", "") or str(refused)) from None
    try:
        inside = disk / "data"
        inside.mkdir()
        yield inside
    finally:
        umount = ["umount", "-l", str(disk)]
        subprocess.run(umount, check=False)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Leave no room on a disk until the block ends."""
    filler = disk.parent / "filler"
    try:
        with filler.open("wb", buffering=0) as file:
            step = A_STEP
            while step:
                try:
                    file.write(b"x" * step)
                except OSError:
                    step //= 2
        yield
    finally:
        filler.unlink()
