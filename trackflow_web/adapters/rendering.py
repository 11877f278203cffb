"""Rendering of SVG to PNG by resvg, with our own fonts and nothing from outside the picture."""

from __future__ import annotations

import functools
from pathlib import Path

import resvg_py

# SIL Open Font License; see OFL.txt beside them.
FONTS = sorted(str(path) for path in (Path(__file__).parent / "fonts").glob("*.ttf"))
FAMILY = "Noto Sans"


@functools.lru_cache(maxsize=256)
def png_of(svg: str, width: int) -> bytes:
    """Return a picture as PNG of this width in pixels. The same picture is rendered once."""
    return rendered(svg, width)


def rendered(svg: str, width: int) -> bytes:
    """Return a picture as PNG of this width in pixels."""
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            width=width,
            skip_system_fonts=True,
            font_files=FONTS,
            font_family=FAMILY,
            sans_serif_family=FAMILY,
        )
    )
