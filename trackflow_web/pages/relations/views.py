"""Following, muting and blocking: buttons on a profile and its card, and in lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request, url_for

from trackflow_web.domain.relations import actions, blocking, queries
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import settings
from trackflow_web.web.forms import is_wanted
from trackflow_web.web.loaders import person_or_404
from trackflow_web.web.session import login_required
from trackflow_web.web.urls import HOME, current_page, safe_next_url

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from trackflow_web.domain.people.models import User

pages = Blueprint("relations", __name__, url_prefix="/users")


@pages.post("/<username>/follow")
@login_required
def follow(username: str) -> str | Response:
    """Follow a user, or with `set` = 0 stop."""
    wanted = is_wanted()
    person = person_or_404(username, may_be_hidden=not wanted)
    actions.set_follow(
        get_current_user(),
        person,
        wanted=wanted,
        limits=settings().limit_follows,
        newcomer_days=settings().newcomer_days,
    )
    return _buttons(person)


@pages.post("/<username>/mute")
@login_required
def mute(username: str) -> str | Response:
    """Mute a user, with `until` for some time, or with `set` = 0 no longer."""
    wanted = is_wanted()
    person = person_or_404(username, may_be_hidden=not wanted)
    until = request.form.get("until")
    actions.set_mute(get_current_user(), person, wanted=wanted, until=until)
    return _buttons(person)


@pages.post("/<username>/block")
@login_required
def block(username: str) -> str | Response:
    """Block a user, or with `set` = 0 no longer."""
    wanted = is_wanted()
    person = person_or_404(username, may_be_hidden=True, may_be_blocked=True)
    blocking.set_block(get_current_user(), person, wanted=wanted)
    if htmx.is_htmx() and _is_on_profile(person):  # which is another page now
        return htmx.redirect_after_post(_profile_of(person))
    return _buttons(person)


@pages.post("/<username>/remove-follower")
@login_required
def remove_follower(username: str) -> str | Response:
    """Remove a follower, who can't follow again for 30 days and is not told."""
    person = person_or_404(username, may_be_hidden=True)
    blocking.remove_follower(get_current_user(), person)
    return _buttons(person)


def _buttons(person: User) -> str | Response:
    """Return the buttons as they are now; without htmx, redirect to where they were."""
    if htmx.is_htmx():
        return render_template(
            "profiles/_relation.html",
            person=person,
            relation=queries.relation_to(get_current_user().id, person.id),
            # The card of a person has no such numbers.
            changed_follows=queries.count_follows(person.id) if _is_on_profile(person) else None,
        )
    back = safe_next_url(request.form.get("next")) if "next" in request.form else current_page()
    return htmx.redirect_after_post(_profile_of(person) if back == HOME else back)


def _is_on_profile(person: User) -> bool:
    return current_page().partition("?")[0] == _profile_of(person)


def _profile_of(person: User) -> str:
    return url_for("profiles.show", username=person.username)
