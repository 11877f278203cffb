"""The picture of a badge into which its credential is baked: text and shapes only."""

from __future__ import annotations

import re
from html import escape

SIDE = 400
LONGEST_LINE, MOST_LINES = 18, 3
FRETS = ("#37c566", "#f2545b", "#ffd23f", "#5b9bff", "#ff9440")
# XML has no place for these.
NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


def drawn(name: str, earned: str) -> str:
    """Return an SVG with the name of an achievement and the date."""
    lines = _lines(NOT_XML.sub("", name))
    frets = "".join(
        f'<rect x="{120 + 32 * at}" y="70" width="32" height="10" fill="{colour}"/>'
        for at, colour in enumerate(FRETS)
    )
    first = 200 - 22 * (len(lines) - 1)
    text = "".join(
        f'<text x="200" y="{first + 44 * at}" font-size="36" font-weight="700" fill="#fff">'
        f"{escape(line)}</text>"
        for at, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIDE}" height="{SIDE}"'
        f' viewBox="0 0 {SIDE} {SIDE}"><title>{escape(" ".join(lines))}</title>'
        '<circle cx="200" cy="200" r="192" fill="#1b1426" stroke="#d9cbb5" stroke-width="10"/>'
        f"{frets}<g font-family=\"'Noto Sans','Segoe UI',Roboto,Arial,sans-serif\""
        f' text-anchor="middle">{text}'
        f'<text x="200" y="320" font-size="20" fill="#e6dcf0">{escape(earned)}</text>'
        '<text x="200" y="350" font-size="18" fill="#b7abc4">TrackFlow</text></g></svg>'
    )


def _lines(name: str) -> list[str]:
    """Return a name in at most three lines."""
    lines = [""]
    for word in name.split():
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) <= LONGEST_LINE or not lines[-1]:
            lines[-1] = longer[:LONGEST_LINE]
        else:
            lines.append(word[:LONGEST_LINE])
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], lines[MOST_LINES - 1] + ELLIPSIS]
    return lines
