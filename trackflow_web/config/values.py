"""Values of settings: choices, numbers, limits, lists."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from limits import RateLimitItem

# Connections, proxies and rows: no installation has more.
LARGEST_COUNT = 1_000_000_000
# Of a process. More threads than that wait for each other.
MOST_STREAMS = 1_000
# Ten years, in seconds: an end far beyond that is no date any more.
LONGEST_WINDOW = 10 * 366 * 24 * 3600


class ConfigError(Exception):
    """A setting that is not understood; the message is the sentence to show."""


def one_of(environ: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """Return one of the choices; the first one when the setting is empty."""
    value = environ.get(name) or choices[0]
    if value not in choices:
        message = f"{name} is {value!r}; it must be one of: {', '.join(choices)}."
        raise ConfigError(message)
    return value


def count(environ: Mapping[str, str], name: str, default: str = "0", *, least: int = 0) -> int:
    """Return a whole number of at most LARGEST_COUNT."""
    value = environ.get(name) or default
    if not (value.isascii() and value.isdigit()) or len(value) > len(str(LARGEST_COUNT)):
        message = f"{name} is {value[:40]!r}; it must be a whole number, at most {LARGEST_COUNT}."
        raise ConfigError(message)
    if not least <= int(value) <= LARGEST_COUNT:
        message = f"{name} is {value}; it must be from {least} to {LARGEST_COUNT}."
        raise ConfigError(message)
    return int(value)


def live_streams(environ: Mapping[str, str]) -> int:
    """Return LIVE_STREAMS, each of which is a thread; gunicorn.conf.py reads it too."""
    streams = count(environ, "LIVE_STREAMS")
    if streams > MOST_STREAMS:
        message = f"LIVE_STREAMS is {streams}; it must be at most {MOST_STREAMS}."
        raise ConfigError(message)
    return streams


def limit(environ: Mapping[str, str], name: str, default: str) -> RateLimitItem:
    """Return a limit such as `10/5 minutes`, of at most LONGEST_WINDOW."""
    value = environ.get(name) or default
    with contextlib.suppress(ValueError):
        parsed = limits.parse(value)
        if (
            parsed.amount > 0 and parsed.get_expiry() <= LONGEST_WINDOW
        ):  # 0 would lock all users out
            return parsed
    message = f"{name} is {value!r}; it must be a limit like {default!r}."
    raise ConfigError(message)


def several_limits(
    environ: Mapping[str, str], name: str, default: str
) -> tuple[RateLimitItem, ...]:
    """Return limits that all hold, separated by semicolons: `60/1 hour; 200/1 day`."""
    parts = [part.strip() for part in (environ.get(name) or default).split(";") if part.strip()]
    return tuple(limit({name: part}, name, default) for part in parts or [default])


def words(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Return what is separated by spaces or commas."""
    return tuple(environ.get(name, "").replace(",", " ").split())
