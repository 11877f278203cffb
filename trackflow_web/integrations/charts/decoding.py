"""Text files of charters: any encoding, never an error."""

from __future__ import annotations

import codecs

from trackflow_web.domain.imports.files.decoding import CODECS, guess

# UTF-32 first: its mark of byte order begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decoded(content: bytes) -> str:
    """Return the text of a file: by its mark of byte order, else UTF-8, else the likeliest.

    UTF-16 without the mark is known by the zero beside `[` or a letter.
    """
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    if content[:1].strip(b"\0") and content[1:4:2] == b"\0\0":
        return content.decode("utf-16-le", "replace")
    if content[1:2].strip(b"\0") and content[:3:2] == b"\0\0":
        return content.decode("utf-16-be", "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        likely = guess(content)
        return content.decode(CODECS.get(likely, likely), "replace")
