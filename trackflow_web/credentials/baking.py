"""Pictures that contain their credential: PNG and SVG, as Open Badges 3.0 has it."""

from __future__ import annotations

import re
import struct
import zlib
from html import escape
from typing import TYPE_CHECKING

from trackflow_web.credentials.verification import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG = b"\x89PNG\r\n\x1a\n"
KEYWORD = b"openbadgecredential"
NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"
# Keyword, no compression, no language, no translated keyword.
HEAD = KEYWORD + b"\0\0\0\0\0"
LARGEST_CHUNK = 1024 * 1024
# How `]]>` is written within a CDATA section, which it would end.
CDATA_END, CDATA_SPLIT = "]]>", "]]]]><![CDATA[>"
NO_BADGE = "There's no badge in this file."
SEVERAL = "This picture has more than one badge."
DAMAGED = "This PNG is damaged."
COMPRESSED = "The badge in this PNG is compressed or has a language, which the standard forbids."
ACTIVE_SVG = "This SVG has scripts, entities or links to other files. A badge has none."
OPEN, CDATA, CLOSE = "<openbadges:credential", "<![CDATA[", "</openbadges:credential>"
# Bytes of a picture that is read.
MOST_BYTES = 512 * 1024
LONGEST_TAG = 400
_TAG = re.compile(r"<openbadges:credential\b[^<>]*>\s*")
_OTHER = re.compile(r"<(?:[\w.-]{1,40}:)?credential\b")
# What makes a drawing a program, or takes text from elsewhere.
_ACTIVE = re.compile(
    r"<!DOCTYPE|<!ENTITY|<\?xml-|<(?:[\w.-]{1,40}:)?(?:script|foreignObject|iframe|use|image|a)\b"
    r"|<[^<>]{0,2000}[\s:\"'](?:on\w{1,40}|href)\s{0,20}=",
    re.IGNORECASE,
)


def baked_png(picture: bytes, credential: bytes) -> bytes:
    """Return the PNG with the credential, instead of one that it may have."""
    chunks = [chunk for kind, body, chunk in _chunks(picture) if not _is_credential(kind, body)]
    # Behind the header, before the pixels.
    return b"".join((PNG, chunks[0], _chunk(b"iTXt", HEAD + credential), *chunks[1:]))


def baked_svg(picture: str, credential: str) -> str:
    """Return the SVG with the credential."""
    text = credential.replace(CDATA_END, CDATA_SPLIT)
    head, _, rest = picture.partition(">")
    namespace = f' xmlns:openbadges="{escape(NAMESPACE)}"'
    return (
        f"{head}{namespace}><openbadges:credential><![CDATA[{text}]]></openbadges:credential>{rest}"
    )


def found_in(content: bytes) -> bytes:
    """Return the credential in a picture, or the content itself if it is no picture.

    Raises Rejected for a picture without exactly one.
    """
    if content.startswith(PNG):
        return _found_in_png(content)
    if content.lstrip().startswith(b"<"):
        return _found_in_svg(content.decode("utf-8", "replace"))
    return content


def _found_in_png(content: bytes) -> bytes:
    try:
        found = [body for kind, body, _ in _chunks(content) if _is_credential(kind, body)]
    except ValueError:
        raise Rejected(DAMAGED) from None
    if len(found) != 1:
        raise Rejected(SEVERAL if found else NO_BADGE)
    if not found[0].startswith(HEAD):
        raise Rejected(COMPRESSED)
    return found[0][len(HEAD) :]


def _found_in_svg(text: str) -> bytes:
    """Return what is in the one element of an SVG. No XML parser: nothing is ever expanded."""
    start, end = text.find(OPEN), text.rfind(CLOSE)
    around = text if not 0 <= start < end else text[:start] + text[end + len(CLOSE) :]
    if _ACTIVE.search(around):
        raise Rejected(ACTIVE_SVG)
    if not 0 <= start < end:
        raise Rejected(NO_BADGE)
    if _OTHER.search(around) or CLOSE in text[start:end]:
        raise Rejected(SEVERAL)
    begin = text.find(CDATA, start, start + LONGEST_TAG)
    inside = text[begin + len(CDATA) : end].rstrip()
    if not _TAG.fullmatch(text[start:begin]) or not inside.endswith(CDATA_END):
        raise Rejected(NO_BADGE)
    return inside.removesuffix(CDATA_END).replace(CDATA_SPLIT, CDATA_END).encode()


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
