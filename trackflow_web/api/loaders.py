"""The first line of a view: the thing it is about, or a 404."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from trackflow_web.api.auth import SAFE_METHODS, me
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.songs import queries
from trackflow_web.kernel.errors import NotFound

if TYPE_CHECKING:
    from trackflow_web.domain.songs.models import Song


def song_or_404(song_id: int) -> Song:
    """One of the caller's own songs; when something will be changed, held for that.

    Somebody else's is not there, as one that never was.
    """
    song = queries.find_song(song_id, for_update=request.method not in SAFE_METHODS)
    if song is None or song.user_id != me().id:
        raise NotFound
    return song


def part_or_404(name: str) -> Part:
    """The part of this name."""
    if name not in set(Part):
        raise NotFound
    return Part(name)
