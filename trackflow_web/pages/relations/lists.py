"""The lists of users whom one follows, is followed by, has blocked or muted, and muted things."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from flask import Blueprint, flash, render_template, request, url_for

from trackflow_web.domain.relations import muting, queries
from trackflow_web.domain.relations.muting import Kind, MutedThing
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Invalid
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.feed_addresses import address_for
from trackflow_web.web.forms import errors_of, is_wanted, refused, sent_fields
from trackflow_web.web.listing import ListArguments
from trackflow_web.web.mutes import SUBJECTS, set_mute
from trackflow_web.web.session import login_required
from trackflow_web.web.subjects import Link, links_of
from trackflow_web.web.urls import HOME, current_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Response

pages = Blueprint("relation_lists", __name__)

ROWS = 50
LONGEST_NAME = 60


class List(StrEnum):
    """The lists; the first is the one that is shown at first."""

    BLOCKED = "blocked"
    MUTED = "muted"
    FOLLOWING = "following"
    FOLLOWERS = "followers"


LABELS = {
    List.BLOCKED: "Blocked",
    List.MUTED: "Muted",
    List.FOLLOWING: "Following",
    List.FOLLOWERS: "Followers",
}
# What messages call a kind whose name isn't its word.
NOUNS = {Kind.FEATURE: "request", Kind.BUG: "report"}
_LOAD = {
    List.BLOCKED: queries.blocked_by,
    List.MUTED: queries.muted_by,
    List.FOLLOWING: queries.followed_by,
    List.FOLLOWERS: queries.followers_of,
}


@pages.get("/settings/people")
@login_required
def show() -> str:
    """Show one of the lists, by name; only its owner sees it."""
    arguments = ListArguments()
    shown = arguments.choice("list", List) or List.BLOCKED
    after = arguments.optional("after", _name)
    arguments.finish()
    return _page(shown, after)


def _name(value: str) -> str:
    return text.line(value, "after", longest=LONGEST_NAME)


def _page(shown: List, after: str | None = None, refusal: Invalid | None = None) -> str:
    rows = _LOAD[shown](get_current_user().id, after, ROWS + 1)
    more = rows[ROWS - 1].username if len(rows) > ROWS else None
    return render_template(
        "settings/people.html",
        labels=LABELS,
        shown=shown,
        rows=rows[:ROWS],
        more=more and url_for("relation_lists.show", list=shown, after=more),
        feed_address=address_for(get_current_user()) if shown is List.FOLLOWING else "",
        nouns=NOUNS,
        things=_things() if shown is List.MUTED and after is None else (),
        errors=errors_of(refusal),
        draft=sent_fields(("artist", "until")),
    )


@pages.post("/settings/people/feed-address")
@login_required
def replace_feed_address() -> Response:
    """Replace the address of one's private feed; the old one stops working."""
    get_current_user().feed_version += 1
    flash("New address made. The old one no longer works.")
    return htmx.redirect_after_post(url_for("relation_lists.show", list=List.FOLLOWING))


@pages.post("/mutes/<kind>")
@login_required
def mute(kind: str) -> Response:
    """Mute a song or pack by `id`, or an `artist`; with `set` = 0 no longer."""
    wanted = is_wanted()
    target = request.form.get("artist" if kind == Kind.ARTIST else "id")
    try:
        set_mute(kind, target, wanted=wanted, until=request.form.get("until"))
    except Invalid as refusal:
        if kind != Kind.ARTIST:  # only a name is typed
            raise
        return refused(_page(List.MUTED, refusal=refusal), refusal)
    noun = NOUNS.get(Kind(kind), kind)
    flash(f"Muted. You won't hear of this {noun} any more." if wanted else "Unmuted.")
    back = current_page()
    lists = url_for("relation_lists.show", list=List.MUTED)
    is_list = back in {HOME, url_for("relation_lists.show")}
    return htmx.redirect_after_post(lists if is_list else back)


def _things() -> Sequence[tuple[MutedThing, Link | None]]:
    """Return muted things with their present titles; without one, they are hidden or gone."""
    things = muting.things_muted_by(get_current_user().id)
    keys = {
        thing: (SUBJECTS[Kind(thing.kind)], thing.target_id) for thing in things if thing.target_id
    }
    links = links_of(keys.values())
    return [(thing, links.get(keys[thing]) if thing in keys else None) for thing in things]
