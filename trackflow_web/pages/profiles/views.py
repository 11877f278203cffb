"""Profiles: a user's page, card and comparison with the reader; only what the user shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template, url_for

from trackflow_web.achievements.progress import public_badges, queries
from trackflow_web.achievements.progress.public_badges import PublicBadges
from trackflow_web.domain.packs import queries as packs
from trackflow_web.domain.relations.queries import relation_to
from trackflow_web.domain.songs import queries as songs
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.loaders import person_or_404
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from trackflow_web.domain.people.models import User

pages = Blueprint("profiles", __name__, url_prefix="/users")

SONGS_SHOWN = 20
PACKS_SHOWN = 20
# The public figures of a profile, all about released songs, with their labels.
NUMBERS = {
    "total_released": "songs released",
    "distinct_artists": "artists",
    "distinct_years": "years",
    "distinct_decades": "decades",
    "completed_packs": "complete packs",
    "completed_series": "complete albums",
}


@pages.get("/<username>")
@login_required
def show(username: str) -> str:
    """Show a profile; the owner sees what others see."""
    person = person_or_404(username)
    return render_template(
        "profiles/show.html",
        person=person,
        face=public_badges_of(person),
        figures=_figures(person),
        songs=songs.released_of(person.id, SONGS_SHOWN),
        packs=packs.released_of(person.id, PACKS_SHOWN),
        relation=relation_to(get_current_user().id, person.id),
    )


@pages.get("/<username>/card")
@login_required
def card(username: str) -> str | Response:
    """Show the card that opens over a page; without htmx, redirect to the profile."""
    person = person_or_404(username)
    if not htmx.is_htmx():
        return htmx.redirect_after_post(url_for("profiles.show", username=person.username))
    return render_template(
        "profiles/_card.html",
        person=person,
        face=public_badges_of(person),
        relation=relation_to(get_current_user().id, person.id),
    )


@pages.get("/<username>/compare")
@login_required
def compare(username: str) -> str | Response:
    """Compare a user with the reader; only what the user shows."""
    person = person_or_404(username)
    if person.id == get_current_user().id:
        return htmx.redirect_after_post(url_for("profiles.show", username=person.username))
    mine = PublicBadges(queries.badges_of(get_current_user().id, hidden_too=True))
    theirs = public_badges_of(person)
    return render_template(
        "profiles/compare.html",
        person=person,
        mine=mine,
        theirs=theirs,
        comparison=public_badges.compare(mine, theirs),
        figures=_paired_figures(person),
    )


def public_badges_of(person: User) -> PublicBadges:
    """Return the achievements that a user shows."""
    return PublicBadges(queries.badges_of(person.id, hidden_too=False))


def _figures(person: User) -> list[tuple[str, int]]:
    (numbers,) = _numbers(person)
    return [(label, numbers[name]) for name, label in NUMBERS.items()]


def _paired_figures(person: User) -> list[tuple[str, int, int]]:
    mine, theirs = _numbers(get_current_user(), person)
    return [(label, mine[name], theirs[name]) for name, label in NUMBERS.items()]


def _numbers(*people: User) -> list[dict[str, int]]:
    """Return the counters of each of them.

    The stored counter of packs includes those with undisclosed songs.
    """
    complete = packs.count_released_complete([person.id for person in people])
    return [
        queries.numbers_of(person.id) | {"completed_packs": complete[person.id]}
        for person in people
    ]
