"""Eight concurrent requests of one user, at a threshold that only one of them crosses."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.torture.journal import Tally
from tests.torture.load import Actor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.wire import Visitor
    from tests.torture.journal import Journal
    from tests.torture.phases import Ground

AT_ONCE = 8
QUICK_PAGE = "/settings/profile"
SECONDS_TO_MEET = 60


class Races:
    """Races of one user after the other; `done` counts them."""

    def __init__(self, supply: list[Visitor]) -> None:
        self.supply = supply
        self.tally = Tally()
        self.journals: list[Journal] = []
        self.done = 0

    def run(self, ground: Ground) -> int:
        """Run up to the wanted number, within the time; return the number."""
        rounds = ground.rounds()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for visitor in self.supply:
                actor = Actor(visitor, self.tally, threading.Event())
                self.journals.append(actor.journal)
                for calls in _races(actor):
                    if next(rounds, None) is None:
                        return self.done
                    at_once(threads, calls)
                    self.done += 1
        return self.done


def _races(actor: Actor) -> Iterator[list[Callable[[], object]]]:
    """The thresholds that sixteen songs cross: 1 and 5 of a kind, then 10."""
    for half in range(2):
        titles = [f"Song {half}-{number}" for number in range(AT_ONCE)]
        yield [lambda title=title: actor.add(title, htmx=False) for title in titles]
        # Toasts that the forms could not show are pending: one of these pages shows them.
        yield [lambda: actor.look(QUICK_PAGE)] * AT_ONCE
        songs = [(song_id, title) for song_id, title in actor.songs() if title in titles]
        for status in ("wip", "released"):
            yield [
                lambda song_id=song_id, title=title, status=status: actor.move(
                    song_id, title, status, htmx=True
                )
                for song_id, title in random.sample(songs, len(songs))
            ]


def at_once(threads: ThreadPoolExecutor, calls: list[Callable[[], object]]) -> None:
    """Run these calls in threads that begin together."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        barrier.wait(SECONDS_TO_MEET)
        call()

    for finished in [threads.submit(run, call) for call in calls]:
        finished.result()
