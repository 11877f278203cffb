"""Skeletons of names: what texts share that could be taken for each other."""

# ruff: noqa: RUF001 -- letters of other scripts that look like Latin ones are what this is about
from __future__ import annotations

import re
import unicodedata
from functools import cache

from trackflow_web.kernel.characters import folded

# Capitals whose small letter looks like another one.
_CAPITALS = str.maketrans("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧԼՍՏ", "ABEZHIKMNOPTYXLUS")
_OTHER_SCRIPTS = (
    ("абвгдеёзикмнорстуүхчьѕіїјһӏԁԍԛԝ", "abbrdee3nkmhopctyyx4bsiijhldgqw"),
    ("αβγεηικνορτυχωζμϲ", "abyenikvoptuxwzuc"),
    ("եցհյոսօզք", "eghjnuoqp"),
    ("ᎠᎡᎢᎥᎪᎫᎬᎳᎷᎻᏀᏃᏆᏒᏕᏙᏚᏞᏟᏢᏦᏴ", "drtiajewmhgzirsvslcpkb"),
    ("ꓐꓑꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴ", "bpdtgkjczfmnlsrvhwxyaeiou"),
    ("ɑɡɩ", "agi"),
)
# Other forms of Latin letters that do not decompose, found by their names.
_FORMS = re.compile(
    r"(?:LATIN LETTER SMALL CAPITAL|REGIONAL INDICATOR SYMBOL LETTER"
    r"|NEGATIVE (?:CIRCLED|SQUARED) LATIN CAPITAL LETTER) ([A-Z])"
)
_WITH_FORMS = ((0x0250, 0x02AF), (0x1D00, 0x1D7F), (0xA730, 0xA7FF), (0x1F150, 0x1F1FF))
# Of Latin letters, digits and signs, the ones that look alike; no two digits do.
_ALIKE = str.maketrans("01345789|!@$i", "oleastbgllasl")
# Pairs that look like one letter.
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))


def skeleton(text: str) -> str:
    """Return the skeleton that confusable texts share: `Dreamer`, `dream_er`, `DREAM3R`.

    It has letters and digits only, unless the text has none.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_CAPITALS)
    latin = folded(plain.translate(_latin_letters())).translate(_latin_letters())
    kept = "".join(filter(str.isalnum, latin.translate(_ALIKE)))
    for pair, letter in _PAIRS:
        kept = kept.replace(pair, letter)
    return kept or text.strip()


@cache
def _latin_letters() -> dict[int, str]:
    letters = {
        ord(char): latin
        for chars, plain in _OTHER_SCRIPTS
        for char, latin in zip(chars, plain, strict=True)
    }
    for first, last in _WITH_FORMS:
        for code in range(first, last + 1):
            if named := _FORMS.fullmatch(unicodedata.name(chr(code), "")):
                letters[code] = named[1].lower()
    return letters
