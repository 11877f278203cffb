"""Unicode characters that need care: invisible ones, marks, and letters that look alike."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import chain

ZERO_WIDTH_NON_JOINER = "\u200c"
ZERO_WIDTH_JOINER = "\u200d"
_JOINERS = frozenset({ZERO_WIDTH_NON_JOINER, ZERO_WIDTH_JOINER})
# The canonical combining class of the sign that joins consonants in Indic scripts.
_VIRAMA = 9
_BLACK_FLAG = "\U0001f3f4"
# UAX #15 (Stream-Safe Text Format): no language needs a longer run of marks, and sorting the marks
# of one run takes time by the square of its length.
LONGEST_RUN_OF_MARKS = 30


def _ranges(*bounds: tuple[int, int]) -> frozenset[str]:
    return frozenset(map(chr, chain.from_iterable(range(a, b + 1) for a, b in bounds)))


# Default_Ignorable_Code_Point of Unicode 15.
DEFAULT_IGNORABLE = _ranges(
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)
# Not default-ignorable, and yet nothing is drawn: annotation anchors and noncharacters.
_NEVER_DRAWN = _ranges((0xFFF9, 0xFFFB), (0xFDD0, 0xFDEF)) | frozenset(
    chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF)
)
IGNORABLE = DEFAULT_IGNORABLE | _NEVER_DRAWN
_VARIATION_SELECTORS = _ranges(
    (0xFE00, 0xFE0F), (0x180B, 0x180D), (0x180F, 0x180F), (0xE0100, 0xE01EF)
)
_TAGS = _ranges((0xE0020, 0xE007F))
# Invisible despite their category: Braille blank, object replacement, a
# musical symbol without a head.
_BLANK = frozenset("\u2800\ufffc\U0001d159")
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp", "Mn", "Me"})

# Scripts in which a joiner changes what is drawn: Arabic to N'Ko, Mandaic, Arabic, the Indic ones,
# Tibetan, Myanmar, Khmer, Mongolian, Phags-pa, and those of the second plane.
_JOINING_SCRIPTS = (
    (0x0600, 0x07FF),
    (0x0840, 0x0DFF),
    (0x0F00, 0x109F),
    (0x1700, 0x18AF),
    (0x1900, 0x1CFF),
    (0xA800, 0xAAFF),
    (0xABC0, 0xABFF),
    (0xFB50, 0xFDFF),
    (0xFE70, 0xFEFF),
    (0x10A00, 0x11FFF),
    (0x1E900, 0x1E95F),
)
# The selector of coloured emoji and the key around digits.
_BEHIND_EMOJI = frozenset("\ufe0f\u20e3")


def is_visible(char: str) -> bool:
    """Return whether a character by itself is visible."""
    return (
        unicodedata.category(char) not in _UNSEEN_CATEGORIES
        and char not in IGNORABLE
        and char not in _BLANK
    )


# --- cleaning: each in one walk through the text --------------------------------------------------


def without_invisible(text: str) -> str:
    """Remove invisible characters, except joiners and selectors that change a neighbour.

    Those are joiners between emoji or letters of joining scripts, and variation selectors and tags
    behind what they can vary.
    """
    if IGNORABLE.isdisjoint(text):
        return text
    kept: list[str] = []
    for index, char in enumerate(text):
        if char not in IGNORABLE or (kept and _has_effect(text, index, kept[-1])):
            kept.append(char)
    return "".join(kept)


def without_any_invisible(text: str) -> str:
    """Remove all invisible characters, including joiners and selectors, for comparing."""
    # The thousands of ignorable characters beyond the first plane make a regular expression slow.
    if IGNORABLE.isdisjoint(text):
        return text
    return "".join(char for char in text if char not in IGNORABLE)


def with_short_runs_of_marks(text: str, *, longest: int = LONGEST_RUN_OF_MARKS) -> str:
    """Drop the marks of a run beyond the longest one that is kept."""
    if text.isascii():
        return text
    kept: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if _is_mark(char) else 0
        if run <= longest:
            kept.append(char)
    return "".join(kept)


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def _has_effect(text: str, index: int, before: str) -> bool:
    char = text[index]
    if char in _JOINERS:
        after = text[index + 1 : index + 2]
        return (
            unicodedata.combining(before) == _VIRAMA
            or (_joins(before) and bool(after) and _joins(after))
            or (char == ZERO_WIDTH_JOINER and _is_emoji(before) and _is_emoji(after))
        )
    if char in _VARIATION_SELECTORS:
        return before not in IGNORABLE and _can_vary(before)
    return char in _TAGS and (before == _BLACK_FLAG or before in _TAGS)


def _joins(char: str) -> bool:
    return unicodedata.category(char)[0] in "LM" and _in_any(char, _JOINING_SCRIPTS)


def _is_emoji(char: str) -> bool:
    """Whether this may be part of an emoji; also one of a later Unicode than Python's."""
    return bool(char) and (
        unicodedata.category(char)[0] == "S"
        or "\U0001f000" <= char <= "\U0001faff"
        or char in _BEHIND_EMOJI
    )


def _can_vary(char: str) -> bool:
    """Whether a variation selector behind it may change what is drawn."""
    category = unicodedata.category(char)
    if category[0] in "SPN" or _is_emoji(char):
        return True
    return category == "Lo" and (
        _in_any(char, _JOINING_SCRIPTS) or unicodedata.name(char, "").startswith("CJK")
    )


def _in_any(char: str, bounds: tuple[tuple[int, int], ...]) -> bool:
    code = ord(char)
    return any(first <= code <= last for first, last in bounds)


# --- folding of look-alikes -----------------------------------------------------------------------

# Letters whose marks are accents.
_LETTERS = _ranges(
    (0x0041, 0x024F),
    (0x0250, 0x02AF),
    (0x0370, 0x03FF),
    (0x0400, 0x052F),
    (0x1C80, 0x1C8F),
    (0x1D00, 0x1DBF),
    (0x1E00, 0x1FFF),
    (0x2C60, 0x2C7F),
    (0xA640, 0xA69F),
    (0xA720, 0xA7FF),
    (0xAB30, 0xAB6F),
)
# Marks of those scripts and of none in particular.
_ACCENTS = _ranges(
    (0x0300, 0x036F),
    (0x0483, 0x0489),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20F0),
    (0x2DE0, 0x2DFF),
    (0xA66F, 0xA672),
    (0xA674, 0xA67D),
    (0xA69E, 0xA69F),
    (0xFE20, 0xFE2F),
)
_ACCENTED = re.compile(
    f"([{''.join(sorted(filter(str.isalpha, _LETTERS)))}])[{''.join(sorted(_ACCENTS))}]+"
)
_TYPOGRAPHIC = str.maketrans(
    dict.fromkeys("`\u00b4\u02b9\u02bb\u02bc\u02bd\u02c8\u02ca\u02cb\u2018\u2019\u201a\u201b", "'")
    | dict.fromkeys(
        "\u0384\u1fbd\u1fbf\u1fef\u1ffe\u2032\u2035\u2039\u203a\u275b\u275c\ua78c\uff07\uff40", "'"
    )
    | dict.fromkeys("\u00ab\u00bb\u02ba\u02ee\u201c\u201d\u201e\u201f\u2033\u2036", '"')
    | dict.fromkeys("\u275d\u275e\u301d\u301e\u301f\uff02", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u207b\u208b\u2212", "-")
    | dict.fromkeys("\u2e3a\u2e3b\ufe31\ufe32\ufe58\ufe63\uff0d", "-")
)
_LATIN = ((0x00C0, 0x02AF), (0x1D00, 0x1DBF), (0x1E00, 0x1EFF), (0x2C60, 0x2C7F), (0xA720, 0xA7FF))
_LETTER_WITH = re.compile(r"LATIN SMALL LETTER ([A-Z]) WITH .{1,60}")
_LETTERS_BY_THEMSELVES = {
    "æ": "ae",
    "œ": "oe",
    "ß": "ss",
    "ð": "d",
    "þ": "th",
    "\u0131": "i",  # dotless
    "ȷ": "j",
    "ĸ": "k",
    "ŋ": "n",
}


@cache
def _plain_letters() -> dict[int, str]:
    """Return small Latin letters that do not decompose, with the plain ones typed for them.

    They are found by their names: LATIN SMALL LETTER O WITH STROKE.
    """
    plain = {}
    for char in map(chr, chain.from_iterable(range(a, b + 1) for a, b in _LATIN)):
        named = _LETTER_WITH.fullmatch(unicodedata.name(char, ""))
        if named and not unicodedata.decomposition(char):
            plain[ord(char)] = named[1].lower()
    return plain | {ord(char): letters for char, letters in _LETTERS_BY_THEMSELVES.items()}


def folded(text: str) -> str:
    """Return the text without differences that users do not type.

    Case, compatibility forms, typographic quotes, apostrophes and hyphens, invisible characters,
    and the accents of Latin, Greek and Cyrillic letters, also of those that do not decompose. Marks
    of other scripts and white space are kept.
    """
    text = text.translate(_TYPOGRAPHIC)
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", without_any_invisible(text))
    # Folding case makes a letter of the iota under a Greek one, and may compose again.
    small = unicodedata.normalize("NFKD", _ACCENTED.sub(r"\1", decomposed).casefold())
    return _ACCENTED.sub(r"\1", small).translate(_plain_letters()).translate(_TYPOGRAPHIC)
