"""Requests to addresses that users chose, which reach public addresses only.

A name is resolved once, every address that it has must be public, and the connection goes to one of
those: a name that leads elsewhere a moment later changes nothing. TLS checks the name. Redirects
are not followed, proxies of the environment are not used, and the time and the size of an answer
are limited as a whole.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trackflow_web.domain.webhooks import addresses
from trackflow_web.domain.webhooks.ports import Answer, SendError
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trackflow_web.domain.webhooks.addresses import Target
    from trackflow_web.domain.webhooks.ports import Outgoing

# Seconds from the look-up of the name to the end of the answer.
TOTAL = 10.0
TO_CONNECT = 4.0
# Addresses of one name that are tried.
MOST_TRIED = 3
# Bytes of an answer with its headers; of its body less is kept.
MOST_READ = 64 * 1024
MOST_KEPT = 32 * 1024
# Headers that decide what happens next.
READ = (
    "retry-after",
    "content-type",
    "x-ratelimit-remaining",
    "x-ratelimit-reset-after",
)

NOT_ALLOWED = "address not allowed"
NOT_PUBLIC = "the name leads to an address that isn't public"
NOT_FOUND = "the name wasn't found"
NO_CONNECTION = "couldn't connect"
NO_TLS = "the certificate isn't valid for this name"
TIMED_OUT = "no answer in time"
BROKEN = "the answer broke off"
NOT_HTTP = "the answer isn't HTTP"
TOO_LONG = "the answer is too long"


def resolve(host: str, port: int) -> Sequence[str]:
    """Return the IP addresses of a host. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def connect(address: str, port: int, timeout: float) -> socket.socket:
    """Return a connection to an IP address. Raises OSError."""
    return socket.create_connection((address, port), timeout)


@dataclass(frozen=True)
class GuardedSender:
    """Sends to public addresses only; with `loopback`, for tests, to this machine as well."""

    loopback: bool = False
    total: float = TOTAL
    resolve: Callable[[str, int], Sequence[str]] = resolve
    connect: Callable[[str, int, float], socket.socket] = connect
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)

    def send(self, request: Outgoing) -> Answer:
        """Send one request. Raise SendError when there was no answer."""
        ends_at = time.monotonic() + self.total
        try:
            target = addresses.parse(request.url, loopback=self.loopback)
        except Invalid:
            raise SendError(NOT_ALLOWED) from None
        stream = _Stream(self._connected(target, ends_at), ends_at)
        try:
            if target.scheme == "https":
                stream.start_tls(self.tls, target.host)
            return _exchange(stream, target, request)
        except TimeoutError:
            raise SendError(TIMED_OUT) from None
        except ssl.SSLError:
            raise SendError(NO_TLS) from None
        except _TooLong:
            raise SendError(TOO_LONG) from None
        except OSError:
            raise SendError(BROKEN) from None
        except (http.client.HTTPException, ValueError):
            raise SendError(NOT_HTTP) from None
        finally:
            stream.end()

    def _connected(self, target: Target, ends_at: float) -> socket.socket:
        """Return a connection to one of the addresses of a host, all of which are allowed."""
        try:
            found = self.resolve(target.host, target.port)
        except (OSError, UnicodeError):
            raise SendError(NOT_FOUND) from None
        if not found:
            raise SendError(NOT_FOUND)
        if not all(self._is_allowed(address, target) for address in found):
            raise SendError(NOT_PUBLIC)
        for address in found[:MOST_TRIED]:
            left = ends_at - time.monotonic()
            if left <= 0:
                raise SendError(TIMED_OUT)
            try:
                return self.connect(address, target.port, min(TO_CONNECT, left))
            except OSError:
                continue
        raise SendError(NO_CONNECTION)

    def _is_allowed(self, address: str, target: Target) -> bool:
        if addresses.is_public(address):
            return True
        is_local = addresses.is_loopback_name(target.host)
        return self.loopback and is_local and addresses.is_loopback(address)


class _TooLong(Exception):
    """An answer has more bytes than are read."""


class _Stream:
    """A connection that ends at a fixed time, however slowly bytes come.

    `http.client` uses it like a socket.
    """

    def __init__(self, connection: socket.socket, ends_at: float) -> None:
        self.connection = connection
        self.ends_at = ends_at

    def start_tls(self, context: ssl.SSLContext, name: str) -> None:
        """Encrypt the connection; the certificate must be one of this name."""
        self.hurry()
        self.connection = context.wrap_socket(self.connection, server_hostname=name)

    def hurry(self) -> None:
        """Let the next operation take no longer than what is left. Raises TimeoutError."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.connection.settimeout(left)

    def sendall(self, data: bytes) -> None:
        """Send bytes."""
        self.hurry()
        self.connection.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return a reader of the answer."""
        del mode
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """Keep the connection: `http.client` closes it before it has read the body."""

    def end(self) -> None:
        """Close the connection."""
        self.connection.close()


class _Reader(io.RawIOBase):
    """Reads from a stream, at most MOST_READ bytes in all."""

    def __init__(self, stream: _Stream) -> None:
        self.stream = stream
        self.left = MOST_READ

    def readable(self) -> bool:
        """Return that it is for reading."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read what is there into a buffer; return the number of bytes, 0 at the end."""
        if self.left <= 0:
            raise _TooLong
        self.stream.hurry()
        got = self.stream.connection.recv_into(buffer, min(len(buffer), self.left))
        self.left -= got
        return got


def _exchange(stream: _Stream, target: Target, request: Outgoing) -> Answer:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = stream  # what it uses of a socket
    headers = {"host": target.authority, "connection": "close", **request.headers}
    connection.request(request.method, target.path, request.body, headers)
    response = connection.getresponse()
    sent = {name: value for name in READ if (value := response.getheader(name))}
    return Answer(response.status, sent, _beginning(response))


def _beginning(response: http.client.HTTPResponse) -> bytes:
    """Return the beginning of the body; what breaks off or comes too slowly is left out.

    The receiver has answered already: its status counts.
    """
    body = b""
    try:
        while len(body) < MOST_KEPT and (more := response.read1(MOST_KEPT - len(body))):
            body += more
    except (OSError, http.client.HTTPException, ValueError, _TooLong):
        pass
    return body
