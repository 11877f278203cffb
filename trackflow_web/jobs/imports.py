"""The job that brings a playlist in, from wherever it was cut off."""

from __future__ import annotations

import secrets
import time
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import structlog

from trackflow_web.domain.imports import actions, connections, matching, queries, steps, undo
from trackflow_web.domain.imports.connections import RECONNECT
from trackflow_web.domain.imports.ports import (
    GrantEnded,
    PlaylistRefused,
    TokenRefused,
    TryLater,
)
from trackflow_web.domain.imports.rules import MOST_ROWS, Source
from trackflow_web.jobs.tokens import usable_token
from trackflow_web.kernel import clock, failpoints
from trackflow_web.kernel.database import db
from trackflow_web.kernel.leases import LeaseLost
from trackflow_web.kernel.transactions import reading, unit_of_work

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trackflow_web.domain.imports.models import Import
    from trackflow_web.domain.imports.ports import PlaylistPage, Spotify
    from trackflow_web.domain.imports.rules import Row
    from trackflow_web.jobs.tools import Tools

T = TypeVar("T")

log = structlog.get_logger()

# Seconds. A short pause is slept through, a longer one leaves the worker to others.
SLEPT_THROUGH = 5
FIRST_PAUSE = 30
# For longer waits than a day the import fails, and the user can start it again.
LONGEST_PAUSE = 24 * 3600
# Pauses in a row without a page in between; with doubling pauses the last one is after 8 minutes.
MOST_ATTEMPTS = 5

NOT_SET_UP = "Spotify is no longer set up on this site. Import a file instead."
TOO_LONG = f"This playlist has more than {MOST_ROWS:,} entries. Split it."
# Seconds. Between two chunks others get to write.
PAUSE_OF_UNDO = 0.02

OUR_FAULT = "Something went wrong on our side. Try again."


def run(import_id: int, tools: Tools, *, take_over: bool = False) -> int | None:
    """Run an import to its end, or to a pause whose seconds it returns.

    Running it twice or concurrently changes nothing: only the holder of the lease continues.
    """
    worker = secrets.token_hex(16)
    with unit_of_work(tools.handlers):
        if not steps.acquire(import_id, worker, take_over=take_over):
            return None
    job = _Job(import_id, worker, tools)
    try:
        job.run()
    except LeaseLost:
        log.info("import_left", import_id=import_id)
    except PlaylistRefused as refusal:
        job.fail(str(refusal))
    except (GrantEnded, TokenRefused):
        job.fail(RECONNECT)
    except TryLater as pause:
        return job.pause(str(pause), pause.seconds)
    # Any failure of an import is reported to its user, and it is retried later.
    except Exception:
        log.exception("import_broke_off", import_id=import_id)
        return job.pause(OUR_FAULT, None)
    return None


class _Job:
    def __init__(self, import_id: int, worker: str, tools: Tools) -> None:
        self.import_id = import_id
        self.worker = worker
        self.tools = tools

    def run(self) -> None:
        with reading():
            item = self._read()
        if item.deaths >= steps.MOST_DEATHS:
            log.error("import_kills_workers", import_id=self.import_id)
            self.fail(OUR_FAULT)
            return
        if item.is_undone:
            self._undo()
            return
        if item.source == Source.SPOTIFY:
            self._fetch(item)
        self._compare()
        self._finish()

    # --- Spotify ---

    def _fetch(self, item: Import) -> None:
        spotify = self.tools.spotify
        if spotify is None:
            raise PlaylistRefused(NOT_SET_UP)
        playlist_id = item.playlist_key.partition(":")[2]
        asking = _Asking(item.user_id, self.tools, spotify)
        if item.total is None:
            called = asking(lambda token: spotify.playlist_name(token, playlist_id))
            self._change(lambda renewed: _name(renewed, called))
        offset, total = item.fetched, item.total
        while total is None or offset < total:
            page = asking(partial(_page, spotify, playlist_id, offset))
            if page.total > MOST_ROWS:
                raise PlaylistRefused(TOO_LONG)
            # An empty page ends it: songs were removed from the playlist.
            total = page.total if page.rows else offset
            self._change(partial(_keep_page, offset=offset, rows=page.rows, total=total))
            offset += len(page.rows)

    # --- the songs ---

    def _compare(self) -> None:
        with reading():
            seen = matching.seen_before(self.import_id)
        while True:
            with reading():
                compared = steps.compare(self._read(), seen)
            if compared is None:
                return
            self._change(partial(steps.keep_compared, compared=compared))

    def _undo(self) -> None:
        while self._change(undo.remove_chunk):
            failpoints.point(failpoints.Point.UNDO_CHUNK)
            if db.engine.dialect.name == "sqlite":  # whose lock is for all that is written
                time.sleep(PAUSE_OF_UNDO)
        self._change(undo.finish)

    def _finish(self) -> None:
        with reading():
            previewed = self._read().is_previewed
            positions = {} if previewed else steps.positions_of_new(self.import_id)
        if previewed:
            self._change(steps.show_preview)
            return
        failpoints.point(failpoints.Point.IMPORT_COMPARED)
        self._change(lambda renewed: steps.finish(renewed, positions))

    # --- holding it ---

    def _read(self) -> Import:
        item = queries.find_import(self.import_id)
        if item is None:
            raise LeaseLost
        db.session.expunge(item)
        return item

    def _change(self, change: Callable[[Import], T]) -> T:
        with unit_of_work(self.tools.handlers):
            return change(steps.renew(self.import_id, self.worker))

    def fail(self, why: str) -> None:
        self._try_to(lambda renewed: _give_up(renewed, why))

    def pause(self, why: str, seconds: int | None) -> int | None:
        return self._try_to(lambda renewed: _pause(renewed, why, seconds))

    def _try_to(self, change: Callable[[Import], T]) -> T | None:
        """Make a final change to an import; if that fails, maintenance restarts it later."""
        try:
            return self._change(change)
        except LeaseLost:
            return None


class _Asking:
    """Sends requests to Spotify with a token that is renewed once when it is rejected."""

    def __init__(self, user_id: int, tools: Tools, spotify: Spotify) -> None:
        self.user_id = user_id
        self.tools = tools
        self.spotify = spotify

    def __call__(self, ask: Callable[[str], T]) -> T:
        token = usable_token(self.user_id, self.tools, self.spotify)
        try:
            return self._patiently(ask, token)
        except TokenRefused:
            newer = usable_token(self.user_id, self.tools, self.spotify, refused=token)
        try:
            return self._patiently(ask, newer)
        except TokenRefused:
            with unit_of_work(self.tools.handlers):
                connections.end(self.user_id)
            raise GrantEnded(RECONNECT) from None

    def _patiently(self, ask: Callable[[str], T], token: str) -> T:
        try:
            return ask(token)
        except TryLater as pause:
            if pause.seconds is None or pause.seconds > SLEPT_THROUGH:
                raise
            time.sleep(pause.seconds)
        return ask(token)


def _page(spotify: Spotify, playlist_id: str, offset: int, token: str) -> PlaylistPage:
    return spotify.playlist_page(token, playlist_id, offset)


def _name(item: Import, called: str) -> None:
    if called:
        item.name = called


def _keep_page(item: Import, offset: int, rows: Sequence[Row], total: int) -> None:
    actions.keep_rows(item, offset, rows)
    item.total, item.attempts, item.deaths, item.error = total, 0, 0, ""


def _give_up(item: Import, why: str) -> None:
    if item.is_undone:
        undo.give_up(item, why)
    else:
        actions.fail(item, why)


def _pause(item: Import, why: str, seconds: int | None) -> int | None:
    """Schedule a retry, unless there were too many or the wait is too long.

    Returns the seconds until then.
    """
    wait = FIRST_PAUSE * 2**item.attempts if seconds is None else seconds
    if item.attempts + 1 >= MOST_ATTEMPTS or wait > LONGEST_PAUSE:
        _give_up(item, why)
        return None
    steps.release(item, retry_at=clock.now() + timedelta(seconds=wait), error=why)
    return wait
