"""The port of sending requests to addresses that users chose, implemented by an adapter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Outgoing:
    """A request. Its `repr` shows neither address nor signatures."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    method: str = "POST"


@dataclass(frozen=True)
class Answer:
    """What a receiver answered; `headers` have lower-case names, `body` is its beginning."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class SendError(Exception):
    """There was no answer; the message names no address and is safe to store and to show."""


class Sender(Protocol):
    """Sends requests to public addresses only."""

    def send(self, request: Outgoing) -> Answer:
        """Send one request. Raise SendError when there was no answer."""
