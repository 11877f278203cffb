"""Ports of the imports, implemented by adapters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from trackflow_web.domain.imports.rules import Row

SCOPES = ("playlist-read-private", "playlist-read-collaborative")
ROWS_A_PAGE = 50


@dataclass(frozen=True)
class Grant:
    """The tokens that Spotify returned for a code or a refresh token. Its `repr` shows no token."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    scopes: str


@dataclass(frozen=True)
class PlaylistPage:
    """Some of a playlist's entries from an offset on, and how many it has in all."""

    rows: Sequence[Row]
    total: int


class SpotifyError(Exception):
    """A request to Spotify failed; the message is for the user."""


class GrantEnded(SpotifyError):
    """Spotify has ended the connection: only the user can connect again."""


class TokenRefused(SpotifyError):
    """The access token is rejected; a newer one may be accepted."""


class PlaylistRefused(SpotifyError):
    """This playlist is not to be had, and asking again would not help."""


class TryLater(SpotifyError):
    """Not now; `seconds` is how long to wait when Spotify said so."""

    def __init__(self, message: str, seconds: int | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


class Spotify(Protocol):
    """Spotify, as far as an import needs it. Every method but the first may raise SpotifyError."""

    def authorize_address(self, *, state: str, challenge: str, redirect: str) -> str:
        """Where a user is sent to allow the connection."""

    def exchange(self, *, code: str, verifier: str, redirect: str) -> Grant:
        """The grant for a code that the user came back with."""

    def renew(self, refresh_token: str) -> Grant:
        """Return a newer grant. Raises GrantEnded if Spotify has ended the connection."""

    def playlist_name(self, access_token: str, playlist_id: str) -> str:
        """Return the name of a playlist; empty if it has no usable name."""

    def playlist_page(self, access_token: str, playlist_id: str, offset: int) -> PlaylistPage:
        """Up to 50 entries of a playlist from an offset on."""


class Vault(Protocol):
    """Seals what must not be read from the database."""

    @property
    def key_id(self) -> str:
        """Which key seals now."""

    def seal(self, secret: str) -> str:
        """The secret, unreadable without the key."""

    def open(self, sealed: str) -> str | None:
        """The secret again; None when no key fits any more."""
