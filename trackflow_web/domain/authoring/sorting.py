"""The orders in which a list of songs may be read; each ends with the id, so that pages fit."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from trackflow_web.domain.authoring.statistics import OPEN_PARTS
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.queries import NEWEST_FIRST

if TYPE_CHECKING:
    from trackflow_web.domain.songs.queries import Order


class Sort(StrEnum):
    """What a list of songs is sorted by."""

    NEWEST = "newest"
    UPDATED = "updated"
    TITLE = "title"
    ARTIST = "artist"
    YEAR = "year"
    PARTS_LEFT = "parts_left"
    DUE = "due"

    @property
    def label(self) -> str:
        """The order as people read it."""
        return LABELS[self]


LABELS = {
    Sort.NEWEST: "Newest first",
    Sort.UPDATED: "Recently updated",
    Sort.TITLE: "Title",
    Sort.ARTIST: "Artist",
    Sort.YEAR: "Year",
    Sort.PARTS_LEFT: "Fewest parts left",
    Sort.DUE: "Due date",
}
# What has no year or no due date comes last.
ORDERS: dict[Sort, Order] = {
    Sort.NEWEST: NEWEST_FIRST,
    Sort.UPDATED: (Song.updated_at.desc(), Song.id.desc()),
    Sort.TITLE: (Song.title_key.asc(), Song.artist_key.asc(), Song.id.asc()),
    Sort.ARTIST: (Song.artist_key.asc(), Song.title_key.asc(), Song.id.asc()),
    Sort.YEAR: (Song.year.is_(None), Song.year.asc(), Song.id.asc()),
    Sort.PARTS_LEFT: (OPEN_PARTS.asc(), Song.id.desc()),
    Sort.DUE: (Song.due_on.is_(None), Song.due_on.asc(), Song.id.desc()),
}
