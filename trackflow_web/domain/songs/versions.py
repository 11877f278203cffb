"""Titles that may name the same song: a remaster, a live take, a mix, a guest."""

from __future__ import annotations

import re
from itertools import islice

from trackflow_web.kernel import text

# Words that mark text in brackets or after a dash as a version: as its first word, as its last
# one, or anywhere.
FIRST = frozenset(
    {"live", "feat", "ft", "featuring", "with", "from", "demo", "acoustic", "take", "bonus"}
)
LAST = frozenset(
    {
        "mix", "edit", "version", "versions", "session", "sessions", "cover", "clean", "extended",
        "take",
    }
)  # fmt: skip
ANYWHERE = frozenset(
    {
        "remaster", "remastered", "remix", "remixed", "remasterizado", "remasterizada",
        "remasterisé", "vivo", "directo", "acústico", "acoustique", "akustik",
        "rerecorded", "recorded",
        "anniversary", "deluxe", "karaoke", "instrumental", "mono", "stereo", "explicit",
        "unplugged", "soundtrack", "2x", "rb3", "rhythm",
    }
)  # fmt: skip
_BRACKETS = {")": "(", "]": "[", "}": "{", "\uff09": "\uff08", "\u3011": "\u3010"}
_DASH = re.compile(r"\s[-\u2010-\u2015~:/|]\s")
_GUEST = re.compile(r"\s(?:feat|ft|featuring)\.?\s", re.IGNORECASE)
_WORD = re.compile(r"\w+")
# The maximum number of suffixes that are removed one after the other.
_MOST = 4


def base_title(title: str) -> str:
    """Return a title without its version suffixes; never an empty one."""
    for _ in range(_MOST):
        shorter = _shorter(title)
        if not shorter:
            break
        title = shorter
    return title


def base_key(title: str) -> str:
    """Return what the versions of a song are compared by."""
    return text.comparison_key(base_title(title))


def _shorter(title: str) -> str:
    """Return the title without its last suffix; empty without one."""
    title = title.rstrip()
    opening = _BRACKETS.get(title[-1:])
    if opening:
        at = title.rfind(opening)
        return title[:at].rstrip() if at > 0 and _is_version(title[at + 1 : -1]) else ""
    for dash in islice(_DASH.finditer(title), _MOST):
        if _is_version(title[dash.end() :]):
            return title[: dash.start()].rstrip()
    guest = _GUEST.search(title)
    return title[: guest.start()].rstrip() if guest else ""


def _is_version(suffix: str) -> bool:
    words = _WORD.findall(suffix.casefold())
    if not words:
        return False
    return words[0] in FIRST or words[-1] in LAST or not ANYWHERE.isdisjoint(words)
