"""A browser behind the proxy of the site: cookies, forms with their token, files."""

from __future__ import annotations

import http.client
import re
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlencode

HOST = "soak.example"
SECONDS_FOR_AN_ANSWER = 60
UNPROCESSABLE = 422
REFUSAL = re.compile(r'class="[^"]*error[^"]*"[^>]*>([^<]+)<')
NUMBER = re.compile(r"[0-9]+")
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Broken(Exception):
    """No complete response."""


@dataclass(frozen=True)
class Answer:
    """A response that was read to its end; `request` has `N` in place of each number."""

    request: str
    status: int
    location: str
    body: bytes

    @property
    def text(self) -> str:
        """The body, of a page."""
        return self.body.decode(errors="replace")

    @property
    def refusal(self) -> str:
        """What a form says is wrong with it."""
        return "; ".join(REFUSAL.findall(self.text)) if self.status == UNPROCESSABLE else ""


@dataclass(frozen=True)
class File:
    """A file of a form."""

    name: str
    content: bytes


@dataclass
class Browser:
    """The cookies of one person, at an address of their own."""

    port: int
    address: str = "192.0.2.1"
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def get(self, path: str, **headers: str) -> Answer:
        """Load something. Raises Broken."""
        answer = self._ask("GET", path, headers)
        if found := TOKEN.search(answer.text):
            self.token = found[1]
        return answer

    def post(self, path: str, **fields: object) -> Answer:
        """Send a form, as multipart if there is a file. Raises Broken."""
        given = {"csrf_token": self.token, **fields}
        if any(isinstance(value, File) for value in given.values()):
            kind, body = _multipart(given)
        else:
            kind = "application/x-www-form-urlencoded"
            body = urlencode(given, doseq=True).encode()
        return self._ask("POST", path, {"Content-Type": kind}, body)

    def open(self, path: str, timeout: float) -> http.client.HTTPConnection:
        """Ask for something that does not end; return the connection. Raises OSError."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        connection.request("GET", path, headers=self._headers({}))
        return connection

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {
            "Host": HOST,
            "X-Forwarded-For": self.address,
            "X-Forwarded-Proto": "https",
            "Referer": f"https://{HOST}/",
            "Connection": "close",
            **({"Cookie": cookies} if cookies else {}),
            **{name.replace("_", "-"): value for name, value in more.items()},
        }

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=SECONDS_FOR_AN_ANSWER
        )
        try:
            connection.request(method, path, body or None, self._headers(headers))
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise Broken(repr(error)) from error
        finally:
            connection.close()
        for sent in response.headers.get_all("Set-Cookie") or ():
            name, _, rest = sent.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        request = f"{method} {NUMBER.sub('N', path)}"
        return Answer(request, response.status, response.headers.get("Location", ""), content)


def _multipart(fields: dict[str, object]) -> tuple[str, bytes]:
    edge = secrets.token_hex(16)
    body = b""
    for name, value in fields.items():
        more = f'; filename="{value.name}"' if isinstance(value, File) else ""
        content = value.content if isinstance(value, File) else str(value).encode()
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
        body += head.encode() + content + b"\r\n"
    return f"multipart/form-data; boundary={edge}", body + f"--{edge}--\r\n".encode()
