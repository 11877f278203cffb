"""The first line of a view: the thing it is about, or no page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import abort, request

from trackflow_web.domain.songs import queries
from trackflow_web.pages.session import SAFE_METHODS, me

if TYPE_CHECKING:
    from trackflow_web.domain.songs.models import Song


def song_or_404(song_id: int) -> Song:
    """One of the signed-in user's own songs; when something will be changed, held for that.

    Somebody else's is not there, as one that never was.
    """
    song = queries.find_song(song_id, for_update=request.method not in SAFE_METHODS)
    if song is None or song.user_id != me().id:
        abort(404)
    return song
