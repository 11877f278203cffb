"""Titles that may name the same song."""

from __future__ import annotations

import pytest

from trackflow_web.domain.songs.versions import base_title


@pytest.mark.parametrize(
    "title",
    [
        "Green Gate - 2011 Remaster",
        "Green Gate [Live] - Remasterisé",
        "Green Gate \u2013 Live",
        "Green Gate\uff08Live\uff09",
        "Green Gate\u3010feat. The Posts\u3011",
        "Green Gate (En Vivo)",
        "Green Gate (Alternate Take)",
        "Green Gate feat. The Posts",
    ],
)
@pytest.mark.fault("18b")
def test_the_suffix_of_a_version_is_removed(title):
    assert base_title(title) == "Green Gate"


@pytest.mark.parametrize("title", ["Green Gate (Part 2)", "(Live)", "Take - That", "Vivo"])
def test_other_titles_are_kept(title):
    assert base_title(title) == title
