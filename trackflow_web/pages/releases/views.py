"""Public pages of releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, render_template

from trackflow_web.domain.releases import queries
from trackflow_web.domain.releases.credits import credits_of, ini_lines
from trackflow_web.domain.releases.messages import release_messages
from trackflow_web.domain.releases.rules import FULL_BAND
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.kernel.errors import NotFound
from trackflow_web.web import menus
from trackflow_web.web.caller import viewer_id
from trackflow_web.web.comments import talk_of
from trackflow_web.web.held import held_in
from trackflow_web.web.loaders import song_or_404
from trackflow_web.web.session import login_required
from trackflow_web.web.shared_pages import release_page

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

pages = Blueprint("releases", __name__)

MORE_SHOWN = 6


@pages.get("/releases/<id:song_id>")
def show(song_id: int) -> str:
    """Show a released song: cover, credits by part, links, packs and albums, more by its owner."""
    reader = viewer_id()
    song = queries.find_release(song_id, reader)
    if song is None:
        raise NotFound
    credits_ = credits_of(song, reader)
    page = release_page(song, credits_)
    talk = talk_of(SubjectType.RELEASE, song.id, song.user_id)
    return render_template(
        "releases/show.html",
        song=song,
        owner=song.owner,
        credits=credits_,
        is_full_band=FULL_BAND.issubset(credits_.done),
        works_on_it=reader in {each.user.id for each in credits_.people if each.user},
        around=queries.around(song, reader, limit=MORE_SHOWN),
        shared=page,
        talk=talk,
        menu=menus.of_release(song),
        held=held_in(talk.thread),
        messages=release_messages(song, credits_, page.url),
    )


@pages.get("/songs/<id:song_id>/credits.ini")
@login_required
def credits_ini(song_id: int) -> BaseResponse:
    """Send the lines of a song.ini that credit the charters of a song."""
    song = song_or_404(song_id, may="work")
    lines = "\n".join(ini_lines(song, viewer_id()))
    response = Response(f"{lines}\n", mimetype="text/plain")
    response.headers["Content-Disposition"] = 'attachment; filename="credits.ini"'
    return response
