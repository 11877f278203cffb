"""Spotify's Web API as it is since March 2026, through spotipy.

What spotipy would do by itself is switched off: it neither keeps tokens in files, nor opens a
browser, nor waits and tries again; how long to wait is for the job to decide, which has other
playlists to bring.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import requests
import spotipy
from spotipy.cache_handler import MemoryCacheHandler
from spotipy.oauth2 import SpotifyOauthError, SpotifyPKCE

from trackflow_web.domain.imports.ports import (
    ROWS_A_PAGE,
    SCOPES,
    Grant,
    GrantEnded,
    PlaylistPage,
    PlaylistRefused,
    SpotifyError,
    TokenRefused,
    TryLater,
)
from trackflow_web.domain.imports.rules import Reason, Row
from trackflow_web.domain.songs.rules import LONGEST_NAME, year_of
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.errors import Invalid

API = "https://api.spotify.com"
ACCOUNTS = "https://accounts.spotify.com"
# Seconds to connect and between two bytes.
TIMEOUTS = (3, 10)
REDIRECT_URI_NEEDED = "http://127.0.0.1/"
# Longer is taken for a mistake of theirs, or as good as a refusal.
LONGEST_LIFETIME = 24 * 3600

NOT_YOURS = (
    "Spotify shows what is in a playlist only to its owner and to those who work on it."
    " Copy the songs into a playlist of your own, or import a file."
)
NOT_THERE = (
    "Spotify knows no such playlist, or it is one of Spotify's own, which it does not show."
    " Copy the songs into a playlist of your own, or import a file."
)
NOT_ALLOWED_HERE = (
    "Spotify does not let this site look at playlists at the moment. Import a file instead."
)
SILENT = "Spotify does not answer just now."
GIBBERISH = "Spotify answered something that is no playlist."
BUSY = "Spotify asks to wait."
ENDED = "The connection to Spotify has ended."
CODE_REFUSED = "Spotify did not accept this. Begin again."

_WHOLE_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)

# Their debug lines hold the tokens, whatever level the rest of the program logs at.
for _name in ("spotipy", "spotipy.client", "spotipy.oauth2"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class SpotifyWeb:
    """The port's methods over HTTP. `api_base` and `accounts_base` may name a stand-in."""

    def __init__(
        self, *, client_id: str, client_secret: str, api_base: str = "", accounts_base: str = ""
    ) -> None:
        self.client_id = client_id
        self.client_secret = client_secret
        self.api = _api_prefix(api_base or API)
        self.accounts = (accounts_base or ACCOUNTS).rstrip("/")

    def authorize_address(self, *, state: str, challenge: str, redirect: str) -> str:
        """Where a user is sent to allow the connection."""
        asked = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": redirect,
            "state": state,
            "scope": " ".join(SCOPES),
            "code_challenge_method": "S256",
            "code_challenge": challenge,
        }
        return f"{self.accounts}/authorize?{urlencode(asked)}"

    def exchange(self, *, code: str, verifier: str, redirect: str) -> Grant:
        """The grant for a code that the user came back with."""
        asking = self._asking_for_tokens(redirect)
        asking.code_verifier, asking.code_challenge = verifier, "given when it began"
        with _translated(refused=CODE_REFUSED):
            asking.get_access_token(code=code, check_cache=False)
            return _grant(asking.cache_handler.get_cached_token())

    def renew(self, refresh_token: str) -> Grant:
        """A newer grant; raises GrantEnded when there is none to be had."""
        asking = self._asking_for_tokens(REDIRECT_URI_NEEDED)
        with _translated(refused=ENDED):
            return _grant(asking.refresh_access_token(refresh_token), refresh_token)

    def playlist_name(self, access_token: str, playlist_id: str) -> str:
        """What a playlist is called; empty when it has no usable name."""
        with _translated(refused=ENDED), self._client(access_token) as client:
            found = _mapping(client.playlist(playlist_id, fields="name"))
        try:
            return text.line(found.get("name"), "name", longest=LONGEST_NAME, required=False)
        except Invalid:
            return ""

    def playlist_page(self, access_token: str, playlist_id: str, offset: int) -> PlaylistPage:
        """Up to 50 entries of a playlist from an offset on."""
        with _translated(refused=ENDED), self._client(access_token) as client:
            found = _mapping(client.playlist_items(playlist_id, limit=ROWS_A_PAGE, offset=offset))
            entries, total = found.get("items"), found.get("total")
            if not isinstance(entries, list) or not isinstance(total, int) or total < 0:
                raise TryLater(GIBBERISH)
            return PlaylistPage(rows=[_row(entry) for entry in entries], total=total)

    @contextmanager
    def _client(self, access_token: str) -> Iterator[spotipy.Spotify]:
        with requests.Session() as session:
            client = spotipy.Spotify(
                auth=access_token, requests_session=session, requests_timeout=TIMEOUTS
            )
            client.prefix = self.api
            yield client

    def _asking_for_tokens(self, redirect: str) -> SpotifyPKCE:
        session = requests.Session()
        if self.client_secret:
            session.auth = (self.client_id, self.client_secret)
        asking = SpotifyPKCE(
            client_id=self.client_id,
            redirect_uri=redirect,
            cache_handler=MemoryCacheHandler(),
            requests_session=session,
            requests_timeout=TIMEOUTS,
            open_browser=False,
        )
        asking.OAUTH_TOKEN_URL = f"{self.accounts}/api/token"
        return asking


def _api_prefix(base: str) -> str:
    base = base.rstrip("/")
    return f"{base}/" if base.endswith("/v1") else f"{base}/v1/"


# --- what they answer --------------------------------------------------------------------------


def _grant(found: object, refresh_token: str = "") -> Grant:
    answer = _mapping(found)
    access, refresh = answer.get("access_token"), answer.get("refresh_token") or refresh_token
    lifetime = answer.get("expires_in")
    if not (access and isinstance(access, str) and refresh and isinstance(refresh, str)):
        raise TryLater(GIBBERISH)
    if not isinstance(lifetime, int) or not 0 < lifetime <= LONGEST_LIFETIME:
        raise TryLater(GIBBERISH)
    return Grant(
        access_token=access,
        refresh_token=refresh,
        expires_at=clock.now() + timedelta(seconds=lifetime),
        scopes=str(answer.get("scope") or " ".join(SCOPES)),
    )


def _row(entry: object) -> Row:
    """An entry of a playlist; the song stands under `item`, formerly under `track`."""
    if not isinstance(entry, Mapping):
        return Row(reason=Reason.UNAVAILABLE)
    song = entry.get("item") or entry.get("track")
    if not isinstance(song, Mapping):
        return Row(reason=Reason.UNAVAILABLE)
    title, artist = _name_of(song), _first_artist(song)
    album = song.get("album") if isinstance(song.get("album"), Mapping) else {}
    try:
        return Row(
            title=_line(title),
            artist=_line(artist),
            album=_short(_name_of(album)),
            year=year_of(album.get("release_date")) if isinstance(album, Mapping) else None,
            reason=_reason(entry, song, title, artist),
        )
    except Invalid:
        return Row(title=_short(title), artist=_short(artist), reason=Reason.UNUSABLE)


def _reason(
    entry: Mapping[str, Any], song: Mapping[str, Any], title: str, artist: str
) -> Reason | None:
    if song.get("type") == "episode" or song.get("episode") is True:
        return Reason.EPISODE
    if entry.get("is_local") or song.get("is_local"):
        return Reason.LOCAL_FILE
    if not title.strip():
        return Reason.NO_TITLE
    return None if artist.strip() else Reason.NO_ARTIST


def _name_of(thing: object) -> str:
    name = thing.get("name") if isinstance(thing, Mapping) else None
    return name if isinstance(name, str) else ""


def _first_artist(song: Mapping[str, Any]) -> str:
    artists = song.get("artists")
    return _name_of(artists[0]) if isinstance(artists, list) and artists else ""


def _line(value: str) -> str:
    return text.line(value, "name", longest=LONGEST_NAME, required=False)


def _short(value: str) -> str:
    """What of a name can be shown and kept; empty when nothing can."""
    try:
        return _line(value[:LONGEST_NAME])
    except Invalid:
        return ""


def _mapping(found: object) -> Mapping[str, Any]:
    if not isinstance(found, Mapping):
        raise TryLater(GIBBERISH)
    return found


# --- what goes wrong ---------------------------------------------------------------------------


@contextmanager
def _translated(*, refused: str) -> Iterator[None]:
    """Say in the port's words what went wrong; nothing of an answer gets into a message."""
    try:
        yield
    except SpotifyError:
        raise
    except SpotifyOauthError as error:
        raise _about_grant(error, refused) from None
    except spotipy.SpotifyException as error:
        raise _about_status(error.http_status, error.headers or {}, str(error.msg)) from None
    except (requests.RequestException, ValueError, KeyError, TypeError, AttributeError):
        raise TryLater(SILENT) from None


def _about_grant(error: SpotifyOauthError, refused: str) -> SpotifyError:
    if error.error == "invalid_grant":
        return GrantEnded(refused)
    # What spotipy tells of an answer is what was refused; the answer itself is the cause.
    answer = getattr(error.__context__, "response", None)
    if answer is not None and answer.status_code == requests.codes.too_many_requests:
        return TryLater(BUSY, _seconds(answer.headers))
    return TryLater(SILENT)


def _about_status(status: int, headers: Mapping[str, str], message: str) -> SpotifyError:
    if status == requests.codes.unauthorized:
        return TokenRefused(ENDED)
    if status == requests.codes.forbidden:
        return PlaylistRefused(NOT_ALLOWED_HERE if "premium" in message.casefold() else NOT_YOURS)
    if status in {requests.codes.not_found, requests.codes.bad_request}:
        return PlaylistRefused(NOT_THERE)
    if status == requests.codes.too_many_requests:
        return TryLater(BUSY, _seconds(headers))
    return TryLater(SILENT)


def _seconds(headers: Mapping[str, str]) -> int | None:
    """How long `Retry-After` says to wait; it may be missing, a number or a date."""
    told = (headers.get("Retry-After") or "").strip()
    if _WHOLE_SECONDS.fullmatch(told):
        return int(told)
    try:
        until = parsedate_to_datetime(told)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0, int((until - _now()).total_seconds()))


def _now() -> datetime:
    return clock.now()
