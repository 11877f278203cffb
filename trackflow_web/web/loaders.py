"""The first line of a view: the thing it is about, or no page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from flask import abort, request

from trackflow_web.domain.collaborations.queries import helps
from trackflow_web.domain.imports.queries import find_import
from trackflow_web.domain.packs.queries import find_pack
from trackflow_web.domain.series.queries import find_series
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.web.session import SAFE_METHODS, me

if TYPE_CHECKING:
    from trackflow_web.domain.imports.models import Import
    from trackflow_web.domain.packs.models import Pack
    from trackflow_web.domain.series.models import Series
    from trackflow_web.domain.songs.models import Song


def song_or_404(song_id: int, *, may: Literal["work", "own"]) -> Song:
    """A song that the signed-in user owns or helps with; when it will be changed, held for that.

    Who helps may `work` on it (see, tick, move), but what only the owner may is not allowed (403).
    For everybody else it is not there, as one that never was.
    """
    song = find_song(song_id, for_update=_changes())
    if song is None:
        abort(404)
    if song.user_id == me().id:
        return song
    if not helps(me().id, song.id):
        abort(404)
    if may == "own":
        abort(403)
    return song


def pack_or_404(pack_id: int) -> Pack:
    """One of the signed-in user's own packs; its actions hold it, and the songs before it."""
    pack = find_pack(pack_id)
    if pack is None or pack.user_id != me().id:
        abort(404)
    return pack


def series_or_404(series_id: int) -> Series:
    """One of the signed-in user's own album series; its actions hold what they change."""
    series = find_series(series_id)
    if series is None or series.user_id != me().id:
        abort(404)
    return series


def import_or_404(import_id: int) -> Import:
    """One of the signed-in user's own imports; when it will be changed, held for that."""
    item = find_import(import_id, for_update=_changes())
    if item is None or item.user_id != me().id:
        abort(404)
    return item


def _changes() -> bool:
    return request.method not in SAFE_METHODS
