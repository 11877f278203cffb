"""The body of an API request, read before any view: one JSON object, or a form with a file."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from flask import g, request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from trackflow_web.kernel.errors import Invalid

# Endpoints that take a file, as a form does.
FORMS = frozenset(
    {
        "api.set_own_picture",
        "api.read_chart_files",
        "api.set_song_cover",
        "api.set_pack_cover",
    }
)
WITH_FILES = "multipart/form-data"
ONLY_A_FORM = "Send multipart/form-data, not compressed."
NO_JSON = "The body isn't valid JSON."
ONLY_JSON = "Send application/json in UTF-8, not compressed."
TWICE = "An object in the body has the same name twice."
NO_OBJECT = "This must be a JSON object."


def read() -> None:
    """Read the body into `g.body`; without one, and of a form, it is an empty object.

    Raises UnsupportedMediaType, BadRequest, RequestEntityTooLarge and Invalid naming `body`.
    """
    if request.endpoint in FORMS:
        _check_form()
        g.body = {}
        return
    data = request.get_data()
    if not data and not request.mimetype:
        g.body = {}
        return
    _check_media_type()
    try:
        g.body = json.loads(
            data.decode(), parse_constant=_reject_constant, object_pairs_hook=_reject_repeated_names
        )
    except (ValueError, RecursionError):  # deep nesting ends in the latter
        raise BadRequest(NO_JSON) from None
    if not isinstance(g.body, dict):
        raise Invalid(body=NO_OBJECT)


def _check_form() -> None:
    if request.mimetype != WITH_FILES or request.content_encoding:
        raise UnsupportedMediaType(ONLY_A_FORM)


def _check_media_type() -> None:
    charset = request.mimetype_params.get("charset", "utf-8").casefold()
    is_utf8 = charset in {"utf-8", "utf8"}
    if request.mimetype != "application/json" or not is_utf8 or request.content_encoding:
        raise UnsupportedMediaType(ONLY_JSON)


def _reject_repeated_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values under one name, one program takes the first and another the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadRequest(TWICE)
    return found


def _reject_constant(name: str) -> NoReturn:
    """Reject NaN and Infinity, which are not valid JSON."""
    raise ValueError(name)
