"""From bytes to text: byte order marks, UTF-16 and UTF-32 without one, UTF-8, else a guess."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from trackflow_web.kernel.errors import Invalid

# The encodings that a user can choose if the guess is wrong, by their name on the page.
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Windows (Western Europe)",
    "cp1250": "Windows (Central Europe)",
    "cp1251": "Windows (Cyrillic)",
    "mac-roman": "Mac (Western Europe)",
    "shift_jis": "Shift JIS",
    "gb18030": "GB 18030",
}
GUESS = "cp1252"
# Windows has more letters in Shift JIS than the standard.
CODECS = {"shift_jis": "cp932"}

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# The first bytes of binary files that users upload by mistake.
_OTHER_KINDS = (
    (b"PK\x03\x04", "This is a spreadsheet or a zip file. Save the list as CSV and try again."),
    (b"\xd0\xcf\x11\xe0", "This is an Excel file. Save the list as CSV and try again."),
    (b"%PDF-", "This is a PDF. Save the list as CSV and try again."),
    (b"\x1f\x8b", "This file is compressed. Unpack it and try again."),
)
# The number of bytes inspected to distinguish UTF-16 from UTF-8; and the share of control
# characters, one in this many, above which a file does not count as text.
_HEAD = 4_096
_ONE_IN = 10
# NUL bytes of UTF-16 in a script that is not Latin: how many there are at least; their share of
# every second byte, and of the others.
_LEAST_NULS, _SOME, _FEW = 4, 0.05, 0.01
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_ASCII = bytes(range(128))
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
# Words of Cyrillic letters; no other language of these encodings has four such bytes in a row.
_CYRILLIC_WORDS = re.compile(rb"[\xc0-\xff]{4,}")
_KANA = re.compile(r"[\u3041-\u30ff]")
# Bytes looked at for a guess.
_LOOKED_AT = 64 * 1024


@dataclass(frozen=True)
class Decoded:
    """The text of a file; `is_guess` if the file does not declare its encoding."""

    text: str
    encoding: str
    is_guess: bool = False


def decode(content: bytes, encoding: str = "") -> Decoded:
    """Return the text, in the given or detected encoding. Raises Invalid naming `file`.

    Invalid bytes become U+FFFD, so that a bad byte affects only one letter.
    """
    if not content.strip(b"\x00 \t\r\n"):
        raise Invalid(file="This file is empty.")
    for start, message in _OTHER_KINDS:
        if content.startswith(start):
            raise Invalid(file=message)
    found, is_guess = (encoding, False) if encoding in ENCODINGS else _encoding_of(content)
    text = content.decode(CODECS.get(found, found), "replace").lstrip("\ufeff")
    if len(_CONTROLS.findall(text[:_HEAD])) * _ONE_IN > min(len(text), _HEAD):
        raise Invalid(file="This isn't a text file. Save the list as CSV and try again.")
    if not text.strip():
        raise Invalid(file="This file is empty.")
    return Decoded(text, "utf-8" if found == "utf-8-sig" else found, is_guess)


def _encoding_of(content: bytes) -> tuple[str, bool]:
    """Return an encoding, and whether it is only a guess."""
    for mark, name in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return name, False
    if wide := _wide_encoding(content[:_HEAD]):
        return wide, False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return guess(content), True
    return "utf-8", False


def guess(content: bytes) -> str:
    """Return the likeliest encoding of bytes of which some are not UTF-8."""
    first = _BEYOND_ASCII.search(content)
    looked_at = content[first.start() :][:_LOOKED_AT] if first else b""
    valid = "".join(filter(_is_beyond_ascii, looked_at.decode("utf-8", "ignore")))
    beyond = len(looked_at.translate(None, _ASCII))
    bad = beyond - len(valid.encode())
    # Apart from a few bytes: the end of the file is missing, or a line comes from elsewhere.
    if bad * 4 < len(valid):
        return "utf-8"
    japanese = "".join(filter(_is_beyond_ascii, looked_at.decode("cp932", "replace")))
    if len(_KANA.findall(japanese)) * 4 > len(japanese):
        return "shift_jis"
    if bad < len(valid):
        return "utf-8"
    if sum(map(len, _CYRILLIC_WORDS.findall(looked_at))) * 2 > beyond:
        return "cp1251"
    # In cp1252 these bytes are nothing; on old Macs they are letters.
    return "mac-roman" if _UNDEFINED.search(content) else GUESS


def _is_beyond_ascii(char: str) -> bool:
    return not char.isascii()


def _wide_encoding(head: bytes) -> str:
    """Return UTF-16 or UTF-32 if ASCII letters are between NUL bytes, otherwise nothing.

    Where few letters are ASCII, ends of lines still are: NUL is in one place of each pair then, and
    hardly ever in the other.
    """
    size = len(head) - len(head) % 4
    if not size:
        return ""
    nul = [head[at:size:4].count(0) * 4 / size for at in range(4)]
    much, little = 0.7, 0.3
    for name, pattern in (
        ("utf-32-le", (0, 1, 1, 1)),
        ("utf-32-be", (1, 1, 1, 0)),
        ("utf-16-le", (0, 1, 0, 1)),
        ("utf-16-be", (1, 0, 1, 0)),
    ):
        pairs = zip(nul, pattern, strict=True)
        if all(share > much if is_nul else share < little for share, is_nul in pairs):
            return name
    first, second = nul[0] + nul[2], nul[1] + nul[3]
    if head.count(0) < _LEAST_NULS or max(first, second) < _SOME or min(first, second) > _FEW:
        return ""
    name = "utf-16-be" if first > second else "utf-16-le"
    return name if "\n" in (text := head.decode(name, "replace")) or "\r" in text else ""
