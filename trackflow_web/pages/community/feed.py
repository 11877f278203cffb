"""The feed: pages, fragments, and hiding entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, render_template, request, url_for

from trackflow_web.community import actions
from trackflow_web.community.feed import MOST_COUNTED_NEW, Place, Type, Who, count_newer
from trackflow_web.pages.leaderboards.views import pages
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.feed import Part, load, subject_url, wanted_by
from trackflow_web.web.forms import is_wanted
from trackflow_web.web.session import login_required
from trackflow_web.web.urls import HOME, current_page, safe_next_url

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

TYPES = {
    Type.ALL: "All",
    Type.RELEASES: "Releases",
    Type.ACHIEVEMENTS: "Achievements",
    Type.PACKS: "Packs",
    Type.SERIES: "Albums",
}
AUDIENCES = {Who.EVERYONE: "Everyone", Who.FOLLOWED: "Followed"}


def feed_context(part: Part, *, endpoint: str) -> dict[str, object]:
    """Return what the list of entries needs; `endpoint` is the page around it."""
    return {
        "part": part,
        "endpoint": endpoint,
        "types": TYPES,
        "audiences": AUDIENCES,
        "subject_url": subject_url,
        "is_continued": bool(part.wanted.after or part.wanted.offset),
    }


@pages.get("/feed")
@login_required
def feed() -> str:
    """Show the feed; to htmx only the entries that come next."""
    part = load(wanted_by(request.args))
    context = feed_context(part, endpoint="community.feed")
    if htmx.is_htmx():
        return render_template("community/_entries.html", **context)
    return render_template("community/feed.html", **context)


@pages.get("/feed/new")
@login_required
def new_entries() -> str | Response:
    """Tell how many entries have come since the page was shown; without htmx, show them."""
    wanted = wanted_by(request.args)
    part = Part(wanted, (), None)
    if not htmx.is_htmx():
        return htmx.redirect_after_post(part.address())
    newer = count_newer(wanted, wanted.after or Place.parse(None))
    return render_template(
        "community/_new.html", part=part, newer=newer, most=MOST_COUNTED_NEW, since=wanted.after
    )


@pages.post("/feed/<id:feed_id>/hide")
@login_required
def hide(feed_id: int) -> str | Response:
    """Hide an entry from the reader, or show it again."""
    wanted = is_wanted()
    actions.set_hidden(get_current_user(), feed_id, wanted=wanted)
    if htmx.is_htmx():
        return render_template("community/_hidden.html", feed_id=feed_id, is_hidden=wanted)
    if wanted:
        flash("Hidden.", f"hidden {feed_id}")  # with a button to show it again
    else:
        flash("Shown again.")
    back = safe_next_url(request.form["next"]) if "next" in request.form else current_page()
    return htmx.redirect_after_post(url_for("community.index") if back == HOME else back)
