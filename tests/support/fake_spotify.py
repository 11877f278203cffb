"""Spotify's accounts and Web API as an import meets them, over real HTTP on the loopback.

Its responses have the shapes in tests/support/spotify. It is as strict as the real one: a code
works once and only with its verifier, an old token is rejected, tokens rotate.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWERS = Path(__file__).parent / "spotify"
WISHLIST = "3cEYpjA9oz9GiPac4AsH4n"
OLD_SHAPE = "1Cp6VQCKf2VL4sP09jN9oX"
CLIENT = "client-of-the-tests"


def recorded(name: str) -> Any:
    return json.loads((ANSWERS / f"{name}.json").read_text(encoding="utf-8"))


def entries_of(*names: str) -> list[Any]:
    return [entry for name in names for entry in recorded(f"playlist_items.200.{name}")["items"]]


def song(title: str, artist: str = "Somebody", **more: object) -> dict[str, Any]:
    """An entry of a playlist in today's shape."""
    item = {
        "type": "track",
        "name": title,
        "artists": [{"name": artist}, {"name": "A Guest"}],
        "album": {"name": "An album", "release_date": "1999-05-03"},
        **more,
    }
    return {"is_local": False, "item": item}


class FakeSpotify:
    """Its state and the requests it received."""

    def __init__(self) -> None:
        self.playlists: dict[str, tuple[str, list[Any]]] = {
            WISHLIST: ("Charting wishlist", entries_of("page1", "page2", "page3")),
            OLD_SHAPE: ("To find", entries_of("transition_2026-03")),
        }
        self.asked: list[str] = []
        self.secrets: list[str] = []
        self.lifetime = 3600
        self.renewals = 0
        self.address = ""
        self._codes: dict[str, tuple[str, str]] = {}
        self._access: set[str] = set()
        self._refresh: set[str] = set()
        self._failures: list[tuple[str, dict[str, Any]]] = []

    # --- what tests arrange ---

    def allow(self, authorize_address: str) -> str:
        """Consent like a user; return the path and query of the callback."""
        asked = {
            name: values[0] for name, values in parse_qs(urlsplit(authorize_address).query).items()
        }
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert set(asked["scope"].split()) == {
            "playlist-read-private",
            "playlist-read-collaborative",
        }
        code = self._secret("code")
        self._codes[code] = (asked["code_challenge"], asked["redirect_uri"])
        path = urlsplit(asked["redirect_uri"]).path
        return f"{path}?{urlencode({'code': code, 'state': asked['state']})}"

    def fail(self, where: str, name: str, *, times: int = 1, **changes: object) -> None:
        """Respond to the next requests whose URL contains `where` as recorded under `name`."""
        self._failures += [(where, {**recorded(name), **changes})] * times

    def answer(self, where: str, status: int, text: str) -> None:
        """Respond to the next request whose path contains `where` with any text."""
        self._failures.append((where, {"status": status, "headers": {}, "body": {"_text": text}}))

    def let_tokens_end(self) -> None:
        """Reject every access token issued so far."""
        self._access.clear()

    def revoke(self) -> None:
        """Revoke the connection on behalf of the user."""
        self._access.clear()
        self._refresh.clear()

    # --- responses ---------

    def handle(
        self, path: str, query: dict[str, str], token: str
    ) -> tuple[int, dict[str, str], str]:
        if failure := self._failing(self.asked[-1]):
            return failure
        if token not in self._access:
            return self._recorded(recorded("401.expired"))
        playlist_id = path.split("/")[3]
        if playlist_id not in self.playlists:
            return self._recorded(recorded("404.not_found"))
        name, entries = self.playlists[playlist_id]
        if not path.endswith("/items"):
            return self._json({"name": name})
        offset, limit = int(query["offset"]), int(query["limit"])
        assert limit <= 50
        return self._json({"items": entries[offset : offset + limit], "total": len(entries)})

    def tokens(self, form: dict[str, str]) -> tuple[int, dict[str, str], str]:
        if failure := self._failing("/api/token"):
            return failure
        if form["grant_type"] == "refresh_token":
            self.renewals += 1
            if form["refresh_token"] not in self._refresh:
                return self._json(recorded("refresh_revoked.400"), 400)
            self._refresh.remove(form["refresh_token"])
            return self._grant("pkce_refresh.200")
        challenge, redirect = self._codes.pop(form["code"], ("", ""))
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        fits = base64.urlsafe_b64encode(digest).decode().rstrip("=") == challenge
        if not fits or redirect != form["redirect_uri"]:
            return self._json(recorded("invalid_grant.400"), 400)
        return self._grant("authorization_code.200")

    def _grant(self, name: str) -> tuple[int, dict[str, str], str]:
        access, refresh = self._secret("access"), self._secret("refresh")
        self._access.add(access)
        self._refresh.add(refresh)
        tokens = {"access_token": access, "refresh_token": refresh, "expires_in": self.lifetime}
        return self._json({**recorded(name), **tokens})

    def _secret(self, kind: str) -> str:
        self.secrets.append(f"{kind}-canary-{len(self.secrets)}-x7Qz")
        return self.secrets[-1]

    def _failing(self, path: str) -> tuple[int, dict[str, str], str] | None:
        for number, (where, answer) in enumerate(self._failures):
            if where in path:
                del self._failures[number]
                return self._recorded(answer)
        return None

    def _recorded(self, answer: dict[str, Any]) -> tuple[int, dict[str, str], str]:
        body = answer["body"]
        text = body["_text"] if "_text" in body else json.dumps(body)
        return answer["status"], answer["headers"], text

    def _json(self, body: object, status: int = 200) -> tuple[int, dict[str, str], str]:
        return status, {"content-type": "application/json"}, json.dumps(body)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: FakeSpotify

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self.fake.asked.append(self.path)
        self._send(*self.fake.handle(address.path, query, token))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.fake.asked.append(self.path)
        self._send(*self.fake.tokens({name: values[0] for name, values in parse_qs(body).items()}))

    def _send(self, status: int, headers: dict[str, str], text: str) -> None:
        content = text.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: object) -> None:
        pass


@contextmanager
def faking_spotify() -> Iterator[FakeSpotify]:
    """Serve until the block ends."""
    fake = FakeSpotify()
    handler = type("Handler", (_Handler,), {"fake": fake})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    fake.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
