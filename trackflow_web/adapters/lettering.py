"""Measuring and fitting text for pictures, by the glyphs of our own fonts.

Latin, Greek, Cyrillic, Devanagari, Hebrew, Arabic, Thai, Hangul, kana, the Han characters of
Japanese, Korean and GB 2312, and emoji in one colour have glyphs. Everything else is left out, so
that no picture has boxes.
"""

from __future__ import annotations

import functools
import re
import struct
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FOLDER = Path(__file__).parent / "fonts"
# In the order in which a glyph is looked for.
FACES = (
    ("Noto Sans", "NotoSans-Bold.ttf"),
    ("Noto Sans Arabic", "NotoSansArabic-Bold.ttf"),
    ("Heebo", "Heebo-Bold.ttf"),
    ("Noto Sans Thai", "NotoSansThai-Bold.ttf"),
    ("Noto Sans KR", "NotoSansKR-Bold.ttf"),
    ("Noto Sans SC", "NotoSansSC-Bold.ttf"),
    ("Noto Emoji", "NotoEmoji-Bold.ttf"),
)
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
# No text of a picture is longer; what is cut does not fit anyway.
LONGEST = 300
MOST_MARKS = 3
SPACES = re.compile(r"\s+")
# Between emoji, and their looks: the glyphs have one colour.
JOINERS = re.compile("[\u200c\u200d\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
# A line may end at a space, behind these, and behind a character that is as wide as high.
HYPHENS = "-_/\N{EN DASH}\N{EM DASH}"
PIECES = re.compile(r"[^ ]| +")


@dataclass(frozen=True)
class Font:
    """A font: its family, and the width of each character in units of the font size."""

    family: str
    advances: Mapping[int, float]


@dataclass(frozen=True)
class Fitted:
    """Lines that fit, and the font size at which they do."""

    size: int
    lines: Sequence[str]


def cleaned(text: str) -> str:
    """Return a text in one line with only characters that have a glyph.

    A run of others becomes an ellipsis; control characters and more than three marks on a letter
    are dropped.
    """
    kept: list[str] = []
    marks = 0
    for char in SPACES.sub(" ", JOINERS.sub("", unicodedata.normalize("NFC", text[:LONGEST]))):
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks > MOST_MARKS or unicodedata.category(char) in {"Cc", "Cf", "Cs"}:
            continue
        if _face(char) is not None:
            kept.append(char)
        elif kept[-1:] != [ELLIPSIS]:
            kept.append(ELLIPSIS)
    return SPACES.sub(" ", "".join(kept)).strip()


def runs(line: str) -> Iterator[tuple[str, str]]:
    """Yield the families of a cleaned line, each with the characters to be drawn with it."""
    family, run = "", ""
    for char in line:
        face = _face(char)
        wanted = face.family if face else family
        # Spaces and marks stay with what they follow.
        stays = char == " " or unicodedata.combining(char)
        if run and wanted != family and not stays:
            yield family, run
            run = ""
        if not run or not stays:
            family = wanted
        run += char
    if run:
        yield family, run


def width_of(line: str, size: float) -> float:
    """Return the width of a cleaned line at a font size, without kerning."""
    return size * sum(_advance(char) for char in line)


def fitted(text: str, *, width: float, sizes: Sequence[int], most_lines: int = 1) -> Fitted:
    """Return a text at the largest size at which it fits; cut at the smallest if none does."""
    line = cleaned(text)
    for size in sizes:
        lines = _wrapped(line, width, size)
        if len(lines) <= most_lines:
            return Fitted(size, lines)
    size = sizes[-1]
    lines = _wrapped(line, width, size)[:most_lines]
    return Fitted(size, [*lines[:-1], _cut(lines[-1], width, size)])


def _wrapped(line: str, width: float, size: float) -> list[str]:
    """Return lines of a width: broken at spaces, in words only where these are too long."""
    lines = [""]
    for word in _words(line):
        if width_of((lines[-1] + word).rstrip(), size) <= width:
            lines[-1] += word
            continue
        if lines[-1].strip():
            lines.append("")
        for char in word.lstrip():
            if width_of(lines[-1] + char, size) > width and not unicodedata.combining(char):
                lines.append("")
            lines[-1] += char
    return [each.strip() for each in lines]


def _words(line: str) -> list[str]:
    """Return the pieces between which a line may end, spaces before what follows them."""
    words = [""]
    for piece in PIECES.findall(line):
        is_wide = unicodedata.east_asian_width(piece[0]) in {"W", "F"}
        if is_wide or piece[0] == " " or _may_end(words[-1]):
            words.append("")
        words[-1] += piece
    return [word for word in words if word]


def _may_end(word: str) -> bool:
    return bool(word) and (
        word[-1] in HYPHENS or unicodedata.east_asian_width(word[-1]) in {"W", "F"}
    )


def _cut(line: str, width: float, size: float) -> str:
    while line and width_of(line + ELLIPSIS, size) > width:
        line = line[:-1]
    return line.rstrip(f" {ELLIPSIS}") + ELLIPSIS


@functools.lru_cache(maxsize=4096)
def _face(char: str) -> Font | None:
    return next((face for face in _faces() if ord(char) in face.advances), None)


def _advance(char: str) -> float:
    face = _face(char)
    return face.advances[ord(char)] if face and not unicodedata.combining(char) else 0.0


@functools.cache
def _faces() -> Sequence[Font]:
    """Return the fonts; read when the first picture is drawn."""
    return [Font(family, _advances((FOLDER / name).read_bytes())) for family, name in FACES]


def _advances(font: bytes) -> dict[int, float]:
    """Return the widths of all characters of an OpenType font, by code point."""
    tables = {
        bytes(tag): offset
        for tag, _, offset, _ in struct.iter_unpack(
            ">4sLLL", font[12 : 12 + 16 * struct.unpack_from(">H", font, 4)[0]]
        )
    }
    units = struct.unpack_from(">H", font, tables[b"head"] + 18)[0]
    count = struct.unpack_from(">H", font, tables[b"hhea"] + 34)[0]
    widths = [
        width
        for width, _ in struct.iter_unpack(
            ">Hh", font[tables[b"hmtx"] : tables[b"hmtx"] + 4 * count]
        )
    ]
    glyphs = _glyphs(font, tables[b"cmap"])
    return {code: widths[min(glyph, count - 1)] / units for code, glyph in glyphs.items()}


def _glyphs(font: bytes, cmap: int) -> dict[int, int]:
    """Return the glyphs by code point, of the formats that our fonts have: 4 and 12."""
    found: dict[int, int] = {}
    for i in range(struct.unpack_from(">H", font, cmap + 2)[0]):
        start = cmap + struct.unpack_from(">L", font, cmap + 8 + 8 * i)[0]
        kind = struct.unpack_from(">H", font, start)[0]
        if kind == 12:  # noqa: PLR2004 -- the name of the format
            found.update(_segmented(font, start))
        elif kind == 4:  # noqa: PLR2004 -- the name of the format
            found.update(_deltas(font, start))
    return found


def _segmented(font: bytes, start: int) -> Iterator[tuple[int, int]]:
    for i in range(struct.unpack_from(">L", font, start + 12)[0]):
        first, last, glyph = struct.unpack_from(">LLL", font, start + 16 + 12 * i)
        yield from ((code, glyph + code - first) for code in range(first, last + 1))


def _deltas(font: bytes, start: int) -> Iterator[tuple[int, int]]:
    n = struct.unpack_from(">H", font, start + 6)[0] // 2
    ends = struct.unpack_from(f">{n}H", font, start + 14)
    firsts = struct.unpack_from(f">{n}H", font, start + 16 + 2 * n)
    deltas = struct.unpack_from(f">{n}H", font, start + 16 + 4 * n)
    at = start + 16 + 6 * n
    offsets = struct.unpack_from(f">{n}H", font, at)
    for i in range(n):
        for code in range(firsts[i], min(ends[i], 0xFFFE) + 1):
            glyph = code
            if offsets[i]:
                place = at + 2 * i + offsets[i] + 2 * (code - firsts[i])
                glyph = struct.unpack_from(">H", font, place)[0]
            if glyph:
                yield code, (glyph + deltas[i]) & 0xFFFF
