"""Rules of songs."""

from __future__ import annotations

import pytest

from trackflow_web.domain.songs import rules
from trackflow_web.domain.songs.rules import Progress
from trackflow_web.kernel.errors import Invalid

KNOWN = {"title": "One", "artist": "Metallica", "album": "", "year": ""}


def refused(**fields):
    with pytest.raises(Invalid) as refusal:
        rules.draft(**KNOWN | fields)
    return set(refusal.value.errors)


def test_only_title_and_artist_are_required():
    draft = rules.draft(**KNOWN)
    assert (draft.title, draft.artist, draft.album, draft.year) == ("One", "Metallica", "", None)


def test_all_invalid_fields_are_reported_at_once():
    assert refused(title="", artist="\x00", album="x" * 201, year=1) == set(KNOWN)


def test_years_up_to_next_year_are_accepted(clock):
    clock.set("2026-03-02T12:00+00:00")
    assert rules.draft(**KNOWN | {"year": "2027"}).year == 2027
    assert rules.draft(**KNOWN | {"year": "2028"}).year is None
    assert refused(year=2028) == {"year"}


def test_years_before_1000_are_rejected():
    assert rules.draft(**KNOWN | {"year": "1000"}).year == 1000
    assert rules.draft(**KNOWN | {"year": "0999"}).year is None
    assert refused(year=999) == {"year"}


@pytest.mark.parametrize(
    ("done", "skipped", "text", "percent"),
    [
        (0, 0, "0/15 parts", 0),
        (7, 0, "7/15 parts", 46),
        (14, 0, "14/15 parts", 93),
        (10, 5, "10/10 parts", 100),
        (0, 15, "0/0 parts", 0),
    ],
)
def test_progress_is_shown_as_text_and_percent(done, skipped, text, percent):
    progress = Progress(done=done, skipped=skipped)
    assert (progress.text, progress.percent) == (text, percent)
    assert progress.value <= progress.max
