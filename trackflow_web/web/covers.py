"""Covers of releases: their URLs, and generated ones for songs without an upload.

A generated cover depends only on its URL, so that it can be cached publicly and reveals nothing
about the song. Songs of one album have the same.
"""

from __future__ import annotations

import hashlib
import re
from html import escape
from typing import TYPE_CHECKING

from flask import url_for

from trackflow_web.domain.covers.actions import LARGE, SMALL
from trackflow_web.kernel.text import artist_key, comparison_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from trackflow_web.domain.releases.queries import Tile
    from trackflow_web.domain.songs.models import Song

KEY = re.compile(r"[0-9a-f]{8}", re.ASCII)
NOTE = "\N{EIGHTH NOTE}"
# One or two letters or digits of any script.
LETTERS = re.compile(rf"[^\W_]{{1,2}}|{NOTE}")
# The stage, from the light to the dark, and the light on it; white letters can be read on all.
STAGES = (
    ("#6d28d9", "#1e1033", "#f472b6"),
    ("#be185d", "#3b0a2a", "#fb923c"),
    ("#b91c1c", "#35080c", "#fbbf24"),
    ("#c2410c", "#3a1206", "#fde047"),
    ("#15803d", "#04240f", "#a3e635"),
    ("#0f766e", "#04211f", "#67e8f9"),
    ("#1d4ed8", "#0b1a46", "#c084fc"),
    ("#475569", "#0f172a", "#f8fafc"),
    ("#7e22ce", "#130a2e", "#38bdf8"),
    ("#a16207", "#2b1a05", "#f87171"),
)
FRETS = ("#37c566", "#f2545b", "#ffd23f", "#5b9bff", "#ff9440")
LANES = len(FRETS)


def init_app(app: Flask) -> None:
    """Give the templates `cover_url(song)`."""
    app.jinja_env.globals["cover_url"] = address_of


def address_of(song: Song | Tile, large: bool = False) -> str:  # noqa: FBT001, FBT002 -- for templates
    """Return the address of a song's cover."""
    if song.cover:
        side = LARGE if large else SMALL
        return url_for("covers.picture", digest=song.cover, side=str(side))
    return generated(song.artist, song.album or song.title)


def generated(artist: str, name: str) -> str:
    """Return the address of the generated cover for an album or a name of an artist."""
    return url_for("covers.generated", key=_key_of(artist, name), letters=letters_of(artist))


def drawn_for(artist: str, name: str) -> str:
    """Return the generated cover for an album or a name of an artist, without gradients.

    Most of the time of a share image would be spent on them.
    """
    return drawn(_key_of(artist, name), letters_of(artist), ground=_stepped)


def _key_of(artist: str, name: str) -> str:
    album = f"{artist_key(artist)}\n{comparison_key(name)}"
    return hashlib.sha256(album.encode()).hexdigest()[:8]


def letters_of(name: str) -> str:
    """Return the first letters of the first and the last word of a name; a note without any."""
    words: list[str] = [found[0] for word in name.split() if (found := re.findall(r"[^\W_]", word))]
    if not words:
        return NOTE
    first, last = words[0].upper()[:1], words[-1].upper()[:1]
    return first if len(words) == 1 else first + last


def _lit(stage: tuple[str, str, str], x: int, y: int) -> str:
    """Return a stage with a light on it."""
    light, dark, spot = stage
    return (
        f'<defs><linearGradient id="s" x1="0" y1="0" x2=".35" y2="1"><stop stop-color="{light}"/>'
        f'<stop offset="1" stop-color="{dark}"/></linearGradient>'
        f'<radialGradient id="l" gradientUnits="userSpaceOnUse" cx="{x}" cy="{y}" r="190">'
        f'<stop stop-color="{spot}" stop-opacity=".75"/>'
        f'<stop offset="1" stop-color="{spot}" stop-opacity="0"/></radialGradient></defs>'
        '<rect width="300" height="300" fill="url(#s)"/><rect width="300" height="300"'
        ' fill="url(#l)"/>'
    )


def _stepped(stage: tuple[str, str, str], x: int, y: int) -> str:
    """Return the same in four flat steps."""
    light, dark, spot = stage
    return (
        f'<rect width="300" height="300" fill="{light}"/>'
        + "".join(
            f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{spot}" fill-opacity=".16"'
            ' shape-rendering="crispEdges"/>'
            for radius in (150, 105, 60)
        )
        + f'<path d="M0 300V190L300 260V300z" fill="{dark}" fill-opacity=".45"/>'
    )


def drawn(
    key: str, letters: str, *, ground: Callable[[tuple[str, str, str], int, int], str] = _lit
) -> str:
    """Return an SVG: the letters on a stage, with one of four motifs of the five frets."""
    number = int(key, 16)
    number, stage = divmod(number, len(STAGES))
    number, motif = divmod(number, len(MOTIFS))
    x, y = 60 + number % 5 * 45, 40 + number // 5 % 4 * 30
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 300">'
        f"{ground(STAGES[stage], x, y)}{MOTIFS[motif](number)}"
        '<text x="24" y="104" font-family="bahnschrift,\'DIN Alternate\',\'Roboto Condensed\','
        '\'Liberation Sans Narrow\',sans-serif" font-weight="700" font-size="92" fill="#fff"'
        f' letter-spacing="-2">{escape(letters)}</text></svg>'
    )


def _highway(number: int) -> str:
    """Return lanes that run to the horizon, with gems on them."""
    bottom, top, left, right = 300, 128, 30, 270
    edges = [(left + (right - left) * i / LANES, 128 + 44 * i / LANES) for i in range(LANES + 1)]
    lines = "".join(
        f'<path d="M{low:.0f} {bottom}L{high:.0f} {top}" stroke="#fff" stroke-opacity=".4"'
        ' stroke-width="2"/>'
        for low, high in edges
    )
    gems = ""
    for row in range(4):
        depth = (0.93, 0.72, 0.54, 0.39)[row]
        y = top + (bottom - top) * depth
        lanes = number >> (5 * row) & 31 | 1 << (number + 2 * row) % LANES
        for lane in range(LANES):
            if lanes >> lane & 1:
                x = _between(edges, lane, depth)
                gems += (
                    f'<ellipse cx="{x:.0f}" cy="{y:.0f}" rx="{20 * depth:.1f}" ry="{9 * depth:.1f}"'
                    f' fill="{FRETS[lane]}" stroke="#fff" stroke-width="{3 * depth:.1f}"/>'
                )
    return (
        f'<path d="M{left} {bottom}L128 {top}H172L{right} {bottom}z" fill="#0b0714"'
        f' fill-opacity=".72"/>{lines}{gems}'
    )


def _between(edges: list[tuple[float, float]], lane: int, depth: float) -> float:
    """Return the middle of a lane at a depth: 1 is the near end, 0 the far one."""
    low = (edges[lane][0] + edges[lane + 1][0]) / 2
    high = (edges[lane][1] + edges[lane + 1][1]) / 2
    return high + (low - high) * depth


def _record(number: int) -> str:
    """Return a record that lies half on the cover."""
    x, y = 190 + number % 3 * 18, 205 + number // 3 % 3 * 12
    grooves = "".join(
        f'<circle cx="{x}" cy="{y}" r="{radius}" fill="none" stroke="#fff" stroke-opacity=".13"/>'
        for radius in range(58, 128, 9)
    )
    label = "".join(
        f'<circle cx="{x}" cy="{y}" r="{40 - 7 * i}" fill="{FRETS[(i + number) % LANES]}"/>'
        for i in range(LANES)
    )
    return (
        f'<circle cx="{x}" cy="{y}" r="130" fill="#0b0714" fill-opacity=".88"/>{grooves}{label}'
        f'<circle cx="{x}" cy="{y}" r="5" fill="#0b0714"/>'
    )


def _bars(number: int) -> str:
    """Return the levels of an equaliser."""
    bars = ""
    for i in range(10):
        height = 40 + (number >> 2 * i & 7) * 17
        bars += (
            f'<path d="M{24 + 26 * i} 300V{309 - height}a9 9 0 0 1 18 0V300z"'
            f' fill="{FRETS[i // 2]}" fill-opacity="{1 if i % 2 else 0.72}"/>'
        )
    return bars


def _strings(number: int) -> str:
    """Return five strings that swing."""
    strings = ""
    for i, colour in enumerate(FRETS):
        y = 150 + 28 * i
        swing = 18 + (number >> 3 * i & 7) * 6
        strings += (
            f'<path d="M0 {y}C70 {y - swing} 90 {y + swing} 150 {y}S250 {y - swing} 300 {y}"'
            f' fill="none" stroke="{colour}" stroke-width="{9 - i}"/>'
        )
    return f"{strings}<circle cx='232' cy='68' r='30' fill='#fff' fill-opacity='.14'/>"


MOTIFS: tuple[Callable[[int], str], ...] = (_highway, _record, _bars, _strings)
