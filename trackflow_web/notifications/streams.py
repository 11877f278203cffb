"""Event streams: the version of a user's notifications, sent when it changes.

Nothing else is in them; the browser then asks for the bell. A stream belongs to the thread of its
response, which only waits. One thread of the process reads the database for all of them, checks
whether their sessions still hold, and notices which browsers are gone.
"""

from __future__ import annotations

import os
import random
import select
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from trackflow_web.domain.people.models import User
from trackflow_web.kernel import signals
from trackflow_web.kernel.database import literal_ids
from trackflow_web.notifications.models import NotificationVersion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy.engine import Connection

    from trackflow_web.kernel.signals import Receiver

log = structlog.get_logger()

# Of one user in one process: a browser has one.
MOST_OF_A_USER = 4
# Seconds. A message this often shows the browser that the stream lives, although nothing came.
HEARTBEAT = 15.0
LASTS = 300.0
SPREAD = 0.2
WAITS = 0.2
# After a burst of signals one look is enough.
BETWEEN_LOOKS = 0.05
BEFORE_RECONNECTING = 2.0
WATCHED_WITHOUT_STREAMS = 30.0
# Milliseconds after which a browser comes back when a stream ends: not all at once.
COMES_BACK = (2_000, 8_000)
# Only Linux tells when the other side has closed its half.
GONE = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR

_SESSIONS = (
    sa.select(User.id, User.session_stamp, sa.func.coalesce(NotificationVersion.n, 0).label("n"))
    .outerjoin(NotificationVersion, NotificationVersion.user_id == User.id)
    .where(User.id.in_(literal_ids("user_ids")), User.banned_at.is_(None))
)


class Stream:
    """The text of one stream, iterated by the thread of its response."""

    def __init__(self, user_id: int, session_stamp: str, client: int | None) -> None:
        self.user_id = user_id
        self.session_stamp = session_stamp
        # The file descriptor of its connection, if the server tells.
        self.client = client
        self.version: int | None = None
        self.is_over = False
        self.ends_at = time.monotonic() + LASTS * random.uniform(1 - SPREAD, 1 + SPREAD)  # noqa: S311
        self._has_begun = False
        self._woken = threading.Event()

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> str:
        """Return the next message, once there is one."""
        if not self._has_begun:
            self._has_begun = True
            return f"retry: {random.randint(*COMES_BACK)}\n\n"  # noqa: S311 -- no secret
        woken = self._woken.wait(max(0.0, self.ends_at - time.monotonic()))
        self._woken.clear()
        if self.is_over or not woken:
            raise StopIteration
        return f"id: {self.version}\ndata: {self.version}\n\n"

    def tell(self, version: int, *, anyway: bool) -> None:
        """Send the version if it is new, or anyway."""
        if anyway or version != self.version:
            self.version = version
            self._woken.set()

    def end(self) -> None:
        """End the stream."""
        self.is_over = True
        self._woken.set()


class Streams:
    """The open streams of a process: at most `most`, so that pages keep their threads."""

    def __init__(self, most: int, database: sa.URL) -> None:
        self.most = most
        self.note_change: Callable[[int], None] = lambda _by: None
        self._database = database
        self._open: set[Stream] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_stopping = False
        self._has_new = False
        self._told_at = self._used_at = 0.0

    def open(self, user_id: int, session_stamp: str, client: int | None = None) -> Stream | None:
        """Return a new stream of a session; None when there are too many."""
        stream = Stream(user_id, session_stamp, client)
        with self._lock:
            own = sum(each.user_id == user_id for each in self._open)
            if self._is_stopping or len(self._open) >= self.most or own >= MOST_OF_A_USER:
                return None
            self._open.add(stream)
            self._has_new = True
            self._used_at = time.monotonic()
            self.note_change(1)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="streams", daemon=True)
                self._thread.start()
        return stream

    def close(self, stream: Stream) -> None:
        """Forget a stream whose response has ended."""
        with self._lock:
            if stream in self._open:
                self._open.remove(stream)
                self._used_at = time.monotonic()
                self.note_change(-1)
        if self._is_stopping:
            _close_after_response(stream.client)

    def stop(self) -> None:
        """End all streams and open none any more; takes no lock, because a signal calls it."""
        self._is_stopping = True
        self._end(tuple(self._open))

    def join(self) -> None:
        """Stop, and wait until nothing uses the database."""
        self.stop()
        if self._thread is not None:
            self._thread.join()

    # --- the thread that watches -----------------------------------------------------------------

    def _watch(self) -> None:
        while self._is_watched():
            try:
                with signals.receiving(self._database) as receiver:
                    self._look(receiver.connection, anyway=True)
                    while self._is_watched():
                        self._step(receiver)
            except (signals.Lost, sa.exc.SQLAlchemyError):
                # Silent streams would keep their browsers from asking.
                log.warning("streams_lost_the_database")
                self._end(tuple(self._open))
                time.sleep(BEFORE_RECONNECTING)

    def _is_watched(self) -> bool:
        """Return whether there are streams, or were some a moment ago; else the thread ends."""
        with self._lock:
            unused = not self._open and time.monotonic() - self._used_at > WATCHED_WITHOUT_STREAMS
            if self._is_stopping or unused:
                self._thread = None
                return False
            return True

    def _step(self, receiver: Receiver) -> None:
        whose = receiver.wait(WAITS)
        self._end(_without_client(tuple(self._open)))
        with self._lock:
            known = {stream.user_id for stream in self._open}
            is_due, self._has_new = self._has_new, False
        is_late = time.monotonic() - self._told_at > HEARTBEAT
        if is_due or is_late or whose is None or whose & known:
            self._look(receiver.connection, anyway=is_late)
            time.sleep(BETWEEN_LOOKS)

    def _look(self, connection: Connection, *, anyway: bool) -> None:
        """Tell every stream its version; end those whose session has ended."""
        streams = tuple(self._open)
        if anyway:
            self._told_at = time.monotonic()
        if not streams:
            return
        user_ids = sorted({stream.user_id for stream in streams})
        rows = connection.execute(_SESSIONS, {"user_ids": user_ids})
        found = {row.id: (row.session_stamp, row.n) for row in rows}
        for stream in streams:
            stamp, version = found.get(stream.user_id, ("", 0))
            if stamp == stream.session_stamp:
                stream.tell(version, anyway=anyway)
            else:
                stream.end()

    @staticmethod
    def _end(streams: Iterable[Stream]) -> None:
        for stream in streams:
            stream.end()


def _without_client(streams: Iterable[Stream]) -> list[Stream]:
    """Return the streams whose browser has closed the connection; a write would tell later."""
    by_client = {stream.client: stream for stream in streams if stream.client is not None}
    poller = select.poll()
    for client in by_client:
        with suppress(ValueError, OSError):  # closed here just now
            poller.register(client, GONE)
    return [by_client[client] for client, _ in poller.poll(0)]


def _close_after_response(client: int | None) -> None:
    """Let the server see the end of a connection, which it would keep for another request.

    A process that stops waits for such connections.
    """
    if client is None:
        return
    with suppress(OSError), socket.socket(fileno=os.dup(client)) as connection:
        connection.shutdown(socket.SHUT_RD)
