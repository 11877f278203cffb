"""Names and codes that could be taken for those of other achievements."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from trackflow_web.kernel.characters import folded
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from trackflow_web.achievements.catalogue.registry import Registry

LOOKS_LIKE = "This looks like the achievement {name}."
# Letters of other scripts, and digits, as the Latin letters that they look like.
_LOOK_ALIKE = str.maketrans(
    dict(zip("абвгдеёзикмнорстухчьѕіјһԁԛԝ", "a6brдee3nkmhopctyx4bsijhdqw", strict=True))
    | dict(zip("αβγεηικνορτυχωζμ", "abyenikvoptuxwzu", strict=True))
    | dict(zip("0135678|!", "oleSbtBll".lower(), strict=True))
    | {"i": "l", "\u0131": "l", "\u2113": "l"}
)
# Pairs that look like one letter.
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))


def skeleton(text: str) -> str:
    """Return the skeleton that confusable texts share: `Dreamer`, `dream_er`, `DREAM3R`."""
    plain = folded(unicodedata.normalize("NFKC", text)).casefold().translate(_LOOK_ALIKE)
    kept = "".join(char for char in plain if char.isalnum())
    for pair, letter in _PAIRS:
        kept = kept.replace(pair, letter)
    return kept or text.strip()


def reject(registry: Registry, *, name: str, code: str, but: str = "") -> None:
    """Raise Invalid naming `name` or `code` if it looks like another achievement's.

    `but` is the code of the achievement that they are for.
    """
    taken: dict[str, str] = {}
    for entry in (*registry.entries, *registry.retired):
        if entry.code != but:
            taken |= {skeleton(entry.code): entry.name, skeleton(entry.name): entry.name}
    errors = {
        field: LOOKS_LIKE.format(name=found)
        for field, text in (("name", name), ("code", code))
        if (found := taken.get(skeleton(text)))
    }
    if errors:
        raise Invalid(**errors)
