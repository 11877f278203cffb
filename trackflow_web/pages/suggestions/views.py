"""Options of a field's list: the user's own artists, users whose profile may be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request, url_for

from trackflow_web.domain.songs import queries as songs
from trackflow_web.domain.visibility.profiles import visible_usernames
from trackflow_web.kernel import text
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.limits import limit_search
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

pages = Blueprint("suggestions", __name__, url_prefix="/suggestions")

MOST = 20
LONGEST = 100


@pages.get("/artists")
@login_required
def artists() -> str | Response:
    """Offer artists of the user's songs that begin like `artist`; for htmx only."""
    start = _typed("artist")
    return _options(songs.artists_of(get_current_user().id, start, limit=MOST))


@pages.get("/people")
@login_required
def people_named() -> str | Response:
    """Offer user names that begin like `username`; for htmx only."""
    start = _typed("username").casefold()
    if not start:
        return _options(())
    return _options(visible_usernames(get_current_user().id, start, limit=MOST))


def _typed(field: str) -> str:
    limit_search()
    return text.line(request.args.get(field), field, longest=LONGEST, required=False)


def _options(values: object) -> str | Response:
    if not htmx.is_htmx():
        return htmx.redirect_after_post(url_for("songs.index"))
    return render_template("suggestions/_options.html", values=values)
