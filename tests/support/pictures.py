"""Pictures as people upload them."""

from __future__ import annotations

import io
import random

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


def photograph(seed: int, side: int = 600) -> bytes:
    """A picture with as much detail as a photo: noise of every size, the finer the fainter."""
    dice = random.Random(seed)
    taken = Image.new("RGB", (side, side), (128, 128, 128))
    # Each layer is blended over all before it, so the finest comes last.
    for cells, weight in (
        (3, 0.9),
        (6, 0.5),
        (12, 0.4),
        (25, 0.3),
        (50, 0.25),
        (150, 0.2),
        (600, 0.12),
    ):
        noise = Image.frombytes("RGB", (cells, cells), dice.randbytes(3 * cells * cells))
        layer = noise.resize((side, side), Image.Resampling.BICUBIC)
        taken = Image.blend(taken, layer, weight)
    target = io.BytesIO()
    taken.save(target, "JPEG", quality=92)
    return target.getvalue()
