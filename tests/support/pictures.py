"""Pictures as people upload them."""

from __future__ import annotations

import io

from PIL import Image


def picture(kind: str = "PNG", size: tuple[int, int] = (300, 200)) -> bytes:
    """A picture of one colour."""
    target = io.BytesIO()
    Image.new("RGB", size, (200, 40, 60)).save(target, kind)
    return target.getvalue()
