"""Pictures as people upload them."""

from __future__ import annotations

import io

from PIL import Image


def picture(
    kind: str = "PNG",
    size: tuple[int, int] = (300, 200),
    colour: tuple[int, int, int] = (200, 40, 60),
) -> bytes:
    """A picture of one colour."""
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, kind)
    return target.getvalue()
