"""`song.ini`: the metadata of a song on disk.

configparser is the wrong tool: it interpolates, rejects duplicate keys and takes `[` in a value for
a section.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from trackflow_web.domain.songs.rules import LONGEST_NAME, year_of
from trackflow_web.integrations.charts.decoding import decoded

MOST_BYTES = 256 * 1024
MOST_KEYS = 500
LONGEST_VALUE = 4_000
# TextMeshPro's tags, which titles and charters' names may have. `<3` is none.
_TAGS = (
    "align allcaps alpha b color cspace font font-weight gradient i indent line-height line-indent"
    " link lowercase margin mark mspace nobr noparse page pos rotate s size smallcaps space sprite"
    " strikethrough style sub sup u uppercase voffset width"
)
_TAG = re.compile(
    rf"</?(?:{'|'.join(_TAGS.split())})(?:[ =][^<>]{{0,100}})?>|<#[0-9a-f]{{3,8}}>", re.IGNORECASE
)
_NUMBER = re.compile(r"-?[0-9]{1,9}", re.ASCII)


@dataclass
class SongIni:
    """The values of `[song]` by key in lower case; of several, the last one with a value."""

    values: Mapping[str, str] = field(default_factory=dict)
    repeated: tuple[str, ...] = ()

    def text(self, *keys: str) -> str:
        """Return the first of these values that is there, as one plain line."""
        for key in keys:
            if value := plain(self.values.get(key, "")):
                return value
        return ""

    def number(self, key: str) -> int | None:
        """Return a whole number; None where there is none."""
        value = self.values.get(key, "")
        return int(value) if _NUMBER.fullmatch(value) else None

    @property
    def year(self) -> int | None:
        """The year: `2002`, `, 2002`, `2002 (remaster)`."""
        return year_of(self.values.get("year", ""))


def read(content: bytes) -> SongIni:
    """Read a file, up to its limits. Never raises: games accept nearly everything, too."""
    values: dict[str, str] = {}
    repeated: list[str] = []
    section = "song"  # a file without sections is one
    for line in decoded(content[:MOST_BYTES]).splitlines():
        stripped = line.strip().strip("\ufeff\0")
        if not stripped or stripped[0] in ";#":
            continue
        if stripped[0] == "[" and stripped[-1] == "]":
            section = stripped[1:-1].strip().lower()
            continue
        key, is_pair, value = stripped.partition("=")
        name = key.strip().lower()
        if section != "song" or not is_pair or not name or len(name) > LONGEST_NAME:
            continue
        if name in values:
            repeated.append(name)
        elif len(values) == MOST_KEYS:
            break
        if value.strip() or name not in values:
            values[name] = value.strip()[:LONGEST_VALUE]
    return SongIni(values, tuple(sorted(set(repeated))))


def bounded(values: Mapping[str, str]) -> SongIni:
    """Return metadata from elsewhere within the limits of the file."""
    kept = [each for each in values.items() if 0 < len(each[0]) <= LONGEST_NAME][:MOST_KEYS]
    return SongIni({name: value[:LONGEST_VALUE] for name, value in kept})


def plain(value: str) -> str:
    """Return a value without tags for colours and sizes, as one line of at most a name's length."""
    kept: list[str] = []  # after each `>` a tag may have ended, also one around others: `<<b>b>`
    opened: list[int] = []
    for piece in re.split(r"([<>])", value[:LONGEST_VALUE]):
        if piece == "<":
            opened.append(len(kept))
        kept.append(piece)
        if piece == ">":
            start = opened.pop() if opened else len(kept)
            if _TAG.fullmatch("".join(kept[start:])):
                del kept[start:]
            else:
                opened.clear()
    return " ".join("".join(kept).split())[:LONGEST_NAME]
