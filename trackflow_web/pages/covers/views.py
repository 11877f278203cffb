"""Covers: uploading and removing them, and the pictures themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, abort, flash, render_template, request, url_for

from trackflow_web.domain.covers import actions
from trackflow_web.domain.covers.queries import find_visible_cover, upload_state
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.text import YesOrNo
from trackflow_web.web import htmx, pictures
from trackflow_web.web.caller import get_current_user, viewer_id
from trackflow_web.web.covers import KEY, LETTERS, drawn
from trackflow_web.web.extensions import jobs
from trackflow_web.web.forms import refused
from trackflow_web.web.loaders import pack_or_404, song_or_404
from trackflow_web.web.session import login_required
from trackflow_web.web.uploads import sent_picture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response as BaseResponse

    from trackflow_web.domain.packs.models import Pack

pages = Blueprint("covers", __name__)

CHOOSE = "Choose a picture."


@pages.get("/songs/<id:song_id>/cover")
@login_required
def song(song_id: int) -> str:
    """Show the form for the cover of one's own song."""
    return _form(song_or_404(song_id, may="own"), {})


@pages.post("/songs/<id:song_id>/cover")
@login_required
def set_song(song_id: int) -> BaseResponse:
    """Upload or remove the cover of one's own song."""
    return _set(song_or_404(song_id, may="own"))


@pages.get("/packs/<id:pack_id>/cover")
@login_required
def pack(pack_id: int) -> str:
    """Show the form for the cover of one's own pack."""
    return _form(pack_or_404(pack_id), {})


@pages.post("/packs/<id:pack_id>/cover")
@login_required
def set_pack(pack_id: int) -> BaseResponse:
    """Upload or remove the cover of one's own pack."""
    return _set(pack_or_404(pack_id))


@pages.get("/covers/<string(length=64):digest>-<any('250', '500'):side>.webp")
def picture(digest: str, side: str) -> BaseResponse:
    """Send an uploaded cover, if the viewer may see what it belongs to."""
    return pictures.uploaded(digest, lambda: find_visible_cover(digest, int(side), viewer_id()))


@pages.get("/covers/generated/<string(length=8):key>-<string(maxlength=2):letters>.svg")
def generated(key: str, letters: str) -> BaseResponse:
    """Send the generated cover of songs without an upload."""
    if not (KEY.fullmatch(key) and LETTERS.fullmatch(letters)):
        abort(404)
    return pictures.generated(drawn(key, letters))


def _set(subject: Song | Pack) -> BaseResponse:
    if request.form.get("remove") == YesOrNo.YES:
        actions.remove(subject)
        flash("Cover removed.")
        return htmx.redirect_after_post(_address(subject))
    try:
        cover = actions.upload(get_current_user(), subject, _sent())
    except Invalid as refusal:
        return refused(_form(subject, refusal.errors), refusal)
    jobs().start_cover(cover.id)
    flash("Cover uploaded. It appears in a moment.")
    return htmx.redirect_after_post(_address(subject))


def _sent() -> bytes:
    """Return the checked picture of the form. Raises Invalid naming `cover`."""
    content = sent_picture("cover", most_bytes=actions.MOST_BYTES)
    if content is None:
        raise Invalid(cover=CHOOSE)
    return content


def _address(subject: Song | Pack) -> str:
    if isinstance(subject, Song):
        return url_for("songs.show", song_id=subject.id)
    return url_for("packs.show", pack_id=subject.id)


def _form(subject: Song | Pack, errors: Mapping[str, str]) -> str:
    is_song = isinstance(subject, Song)
    state = upload_state(**{"song_id" if is_song else "pack_id": subject.id})
    return render_template(
        "covers/form.html",
        subject=subject,
        name=subject.title if isinstance(subject, Song) else subject.name,
        is_song=is_song,
        action=url_for("covers.set_song", song_id=subject.id)
        if is_song
        else url_for("covers.set_pack", pack_id=subject.id),
        back=_address(subject),
        upload=state,
        errors=errors,
        most_megabytes=actions.MOST_BYTES // 1024 // 1024,
    )
