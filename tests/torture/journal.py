"""Acknowledged actions and shown toasts of users, recorded outside the site."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.wire import Answer, Visitor

NO_ANSWER = 0
BUSY = 503
FIRST_FAILURE = 500


@dataclass
class Journal:
    """The journal of one user. Actions without a response may be stored or not.

    `songs` is title -> the status that was acknowledged last, None when the last move was not.
    """

    visitor: Visitor
    songs: dict[str, str | None] = field(default_factory=dict)
    # Texts of comments, ids of songs reacted to and of users followed, that were acknowledged.
    comments: set[str] = field(default_factory=set)
    reactions: set[int] = field(default_factory=set)
    follows: set[int] = field(default_factory=set)
    # The id of a message on the page -> its number of achievements, how often it was shown.
    told: dict[str, int] = field(default_factory=dict)
    came: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)

    def note_toasts(self, answer: Answer) -> None:
        """Store the toasts of a complete response; the browser drops repeated messages."""
        for message, code in answer.toasts():
            self.came[message] += 1
            if message in self.told:
                continue
            self.told[message] = answer.in_summary if code == "summary" else 1
            if code != "summary":
                self.codes[code] += 1


class Tally:
    """The responses of a phase; several threads write into it."""

    def __init__(self) -> None:
        self.answers: Counter[int] = Counter()
        self.strange: list[str] = []
        self.acknowledged = 0
        self._lock = threading.Lock()

    def note(self, status: int, *, wrote: bool = False, strange: str = "") -> None:
        """Count a response; NO_ANSWER for none."""
        with self._lock:
            self.answers[status] += 1
            self.acknowledged += wrote
            if strange:
                self.strange.append(strange)

    @property
    def answered(self) -> int:
        """The number of requests with a response."""
        return self.answers.total() - self.answers[NO_ANSWER]

    @property
    def failures(self) -> int:
        """Error responses other than those of a busy database."""
        return sum(
            number
            for status, number in self.answers.items()
            if status >= FIRST_FAILURE and status != BUSY
        )
