"""Pictures that contain their credential: PNG and SVG, as Open Badges 3.0 has it."""

from __future__ import annotations

import re
import struct
import zlib
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG = b"\x89PNG\r\n\x1a\n"
KEYWORD = b"openbadgecredential"
NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"
# Keyword, no compression, no language, no translated keyword.
HEAD = KEYWORD + b"\0\0\0\0\0"
LARGEST_CHUNK = 1024 * 1024
_IN_SVG = re.compile(
    r"<openbadges:credential\b[^<>]{0,200}>\s*<!\[CDATA\[(.*?)\]\]>\s*</openbadges:credential>",
    re.DOTALL,
)


def baked_png(picture: bytes, credential: bytes) -> bytes:
    """Return the PNG with the credential, instead of one that it may have."""
    chunks = [chunk for kind, body, chunk in _chunks(picture) if not _is_credential(kind, body)]
    # Behind the header, before the pixels.
    return b"".join((PNG, chunks[0], _chunk(b"iTXt", HEAD + credential), *chunks[1:]))


def baked_svg(picture: str, credential: str) -> str:
    """Return the SVG with the credential."""
    text = credential.replace("]]>", "]]]]><![CDATA[>")
    head, _, rest = picture.partition(">")
    namespace = f' xmlns:openbadges="{escape(NAMESPACE)}"'
    return (
        f"{head}{namespace}><openbadges:credential><![CDATA[{text}]]></openbadges:credential>{rest}"
    )


def found_in(content: bytes) -> bytes | None:
    """Return the credential in a picture, or the content itself if it is no picture.

    None for a picture without exactly one.
    """
    if content.startswith(PNG):
        try:
            found = [body for kind, body, _ in _chunks(content) if _is_credential(kind, body)]
        except ValueError:
            return None
        is_one = len(found) == 1 and found[0].startswith(HEAD)
        return found[0][len(HEAD) :] if is_one else None
    if content.lstrip().startswith(b"<"):
        texts = _IN_SVG.findall(content.decode("utf-8", "replace"))
        return texts[0].encode() if len(texts) == 1 else None
    return content


def _is_credential(kind: bytes, body: bytes) -> bool:
    is_text = kind in {b"iTXt", b"tEXt", b"zTXt"}
    return is_text and body.partition(b"\0")[0].lower() == KEYWORD


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield kind, body and all bytes of each chunk. Raises ValueError for a damaged file."""
    at = len(PNG)
    while at < len(picture):
        length = int.from_bytes(picture[at : at + 4])
        end = at + 12 + length
        if length > LARGEST_CHUNK or end > len(picture):
            raise ValueError(length)
        yield picture[at + 4 : at + 8], picture[at + 8 : end - 4], picture[at:end]
        at = end


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
