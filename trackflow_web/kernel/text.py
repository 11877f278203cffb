"""Text and numbers as people type them, checked before either database sees them.

The databases disagree about NUL bytes, lone surrogates, huge integers and Unicode digits, so none
of these gets past this module.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from enum import StrEnum
from typing import TypeVar

from trackflow_web.kernel.errors import Invalid

_SPACES = re.compile(r"\s+")
_LINE_ENDS = re.compile(r"\r\n?|\u2028|\u2029")
_SPACES_AT_THE_END = re.compile(r"[^\S\n]+$", re.MULTILINE)
_EMPTY_LINES = re.compile(r"\n{3,}")
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
# Control characters and lone surrogates: the databases refuse or mangle them. Format characters
# (Cf) stay, because joiners are part of real names and emoji.
_REFUSED = frozenset({"Cc", "Cs"})
_INVISIBLE = frozenset({"Cf", "Zs", "Zl", "Zp", "Mn", "Me"})
# Letters and a symbol by their category, and yet nothing is drawn for them.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
# Kana with and without a voicing mark are different letters, not one with an accent.
_VOICING_MARKS = frozenset("\u3099\u309a")
# Bytes. An index row of PostgreSQL holds 2,704, and a song's two keys stand in one.
LONGEST_KEY = 1000

Choice = TypeVar("Choice", bound=StrEnum)


class YesOrNo(StrEnum):
    """What a switch of a form sends."""

    YES = "1"
    NO = "0"


def line(value: object, field: str, *, longest: int, required: bool = True) -> str:
    """One line of text: NFC, trimmed, runs of white space made one space.

    `longest` counts characters after that. Raises Invalid naming `field`.
    """
    text = "" if value is None else value
    if not isinstance(text, str):
        raise Invalid(**{field: "This must be text."})
    # White space first: a tab or a line break from a pasted title is a space, not an error.
    text = unicodedata.normalize("NFC", _SPACES.sub(" ", text).strip())
    if any(unicodedata.category(char) in _REFUSED for char in text):
        raise Invalid(**{field: "This contains characters that cannot be stored."})
    if len(text) > longest:
        raise Invalid(**{field: f"This is too long: {longest:,} characters at the most."})
    visible = any(
        unicodedata.category(char) not in _INVISIBLE and char not in _BLANK for char in text
    )
    if required and not visible:
        raise Invalid(**{field: "This is needed."})
    return text if visible else ""


def lines(value: object, field: str, *, longest: int, required: bool = True) -> str:
    """A text of several lines: NFC, trimmed, ends of lines as LF, at most one line left empty.

    `longest` counts characters after that. Raises Invalid naming `field`.
    """
    text = "" if value is None else value
    if not isinstance(text, str):
        raise Invalid(**{field: "This must be text."})
    # A tab becomes spaces, because logs and code that are pasted have them.
    text = unicodedata.normalize("NFC", _LINE_ENDS.sub("\n", text).expandtabs(4))
    text = _EMPTY_LINES.sub("\n\n", _SPACES_AT_THE_END.sub("", text)).strip()
    if any(unicodedata.category(char) in _REFUSED for char in text if char != "\n"):
        raise Invalid(**{field: "This contains characters that cannot be stored."})
    if len(text) > longest:
        raise Invalid(**{field: f"This is too long: {longest:,} characters at the most."})
    visible = any(unicodedata.category(char) not in _INVISIBLE | _REFUSED for char in text)
    if required and not visible:
        raise Invalid(**{field: "This is needed."})
    return text if visible else ""


def whole_number(
    value: object,
    field: str,
    *,
    least: int,
    most: int,
) -> int | None:
    """A whole number from `least` to `most`, or None for an empty field.

    Only ASCII digits count. Raises Invalid naming `field`.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    refusal = Invalid(**{field: f"This must be a whole number from {least} to {most}."})
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise refusal
    if isinstance(value, str):
        if not _WHOLE_NUMBER.fullmatch(value.strip()):
            raise refusal
        value = int(value)
    if not least <= value <= most:
        raise refusal
    return value


def choice(value: object, field: str, kind: type[Choice]) -> Choice:
    """The member of `kind` that has this value. Raises Invalid naming `field` and the choices."""
    if isinstance(value, str) and value in {member.value for member in kind}:
        return kind(value)
    names = ", ".join(kind)
    raise Invalid(**{field: f"This must be one of: {names}."})


def comparison_key(text: str) -> str:
    """What two names share when people call them the same.

    Case, accents, spacing, a leading "The" and what cannot be seen do not count. Never empty for a
    visible text, and never longer than LONGEST_KEY.
    """
    folded = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(char for char in folded if _is_compared(char)).casefold().strip()
    without_article = re.sub(r"^the\s+(?=\S)", "", bare)
    key = _SPACES.sub("", without_article) or _SPACES.sub("", folded)
    if len(key.encode()) > LONGEST_KEY:  # some single characters unfold into eighteen
        return hashlib.sha256(key.encode()).hexdigest()
    return key


def _is_compared(char: str) -> bool:
    if char in _VOICING_MARKS:
        return True
    selects_variant = "\ufe00" <= char <= "\ufe0f"  # a heart as text or as a picture
    return not (
        unicodedata.combining(char) or selects_variant or unicodedata.category(char) == "Cf"
    )


def search_key(*texts: str) -> str:
    """A text to search in with LIKE: case and accents removed, the same on both databases."""
    folded = unicodedata.normalize("NFKD", " ".join(texts)).casefold()
    return "".join(char for char in folded if not unicodedata.combining(char))


def like_pattern(text: str) -> str:
    r"""The LIKE pattern (escape character `\`) of texts whose search key contains `text`."""
    escaped = re.sub(r"([\\%_])", r"\\\1", search_key(text))
    return f"%{escaped}%"


def count_of(number: int, singular: str, plural: str | None = None) -> str:
    """A number with its noun: `1 song`, `1,000 songs`."""
    noun = singular if number == 1 else plural or f"{singular}s"
    return f"{number:,} {noun}"
