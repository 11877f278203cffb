"""Packs and albums as others see them: with their releases, and nothing that is still planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import render_template

from trackflow_web.domain.releases import queries
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.web import menus
from trackflow_web.web.caller import viewer_id
from trackflow_web.web.comments import talk_of
from trackflow_web.web.session import reject_hidden
from trackflow_web.web.shared_pages import album_page, pack_page

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

# Covers on a page of a pack or an album; the largest packs have some hundred songs.
MOST_SHOWN = 500


def pack(pack_id: int) -> ResponseReturnValue:
    """Show a pack to others: its releases."""
    found = queries.find_public_pack(pack_id, viewer_id())
    if found is None:
        return reject_hidden()
    item, owner = found
    songs = queries.released_in_pack(item.id, viewer_id(), limit=MOST_SHOWN)
    return render_template(
        "releases/pack.html",
        pack=item,
        owner=owner,
        songs=songs,
        shared=pack_page(item, owner, len(songs)),
        talk=talk_of(SubjectType.PACK, item.id, owner.id),
        menu=menus.of_pack(item),
    )


def album(series_id: int) -> ResponseReturnValue:
    """Show an album to others: its released tracks."""
    found = queries.find_public_series(series_id, viewer_id())
    if found is None:
        return reject_hidden()
    item, owner = found
    tracks = queries.released_in_series(item.id, viewer_id(), limit=MOST_SHOWN)
    return render_template(
        "releases/album.html",
        series=item,
        owner=owner,
        tracks=tracks,
        shared=album_page(item, owner, len(tracks)),
        menu=menus.of_album(item),
    )
