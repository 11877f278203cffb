"""The first line of a view: the thing it is about, or a 404."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from flask import request

from trackflow_web.api.core.auth import SAFE_METHODS, me
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.collaborations.queries import helps
from trackflow_web.domain.imports.queries import find_import
from trackflow_web.domain.packs.queries import find_pack
from trackflow_web.domain.series.queries import find_series
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.kernel.errors import Forbidden, NotFound

if TYPE_CHECKING:
    from trackflow_web.domain.imports.models import Import
    from trackflow_web.domain.packs.models import Pack
    from trackflow_web.domain.series.models import Series
    from trackflow_web.domain.songs.models import Song


def song_or_404(song_id: int, *, may: Literal["work", "own"]) -> Song:
    """A song that the caller owns or helps with; when something will be changed, held for that.

    Who helps may `work` on it (see, tick, move), but what only the owner may is not allowed (403).
    For everybody else it is not there, as one that never was.
    """
    song = find_song(song_id, for_update=request.method not in SAFE_METHODS)
    if song is None:
        raise NotFound
    if song.user_id == me().id:
        return song
    if not helps(me().id, song.id):
        raise NotFound
    if may == "own":
        raise Forbidden
    return song


def pack_or_404(pack_id: int) -> Pack:
    """One of the caller's own packs; its actions hold it, and the songs before it."""
    pack = find_pack(pack_id)
    if pack is None or pack.user_id != me().id:
        raise NotFound
    return pack


def series_or_404(series_id: int) -> Series:
    """One of the caller's own album series; its actions hold what they change."""
    series = find_series(series_id)
    if series is None or series.user_id != me().id:
        raise NotFound
    return series


def import_or_404(import_id: int) -> Import:
    """One of the caller's own imports; when something will be changed, held for that."""
    item = find_import(import_id, for_update=request.method not in SAFE_METHODS)
    if item is None or item.user_id != me().id:
        raise NotFound
    return item


def part_or_404(name: str) -> Part:
    """The part of this name."""
    if name not in set(Part):
        raise NotFound
    return Part(name)
