"""Which addresses a webhook may have, and which of the internet's are public. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from trackflow_web.domain.webhooks.models import Kind
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from urllib.parse import SplitResult

LONGEST_URL = 500
LONGEST_HOST = 253
PORTS = frozenset({443, 8443})
# Of people who test new versions of its programs, too.
DISCORD_HOSTS = frozenset(
    {"discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com"}
)
DISCORD_PATH = re.compile(r"/api(?:/v[0-9]{1,2})?/webhooks/[0-9]{1,20}/[A-Za-z0-9_-]{1,200}")

LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
PRINTABLE = re.compile(r"[!-~]+")
# Names that mean this machine or its network.
LOCAL = (".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".onion", ".arpa")

# What is assigned on the internet, without what carries IPv4 addresses or is for tests.
ASSIGNED = IPv6Network("2000::/3")
UNUSABLE = tuple(
    map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3ffe::/16", "3fff::/20"))
)
# Relays to IPv6 of former days, which are called global.
RELAYS = IPv4Address("192.88.99.0")
RELAYS_BITS = 8

ENTER = "Enter an address that starts with https://."
NO_NAME = "Use the full name of a host, like hooks.example.org. IP addresses aren't accepted."
NO_PORT = "Use the port 443 or 8443."
NO_USER = "Leave the user name and password out of the address."
NO_LOCAL = "This address isn't on the public internet."
ASCII_ONLY = "Write the address in ASCII: a name in other letters begins with xn--."
NOT_DISCORD = "Enter an address like https://discord.com/api/webhooks/..., from Discord."
IS_DISCORD = "This is an address of Discord. Choose Discord as the kind."


@dataclass(frozen=True)
class Target:
    """An address in its parts; `path` contains the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Return the value of the header Host."""
        usual = 443 if self.scheme == "https" else 80
        return self.host if self.port == usual else f"{self.host}:{self.port}"


def webhook_url(value: object, kind: Kind, *, loopback: bool = False) -> str:
    """Return the address of a webhook. Raises Invalid naming `url`.

    `loopback` is for tests: a receiver on this machine, without TLS and at any port.
    """
    url = _typed(value)
    target = parse(url, loopback=loopback)
    is_local = loopback and is_loopback_name(target.host)
    is_discord = (target.host in DISCORD_HOSTS and target.port == 443) or is_local  # noqa: PLR2004
    if kind is Kind.DISCORD and not (is_discord and DISCORD_PATH.fullmatch(target.path)):
        raise Invalid(url=NOT_DISCORD)
    if kind is Kind.STANDARD and target.host in DISCORD_HOSTS:
        raise Invalid(url=IS_DISCORD)
    return url


def parse(url: str, *, loopback: bool = False) -> Target:
    """Return an address in its parts. Raises Invalid naming `url` for one that is not allowed."""
    parts, port = _split(url)
    host = (parts.hostname or "").removesuffix(".")
    if "@" in parts.netloc:
        raise Invalid(url=NO_USER)
    is_local = loopback and is_loopback_name(host)
    if not is_local:
        _check(parts, host, port)
    query = f"?{parts.query}" if parts.query else ""
    usual = 443 if parts.scheme == "https" else 80
    return Target(parts.scheme, host, port or usual, (parts.path or "/") + query)


def shown(url: str) -> str:
    """Return the host of an address and its last four characters: enough to recognise it."""
    target = parse(url, loopback=True)
    return f"{target.authority}/…{target.path[-4:].lstrip('/')}"


def is_loopback_name(host: str) -> bool:
    """Return whether a host is called this machine."""
    return host in {"localhost", "127.0.0.1", "::1"}


def is_public(address: str) -> bool:
    """Return whether an IP address is one of another machine on the public internet.

    Not public are: private, loopback, link-local (and so the metadata of clouds), shared (CGNAT),
    multicast, reserved and documentation addresses, and those that carry an IPv4 address inside:
    mapped, compatible, NAT64, 6to4 and Teredo.
    """
    try:
        found = ip_address(address)
    except ValueError:  # with a zone, or no address
        return False
    if isinstance(found, IPv6Address):
        # The library calls some of the ranges inside global.
        usable = found in ASSIGNED and not any(found in each for each in UNUSABLE)
        return usable and found.is_global and found.scope_id is None
    is_relay = int(found) >> RELAYS_BITS == int(RELAYS) >> RELAYS_BITS
    return found.is_global and not (found.is_multicast or found.is_reserved or is_relay)


def is_loopback(address: str) -> bool:
    """Return whether an IP address is this machine."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _typed(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Invalid(url=ENTER)
    if len(value) > LONGEST_URL:
        raise Invalid(url=f"Use {LONGEST_URL} characters or fewer.")
    url = value.strip()
    if not url.isascii():
        raise Invalid(url=ASCII_ONLY)
    if not PRINTABLE.fullmatch(url) or "\\" in url or "#" in url:
        raise Invalid(url=ENTER)
    return url


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Invalid(url=ENTER) from None
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise Invalid(url=ENTER)
    return parts, port


def _check(parts: SplitResult, host: str, port: int | None) -> None:
    if parts.scheme != "https":
        raise Invalid(url=ENTER)
    if port is not None and port not in PORTS:
        raise Invalid(url=NO_PORT)
    if f".{host}".endswith(LOCAL):
        raise Invalid(url=NO_LOCAL)
    labels = host.split(".")
    # A last label that begins with a digit is a way to write an IP address: 0x7f.1, 2130706433.
    is_name = len(labels) > 1 and len(host) <= LONGEST_HOST and not labels[-1][:1].isdigit()
    if not is_name or not all(LABEL.fullmatch(label) for label in labels):
        raise Invalid(url=NO_NAME)
