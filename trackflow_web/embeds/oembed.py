"""oEmbed 1.0: what a link to a public page is about, for programs that embed it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from flask import Blueprint, abort, current_app

from trackflow_web.web.listing import ListArguments
from trackflow_web.web.shared_pages import find_shared_page
from trackflow_web.web.sharing import BADGE_SIZE, absolute

if TYPE_CHECKING:
    from werkzeug.sansio.response import Response

embeds = Blueprint("oembed", __name__)

LONGEST_URL = 500
LARGEST_SIDE = 10_000
# Seconds.
CACHE_AGE = 3600


class Format(StrEnum):
    """The formats of a response."""

    JSON = "json"
    XML = "xml"


@embeds.get("/oembed")
def show() -> Response:
    """Describe the public page at `url`; every other address is not found."""
    arguments = ListArguments()
    url = arguments.text("url", longest=LONGEST_URL)
    form = arguments.choice("format", Format)
    arguments.number("maxwidth", most=LARGEST_SIDE)
    arguments.number("maxheight", most=LARGEST_SIDE)
    arguments.finish()
    if form is Format.XML:
        abort(501)
    page = find_shared_page(url)
    if page is None:
        abort(404)
    owner = page.owner
    thumbnail = {
        "thumbnail_url": f"{page.badge}.png",
        "thumbnail_width": BADGE_SIZE[0],
        "thumbnail_height": BADGE_SIZE[1],
    }
    return current_app.json.response(
        {
            "version": "1.0",
            "type": "link",
            "title": page.title,
            "author_name": owner.shown_name,
            "author_url": absolute("profiles.show", username=owner.username),
            "provider_name": "TrackFlow",
            "provider_url": absolute("home.index"),
            "cache_age": CACHE_AGE,
            **(thumbnail if page.badge else {}),
        }
    )
