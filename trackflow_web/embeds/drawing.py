"""Badges as SVG: text and shapes only, without links, scripts or other files."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from html import escape

from trackflow_web.achievements.catalogue.ladders import Rarity

WIDTH, HEIGHT = 320, 64
FRETS = ("#37c566", "#f2545b", "#ffd23f", "#5b9bff", "#ff9440")
FONT = "font-family=\"'Noto Sans','Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif\""
# Average widths of a letter of a bold and a regular face, in its size; some are as wide as high.
BOLD, REGULAR, WIDE = 0.6, 0.52, 1.0
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
# XML has no place for these.
NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Theme(StrEnum):
    """The colours of a badge; `auto` follows the reader's device, as PNG it is light."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


class Size(StrEnum):
    """The sizes of a badge."""

    SMALL = "s"
    MEDIUM = "m"

    @property
    def width(self) -> int:
        """Return the width in pixels."""
        return {Size.SMALL: 240, Size.MEDIUM: WIDTH}[self]

    @property
    def height(self) -> int:
        """Return the height in pixels."""
        return self.width * HEIGHT // WIDTH


@dataclass(frozen=True)
class Colours:
    """The colours of one theme."""

    ground: str
    edge: str
    ink: str
    muted: str


LIGHT = Colours("#fffdf9", "#d9cbb5", "#211a2e", "#5b5165")
DARK = Colours("#1f1a2b", "#4a3f5e", "#f5eee2", "#b7abc4")
# Text of a rarity on the light and the dark ground.
TONES = {
    Rarity.COMMON: ("#4b5563", "#cbd5e1"),
    Rarity.UNCOMMON: ("#166534", "#86efac"),
    Rarity.RARE: ("#1d4ed8", "#93c5fd"),
    Rarity.EPIC: ("#6d28d9", "#d8b4fe"),
    Rarity.LEGENDARY: ("#92400e", "#fcd34d"),
}


@dataclass(frozen=True)
class Badge:
    """What a badge says: a name, a line below it, and a description for those who hear it.

    `mark` is what stands in the coin: a level, or the first letter of an achievement.
    """

    name: str
    line: str
    description: str
    mark: str
    rarity: Rarity | None = None


def drawn(badge: Badge, theme: Theme, size: Size) -> str:
    """Return the SVG of a badge."""
    colours = DARK if theme is Theme.DARK else LIGHT
    tone = TONES[badge.rarity or Rarity.RARE][theme is Theme.DARK]
    style = _style(badge) if theme is Theme.AUTO else ""
    name, line = fitted(badge.name, 225, 17), fitted(badge.line, 238, 12, REGULAR)
    gems = "".join(
        f'<rect x="{1 + 63.6 * i:.1f}" y="1" width="63.6" height="4" fill="{colour}"/>'
        for i, colour in enumerate(FRETS)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size.width}" height="{size.height}"'
        f' viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="t d">'
        f'<title id="t">{_text(badge.name)}</title><desc id="d">{_text(badge.description)}</desc>'
        f'{style}<clipPath id="c"><rect x="1" y="1" width="318" height="62" rx="9"/></clipPath>'
        f'<rect class="g" x=".75" y=".75" width="318.5" height="62.5" rx="9.5"'
        f' fill="{colours.ground}" stroke="{colours.edge}" stroke-width="1.5"/>'
        f'<g clip-path="url(#c)">{gems}</g>{_coin(badge, tone)}'
        f'<text class="i" x="72" y="32" {FONT} font-weight="700" font-size="17"'
        f' fill="{colours.ink}">{_text(name)}</text>'
        f'<text class="m" x="72" y="50" {FONT} font-size="12" fill="{colours.muted}">'
        f"{_text(line)}</text></svg>"
    )


def _coin(badge: Badge, tone: str) -> str:
    """Return a coin with a ring in the tone of the rarity."""
    size = 20 if len(badge.mark) == 1 else 17
    return (
        f'<circle class="r" cx="38" cy="35" r="21" fill="none" stroke="{tone}" stroke-width="3"/>'
        '<circle cx="38" cy="35" r="16.5" fill="#1b1426"/>'
        f'<text x="38" y="{35 + size * 0.36:.1f}" text-anchor="middle" {FONT} font-weight="700"'
        f' font-size="{size}" fill="#ffd23f">{_text(badge.mark)}</text>'
    )


def _style(badge: Badge) -> str:
    tone = TONES[badge.rarity or Rarity.RARE][1]
    return (
        "<style>@media (prefers-color-scheme:dark){"
        f".g{{fill:{DARK.ground};stroke:{DARK.edge}}}.i{{fill:{DARK.ink}}}"
        f".m{{fill:{DARK.muted}}}.r{{stroke:{tone}}}}}</style>"
    )


def fitted(text: str, width: float, size: float, letter: float = BOLD) -> str:
    """Return a text that fits a width at a font size, cut where it is too long."""
    room = width / size
    kept = ""
    for char in text:
        room -= _width(char, letter)
        if room < 0:
            return f"{kept[:-1].rstrip()}{ELLIPSIS}"
        kept += char
    return kept


def _width(char: str, letter: float) -> float:
    if unicodedata.combining(char):
        return 0
    return WIDE if unicodedata.east_asian_width(char) in {"W", "F"} else letter


def _text(text: str) -> str:
    return escape(NOT_XML.sub("", text))
