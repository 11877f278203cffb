"""The pictures of users, as files at addresses that change with their content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, abort

from trackflow_web.domain.visibility.profiles import find_visible_picture
from trackflow_web.web import pictures
from trackflow_web.web.avatars import INITIALS, SEED, drawn
from trackflow_web.web.caller import viewer_id

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

pages = Blueprint("avatars", __name__, url_prefix="/avatars")


@pages.get("/<string(length=64):digest>-<any('256', '64'):size>.webp")
def picture(digest: str, size: str) -> BaseResponse:
    """Send an uploaded picture, if the viewer may see the profile."""
    return pictures.uploaded(digest, lambda: find_visible_picture(digest, int(size), viewer_id()))


@pages.get("/generated/<string(length=4):seed>-<string(maxlength=2):initials>.svg")
def generated(seed: str, initials: str) -> BaseResponse:
    """Send the generated picture of a user without an upload."""
    if not (SEED.fullmatch(seed) and INITIALS.fullmatch(initials)):
        abort(404)
    return pictures.generated(drawn(seed, initials))
