"""Spotify's Web API as of March 2026: two endpoints for playlists, one for tokens.

Nothing is retried here: the job decides how long to wait. No token or response body is logged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode

import requests

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
# Longer waits count as an error or a rejection.
LONGEST_LIFETIME = 24 * 3600

NOT_YOURS = (
    "Spotify shows a playlist's songs only to its owner and collaborators."
    " Copy the songs into a playlist of your own, or import a file."
)
NOT_THERE = (
    "Spotify can't find this playlist, or it's one of Spotify's own, which can't be read."
    " Copy the songs into a playlist of your own, or import a file."
)
NOT_ALLOWED_HERE = (
    "Spotify isn't letting this site read playlists right now. Import a file instead."
)
SILENT = "Spotify isn't responding right now."
GIBBERISH = "Spotify's response isn't a playlist."
BUSY = "Spotify asked us to wait."
ENDED = "The connection to Spotify has expired."
CODE_REFUSED = "Spotify didn't accept this. Start again."

_WHOLE_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)


class SpotifyWeb:
    """The port's methods over HTTP. `api_base` and `accounts_base` may be a fake server."""

    def __init__(
        self, *, client_id: str, client_secret: str, api_base: str = "", accounts_base: str = ""
    ) -> None:
        self.client_id = client_id
        self.client_secret = client_secret
        self.api = _api_prefix(api_base or API)
        self.accounts = (accounts_base or ACCOUNTS).rstrip("/")

    def authorize_address(self, *, state: str, challenge: str, redirect: str) -> str:
        """Return where a user is sent to allow the connection."""
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
        """Return the grant for the code that the user came back with."""
        return self._token(
            CODE_REFUSED,
            grant_type="authorization_code",
            code=code,
            code_verifier=verifier,
            redirect_uri=redirect,
        )

    def renew(self, refresh_token: str) -> Grant:
        """Return a newer grant; raise GrantEnded when the refresh token is no longer accepted."""
        return self._token(ENDED, grant_type="refresh_token", refresh_token=refresh_token)

    def playlist_name(self, access_token: str, playlist_id: str) -> str:
        """Return what a playlist is called; empty when it has no usable name."""
        found = self._get(access_token, f"playlists/{quote(playlist_id, safe='')}", fields="name")
        try:
            return text.line(found.get("name"), "name", longest=LONGEST_NAME, required=False)
        except Invalid:
            return ""

    def playlist_page(self, access_token: str, playlist_id: str, offset: int) -> PlaylistPage:
        """Return up to 50 entries of a playlist from an offset on."""
        found = self._get(
            access_token,
            f"playlists/{quote(playlist_id, safe='')}/items",
            limit=ROWS_A_PAGE,
            offset=offset,
            additional_types="track,episode",
        )
        entries, total = found.get("items"), found.get("total")
        if not isinstance(entries, list) or not isinstance(total, int) or total < 0:
            raise TryLater(GIBBERISH)
        return PlaylistPage(rows=[_row(entry) for entry in entries], total=total)

    def _get(self, access_token: str, path: str, **query: str | int) -> Mapping[str, Any]:
        """Return the JSON object at a path of the Web API; raise the port's errors."""
        response = _send(
            "GET",
            f"{self.api}{path}",
            params=query,
            headers={"Authorization": f"Bearer {access_token}"},
        )
        if response.status_code != requests.codes.ok:
            raise _about_status(response)
        return _json_object(response)

    def _token(self, refused: str, **fields: str) -> Grant:
        """Return a grant from the token endpoint; raise GrantEnded with `refused`, or TryLater."""
        response = _send(
            "POST",
            f"{self.accounts}/api/token",
            data={"client_id": self.client_id, **fields},
            auth=(self.client_id, self.client_secret) if self.client_secret else None,
        )
        if response.status_code == requests.codes.ok:
            return _grant(_json_object(response), fields.get("refresh_token", ""))
        if response.status_code == requests.codes.too_many_requests:
            raise TryLater(BUSY, _seconds(response.headers))
        if _error_of(response) == "invalid_grant":
            raise GrantEnded(refused)
        raise TryLater(SILENT)


def _send(method: str, url: str, **more: Any) -> requests.Response:  # noqa: ANN401 -- as requests has it
    try:
        return requests.request(method, url, timeout=TIMEOUTS, allow_redirects=False, **more)
    except requests.RequestException:
        raise TryLater(SILENT) from None


def _api_prefix(base: str) -> str:
    base = base.rstrip("/")
    return f"{base}/" if base.endswith("/v1") else f"{base}/v1/"


# --- responses ---------------------------------------------------------------------------------


def _grant(answer: Mapping[str, Any], refresh_token: str) -> Grant:
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
    """Return an entry of a playlist; the song is in `item`, formerly in `track`."""
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
    """Return the valid part of a name; empty without one."""
    try:
        return _line(value[:LONGEST_NAME])
    except Invalid:
        return ""


def _json_object(response: requests.Response) -> Mapping[str, Any]:
    try:
        found = response.json()
    except ValueError:
        raise TryLater(SILENT) from None
    if not isinstance(found, Mapping):
        raise TryLater(GIBBERISH)
    return found


# --- errors ------------------------------------------------------------------------------------


def _error_of(response: requests.Response) -> str:
    """Return the error code or message of a failed request; some are plain text."""
    try:
        found = response.json()
    except ValueError:
        return response.text
    error = found.get("error") if isinstance(found, Mapping) else ""
    return str(error.get("message", "") if isinstance(error, Mapping) else error or "")


def _about_status(response: requests.Response) -> SpotifyError:
    """Return the port's error for a failed request; its message contains nothing of the body."""
    status = response.status_code
    if status == requests.codes.unauthorized:
        return TokenRefused(ENDED)
    if status == requests.codes.forbidden:
        needs_premium = "premium" in _error_of(response).casefold()
        return PlaylistRefused(NOT_ALLOWED_HERE if needs_premium else NOT_YOURS)
    if status in {requests.codes.not_found, requests.codes.bad_request}:
        return PlaylistRefused(NOT_THERE)
    if status == requests.codes.too_many_requests:
        return TryLater(BUSY, _seconds(response.headers))
    return TryLater(SILENT)


def _seconds(headers: Mapping[str, str]) -> int | None:
    """Return the wait of `Retry-After`, which may be missing, a number or a date."""
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
