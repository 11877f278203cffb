"""Uploaded pictures: validated in the request, re-encoded in a job.

Format and size are validated before decoding: a file of some kilobytes may claim to have a billion
pixels. Stored pictures were encoded here, without metadata.
"""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# A photo of a phone has half as many. Decoded they take 100 MB.
MOST_PIXELS = 25_000_000
QUALITY = 82
# By the first bytes; the name of a file and its declared type say nothing.
SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
}
# The exceptions of Pillow for invalid files.
BROKEN = (
    *(OSError, ValueError, SyntaxError, EOFError, LookupError, OverflowError, struct.error),
    *(zlib.error, TypeError, AttributeError, Image.DecompressionBombError),
)
UNKNOWN = "Choose a PNG, JPEG, WebP or GIF picture."
UNREADABLE = "This picture can't be read. Try saving it again, or choose another."
TOO_MANY_PIXELS = f"Choose a picture of up to {MOST_PIXELS // 1_000_000} megapixels."
# Its own limit gives warnings first; the one above is checked before anything is decoded.
Image.MAX_IMAGE_PIXELS = None


class Unreadable(Exception):
    """A picture that cannot be decoded."""


def check(content: bytes, field: str, *, most_bytes: int) -> None:
    """Check size, format, dimensions and structure of a picture without decoding it.

    Raises Invalid naming `field`.
    """
    if len(content) > most_bytes:
        raise Invalid(**{field: f"Choose a picture of up to {most_bytes // 1024**2} MB."})
    kind = format_of(content)
    if kind is None:
        raise Invalid(**{field: UNKNOWN})
    if kind == "WEBP" and _too_large(*_webp_size(content)):
        raise Invalid(**{field: TOO_MANY_PIXELS})  # opening it would decode it
    try:
        with Image.open(BytesIO(content), formats=[kind]) as image:
            size = image.size
            if not _too_large(*size):
                image.verify()
    except BROKEN:
        raise Invalid(**{field: UNREADABLE}) from None
    if _too_large(*size):
        raise Invalid(**{field: TOO_MANY_PIXELS})


def squares(content: bytes, sizes: Sequence[int]) -> Mapping[int, bytes]:
    """Return the middle of a checked picture as WebP squares of these sizes in pixels.

    Of several frames the first is taken, turned as its camera was held. Raises Unreadable.
    """
    kind = format_of(content)
    if kind is None or (kind == "WEBP" and _too_large(*_webp_size(content))):
        raise Unreadable
    try:
        with Image.open(BytesIO(content), formats=[kind]) as image:
            if _too_large(*image.size):
                raise Unreadable
            image.draft("RGB", (2 * max(sizes), 2 * max(sizes)))
            upright = ImageOps.exif_transpose(image)
            if upright.mode.startswith("I"):  # 16 bits; converting it clips instead of scaling
                upright = upright.point(lambda grey: grey * (1 / 257)).convert("L")
            pixels = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
            return {size: _square(pixels, size) for size in sizes}
    except BROKEN:
        raise Unreadable from None


def jpeg_of(content: bytes) -> bytes:
    """Return one of our own pictures as JPEG, which is the fastest to render into another."""
    target = BytesIO()
    with Image.open(BytesIO(content), formats=["WEBP"]) as image:
        ground = Image.new("RGB", image.size, "#1b1426")
        ground.paste(image, mask=image.convert("RGBA").getchannel("A"))
        ground.save(target, "JPEG", quality=88)
    return target.getvalue()


def format_of(content: bytes) -> str | None:
    """Return Pillow's name of a picture's format by its first bytes; None for all others."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    return next((kind for start, kind in SIGNATURES.items() if content.startswith(start)), None)


def _square(pixels: Image.Image, size: int) -> bytes:
    fitted = ImageOps.fit(pixels, (size, size), Image.Resampling.LANCZOS)
    # Only pixels: a fitted picture still has the profiles and comments of the original.
    bare = Image.new(fitted.mode, fitted.size)
    bare.paste(fitted)
    target = BytesIO()
    bare.save(target, "WEBP", quality=QUALITY, method=4)
    return target.getvalue()


def _too_large(width: int, height: int) -> bool:
    return width < 1 or height < 1 or width * height > MOST_PIXELS


def _webp_size(content: bytes) -> tuple[int, int]:
    """Return width and height that a WebP file declares; 0 where there are none."""
    head = content[12:30]
    if len(head) < 18:  # noqa: PLR2004 -- the bytes of the header that are read here
        return 0, 0
    if head[:4] == b"VP8X":
        return 1 + int.from_bytes(head[12:15], "little"), 1 + int.from_bytes(head[15:18], "little")
    if head[:4] == b"VP8L":
        bits = int.from_bytes(head[9:13], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack("<HH", head[14:18])
    return width & 0x3FFF, height & 0x3FFF
