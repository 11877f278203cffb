"""The style sheets: every one is sent, and no two features define the same class."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

from trackflow_web.web.assets import LAYERS

FOLDER = Path(__file__).parents[2] / "static" / "css"
SHARED = [sheet for layer in ("base", "layout", "components") for sheet in LAYERS[layer]]
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
SELECTOR = re.compile(r"([^{};]+)\{")
# `.song__title` and `.song--wide` belong to the block `song`.
BLOCK = re.compile(r"\.([a-z]+(?:-[a-z]+)*)")


def blocks(css: str) -> set[str]:
    """The blocks that the selectors of a sheet name."""
    selectors = SELECTOR.findall(COMMENT.sub("", css))
    return {
        block
        for selector in selectors
        if not selector.strip().startswith("@")
        for block in BLOCK.findall(selector)
    }


def blocks_of(sheet: str) -> set[str]:
    return blocks((FOLDER / f"{sheet}.css").read_text(encoding="utf-8"))


def test_every_sheet_is_in_exactly_one_layer():
    listed = [sheet for sheets in LAYERS.values() for sheet in sheets]
    assert sorted(listed) == sorted(path.stem for path in FOLDER.glob("*.css"))


def test_no_two_features_define_a_class_of_the_same_name():
    shared = set().union(*(blocks_of(sheet) for sheet in SHARED))
    own: dict[str, set[str]] = {}
    for sheet in LAYERS["features"]:  # songs-list.css and songs-row.css are of one feature
        own.setdefault(sheet.partition("-")[0], set()).update(blocks_of(sheet) - shared)
    for one, other in combinations(own, 2):
        assert not own[one] & own[other], f"{one} and {other}"


def test_blocks_are_found_in_selectors_only():
    css = "/* .no */ @media (width < 1.5rem) { .one__part, a.two--wide > .three-b { top: 0.5em } }"
    assert blocks(css) == {"one", "two", "three-b"}
