"""Limits that pages and API share: searches per user, sizes of bodies."""

from __future__ import annotations

from flask import g, request
from flask_login import current_user

from trackflow_web.credentials import baking as badges
from trackflow_web.domain.covers import actions as covers
from trackflow_web.domain.imports.rules import MOST_BYTES
from trackflow_web.domain.people import avatars
from trackflow_web.integrations.charts import uploads as charts
from trackflow_web.kernel.errors import NotFound
from trackflow_web.web.caller import get_current_user, is_write
from trackflow_web.web.extensions import searches
from trackflow_web.web.json_body import FORMS, WITH_FILES

TOO_MANY_SEARCHES = "You're searching too fast. Wait a second and try again."
# These never search, so the user need not be known.
NO_SEARCH = frozenset({None, "static", "health.check", "metrics.show", "api.openapi_document"})

# Most bytes of a request to an endpoint that takes a file. A form without one has at most
# MAX_CONTENT_LENGTH, a JSON body without one at most LARGEST_JSON.
PLAYLIST_UPLOADS = ("imports.create", "api.begin_import")
LARGER_BODIES = dict.fromkeys(PLAYLIST_UPLOADS, MOST_BYTES)
# More than a picture may have, so that the form can say so.
AVATAR_UPLOADS = ("settings.update_profile", "api.set_own_picture")
LARGER_BODIES |= dict.fromkeys(AVATAR_UPLOADS, 4 * avatars.MOST_BYTES)
COVER_UPLOADS = ("covers.set_song", "covers.set_pack", "api.set_song_cover", "api.set_pack_cover")
LARGER_BODIES |= dict.fromkeys(COVER_UPLOADS, 2 * covers.MOST_BYTES)
LARGER_BODIES["credentials.verify_badge"] = 2 * badges.MOST_BYTES
# A folder of songs; audio comes as an empty file of its name.
CHART_UPLOADS = ("charts.create", "api.read_chart_files")
LARGER_BODIES |= dict.fromkeys(CHART_UPLOADS, charts.MOST_BYTES)
MOST_FILES = 10_000
# A song is some hundred bytes.
LARGEST_JSON = 64 * 1024


def reject_nul() -> None:
    """Raise NotFound for an address with a NUL: PostgreSQL has no text with one."""
    if "\0" in request.path:
        raise NotFound


def limit_body() -> None:
    """Set the most bytes that this request may send, before anything reads them."""
    is_api = request.blueprint == "api"
    if request.endpoint in LARGER_BODIES and (is_api or request.mimetype == WITH_FILES):
        request.max_content_length = LARGER_BODIES[request.endpoint]
        if request.endpoint in CHART_UPLOADS:
            request.max_form_parts = MOST_FILES
    elif is_api:
        request.max_content_length = LARGEST_JSON


def receive_body() -> None:
    """Receive the whole body of a request that writes, so that no lock is held meanwhile.

    Raises RequestEntityTooLarge.
    """
    if request.endpoint is not None and is_write():
        # A form is received into files, JSON into memory.
        is_json = request.blueprint == "api" and request.endpoint not in FORMS
        request.get_data(cache=is_json, parse_form_data=not is_json)


def limit_searches() -> None:
    """Count a search of the caller. Raises TooMany above the speed of typing."""
    if not request.args.get("q") or request.endpoint in NO_SEARCH:
        return
    if "caller" in g or current_user.is_authenticated:
        limit_search()


def limit_search() -> None:
    """Count a search of the caller that has no `q`. Raises TooMany."""
    searches().enforce(str(get_current_user().id), TOO_MANY_SEARCHES)
