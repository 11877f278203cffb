"""Normalisation and validation of text and numbers, before they reach a database.

The databases disagree about NUL bytes, lone surrogates, huge integers and Unicode digits, so this
module rejects all of these.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from enum import StrEnum
from typing import TypeVar

from trackflow_web.kernel.characters import (
    folded,
    is_visible,
    with_short_runs_of_marks,
    without_any_invisible,
    without_invisible,
)
from trackflow_web.kernel.errors import Invalid

_LINE_ENDS = re.compile(r"\r\n?|\u2028|\u2029")
_EMPTY_LINES = re.compile(r"\n{3,}")
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
# Control characters and lone surrogates: the databases reject or corrupt them.
_REFUSED = frozenset({"Cc", "Cs"})
# Bytes. An index row of PostgreSQL holds 2,704, and one contains two keys of a song.
LONGEST_KEY = 1000
# Input characters per stored character: a letter may be typed in four pieces (Vietnamese,
# Hangul), and white space around and between words is dropped.
TYPED_FOR_ONE_KEPT = 4
SPARE = 1000
# Characters. A number of 18 digits, with a sign and white space around it.
LONGEST_NUMBER = 100
# The ids that forms, addresses and the API accept; both databases compare them.
LARGEST_ID = 10**18 - 1

# What messages call fields whose name isn't a word for what to enter.
_FIELD_NAMES = {
    "body": "comment",
    "q": "search",
    "tracks": "track list",
    "timezone": "time zone",
    "playlist": "Spotify playlist",
}

Choice = TypeVar("Choice", bound=StrEnum)


class YesOrNo(StrEnum):
    """The value that a switch of a form sends."""

    YES = "1"
    NO = "0"


def line(value: object, field: str, *, longest: int, required: bool = True) -> str:
    """Return one line of text: NFC, trimmed, runs of white space made one space, nothing invisible.

    `longest` counts characters after that. Raises Invalid naming `field`.
    """
    typed = _bounded(value, field, longest)
    # White space first: a tab or a line break from a pasted title is a space, not an error.
    spaced = " ".join(typed.split())
    # Again: invisible characters may have separated spaces.
    return _checked(" ".join(_cleaned(spaced).split()), field, longest, required=required)


def lines(value: object, field: str, *, longest: int, required: bool = True) -> str:
    """Return a text of several lines: NFC, trimmed, LF at their ends, at most one left empty.

    Nothing invisible stays. `longest` counts characters after that. Raises Invalid naming `field`.
    """
    typed = _bounded(value, field, longest)
    # A tab becomes spaces, because logs and code that are pasted have them.
    spaced = _cleaned(_LINE_ENDS.sub("\n", typed).expandtabs(4))
    ends_cut = "\n".join(each.rstrip() for each in spaced.split("\n"))
    return _checked(_EMPTY_LINES.sub("\n\n", ends_cut).strip(), field, longest, required=required)


def storable(typed: str) -> str:
    """Return a text that both databases store, whatever it is: NFC, and nothing invisible stays.

    Control characters and halves of characters become U+FFFD.
    """
    cleaned = _cleaned(typed)
    if cleaned.isprintable():
        return cleaned
    return "".join(
        char if unicodedata.category(char) not in _REFUSED else "\N{REPLACEMENT CHARACTER}"
        for char in cleaned
    )


def _bounded(value: object, field: str, longest: int) -> str:
    """Return the input; reject it before processing if it is certainly too long."""
    typed = "" if value is None else value
    if not isinstance(typed, str):
        raise Invalid(**{field: "This must be text."})
    if len(typed) > longest * TYPED_FOR_ONE_KEPT + SPARE:
        raise _too_long(field, longest)
    return typed


def _cleaned(typed: str) -> str:
    if typed.isascii():
        return typed
    # Marks are counted where nothing invisible separates them any more.
    visible = with_short_runs_of_marks(without_invisible(typed))
    return unicodedata.normalize("NFC", visible)


def _checked(cleaned: str, field: str, longest: int, *, required: bool) -> str:
    printable = cleaned.isascii() and cleaned.isprintable()
    if not printable and any(
        unicodedata.category(char) in _REFUSED for char in cleaned if char != "\n"
    ):
        raise Invalid(**{field: "This contains characters that can't be stored."})
    if len(cleaned) > longest:
        raise _too_long(field, longest)
    visible = any(map(is_visible, cleaned))
    if required and not visible:
        raise Invalid(**{field: missing(field)})
    return cleaned if visible else ""


def missing(field: str) -> str:
    """Return the message for a field that was left empty, such as `Enter a title`."""
    what = field_name(field)
    return f"Enter {_article(what)} {what}."


def field_name(field: str) -> str:
    """Return what a message calls a field: `song`, `comment`."""
    return _FIELD_NAMES.get(field, field.removesuffix("_id").replace("_", " "))


def _article(noun: str) -> str:
    # "A username" starts with a consonant sound.
    return "an" if noun[:1] in "aeio" else "a"


def _too_long(field: str, longest: int) -> Invalid:
    return Invalid(**{field: f"Use {longest:,} characters or fewer."})


def whole_number(
    value: object,
    field: str,
    *,
    least: int,
    most: int,
) -> int | None:
    """Return a whole number from `least` to `most`, or None for an empty field.

    Only ASCII digits count. Raises Invalid naming `field`.
    """
    what = field_name(field)
    refusal = Invalid(**{field: f"Enter {_article(what)} {what} between {least} and {most}."})
    if isinstance(value, str) and len(value) > LONGEST_NUMBER:
        raise refusal
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
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
    """Return the member of `kind` with this value.

    Raises Invalid naming `field` and the choices.
    """
    if isinstance(value, str) and value in {member.value for member in kind}:
        return kind(value)
    names = ", ".join(kind)
    raise Invalid(**{field: f"This must be one of: {names}."})


def comparison_key(text: str) -> str:
    """Return the comparison key of a name.

    It ignores case, accents, spacing, typographic quotes, apostrophes and hyphens, and invisible
    characters. Names without a letter or digit have the same key only if they look the same. It is
    never empty for a visible text, and never longer than LONGEST_KEY.
    """
    key = "".join(folded(text).split())
    if not any(map(str.isalnum, key)):
        key = " ".join(unicodedata.normalize("NFC", without_any_invisible(text)).split())
    if len(key.encode()) > LONGEST_KEY:  # some single characters unfold into eighteen
        return hashlib.sha256(key.encode()).hexdigest()
    return key


def artist_key(name: str) -> str:
    """Return the comparison key of an artist: a leading "The" does not count either."""
    first, _, rest = " ".join(without_any_invisible(name).split()).partition(" ")
    has_article = unicodedata.normalize("NFKC", first).casefold() == "the"
    if has_article and rest and rest.casefold() != "the":
        return comparison_key(rest)
    return comparison_key(name)


def search_key(*texts: str) -> str:
    """Return a text to search in with LIKE: as it is compared, but words stay apart.

    Marks of every script are removed, so that a text is found without its vowel points.
    """
    return "".join(char for char in folded(" ".join(texts)) if not unicodedata.combining(char))


def like_pattern(text: str) -> str:
    r"""Return the LIKE pattern (escape character `\`) of texts whose search key contains `text`."""
    escaped = re.sub(r"([\\%_])", r"\\\1", search_key(text))
    return f"%{escaped}%"


def noun_of(number: int, singular: str, plural: str | None = None) -> str:
    """Return the noun for a number: `song` for one, else `songs`."""
    return singular if number == 1 else plural or f"{singular}s"


def count_of(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number with its noun: `1 song`, `1,000 songs`."""
    return f"{number:,} {noun_of(number, singular, plural)}"


def isolate(text: str) -> str:
    """Return a text of a user as part of a sentence: its direction does not affect the rest.

    For where `<bdi>` cannot be: notices and titles of pages.
    """
    return f"\N{FIRST STRONG ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"
