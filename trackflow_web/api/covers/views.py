"""Covers of one's own songs and packs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from trackflow_web.api.core.blueprint import NO_CONTENT, api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.covers import schemas
from trackflow_web.domain.covers import actions
from trackflow_web.domain.covers.actions import LARGE
from trackflow_web.domain.covers.queries import upload_state
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel.errors import Invalid
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.covers import address_of
from trackflow_web.web.extensions import jobs
from trackflow_web.web.loaders import pack_or_404, song_or_404
from trackflow_web.web.uploads import sent_picture

if TYPE_CHECKING:
    from trackflow_web.domain.packs.models import Pack


CHOOSE = "Choose a picture."


@api.get("/songs/<id:song_id>/cover")
@described(schemas.Cover)
def show_song_cover(song_id: int) -> schemas.Cover:
    """Show the cover of one of your songs."""
    return _cover(song_or_404(song_id, may="own"))


@api.put("/songs/<id:song_id>/cover")
@described(schemas.Cover, file="cover")
def set_song_cover(song_id: int) -> schemas.Cover:
    """Upload the cover of one of your songs: up to 8 MB. It's shown once it's processed."""
    return _set(song_or_404(song_id, may="own"))


@api.delete("/songs/<id:song_id>/cover")
@described(None, status=204)
def remove_song_cover(song_id: int) -> tuple[str, int]:
    """Remove the cover of one of your songs; the generated one is shown again."""
    actions.remove(song_or_404(song_id, may="own"))
    return NO_CONTENT


@api.get("/packs/<id:pack_id>/cover")
@described(schemas.Cover)
def show_pack_cover(pack_id: int) -> schemas.Cover:
    """Show the cover of one of your packs."""
    return _cover(pack_or_404(pack_id))


@api.put("/packs/<id:pack_id>/cover")
@described(schemas.Cover, file="cover")
def set_pack_cover(pack_id: int) -> schemas.Cover:
    """Upload the cover of one of your packs: up to 8 MB. It's shown once it's processed."""
    return _set(pack_or_404(pack_id))


@api.delete("/packs/<id:pack_id>/cover")
@described(None, status=204)
def remove_pack_cover(pack_id: int) -> tuple[str, int]:
    """Remove the cover of one of your packs; the generated one is shown again."""
    actions.remove(pack_or_404(pack_id))
    return NO_CONTENT


def _set(subject: Song | Pack) -> schemas.Cover:
    content = sent_picture("cover", most_bytes=actions.MOST_BYTES)
    if content is None:
        raise Invalid(cover=CHOOSE)
    cover = actions.upload(get_current_user(), subject, content)
    jobs().start_cover(cover.id)
    return _cover(subject)


def _cover(subject: Song | Pack) -> schemas.Cover:
    if isinstance(subject, Song):
        address, upload = address_of(subject, large=True), upload_state(song_id=subject.id)
    else:
        address, upload = _address_of(subject), upload_state(pack_id=subject.id)
    return schemas.Cover(cover=address, is_generated=subject.cover is None, upload=upload)


def _address_of(pack: Pack) -> str:
    if pack.cover is None:
        return ""
    return url_for("covers.picture", digest=pack.cover, side=str(LARGE))
