"""Profiles: a user's page, card and comparison with the reader; only what the user shows."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from flask import Blueprint, render_template, url_for

from trackflow_web.achievements.awards.visibility import MOST_PINNED
from trackflow_web.achievements.progress import public_badges, queries
from trackflow_web.domain.packs import queries as packs
from trackflow_web.domain.people import profile
from trackflow_web.domain.people.charter_names import plain_names
from trackflow_web.domain.relations.queries import count_follows, relation_to
from trackflow_web.domain.releases.queries import latest_of
from trackflow_web.domain.streaks.queries import ledger_of
from trackflow_web.domain.visibility import Held
from trackflow_web.pages.profiles.calendar import calendar_of
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user, viewer_id
from trackflow_web.web.held import held_for
from trackflow_web.web.listing import requested
from trackflow_web.web.loaders import person_or_404
from trackflow_web.web.session import login_required
from trackflow_web.web.shared_pages import profile_page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.wrappers import Response

    from trackflow_web.achievements.progress.public_badges import Badge
    from trackflow_web.domain.people.models import User
    from trackflow_web.domain.relations.queries import Relation

pages = Blueprint("profiles", __name__, url_prefix="/users")

SONGS_SHOWN = 12
PACKS_SHOWN = 20
# The public figures of a profile, all about released songs: labels for one and for many.
NUMBERS = {
    "total_released": ("song released", "songs released"),
    "distinct_artists": ("artist", "artists"),
    "distinct_years": ("year", "years"),
    "distinct_decades": ("decade", "decades"),
    "completed_packs": ("complete pack", "complete packs"),
    "completed_series": ("complete album", "complete albums"),
}


class BadgeOrder(StrEnum):
    """How a profile sorts its badges."""

    RARITY = "rarity"
    LATEST = "latest"


@pages.get("/<username>")
def show(username: str) -> str:
    """Show a profile; the owner sees what others see, and what only they see marked as such."""
    person = person_or_404(username, may_be_blocked=True)
    relation = _relation_to(person)
    if relation is not None and relation.blocks:
        return render_template("profiles/blocked.html", person=person, relation=relation)
    order = requested(lambda arguments: arguments.choice("sort", BadgeOrder)) or BadgeOrder.RARITY
    face, is_me = queries.public_badges_of(person.id), person.id == viewer_id()
    numbers = queries.public_numbers_of(person.id)
    first = face.pinned or face.best[: public_badges.LEAST_SHOWN]
    return render_template(
        "profiles/show.html",
        person=person,
        is_me=is_me,
        face=face,
        first=first,
        others=_ordered([badge for badge in face.badges if badge not in first], order),
        order=order,
        may_pin=is_me and len(face.pinned) < MOST_PINNED,
        links=[(link, profile.host_of(link)) for link in profile.lines_of(person.links)],
        charter_names=plain_names(person),
        calendar_days=calendar_of(person) if is_me or person.shows_days else None,
        figures=_figures(numbers),
        follows=count_follows(person.id),
        songs=latest_of(person.id, viewer_id(), limit=SONGS_SHOWN),
        streak=ledger_of(person) if person.shows_days else None,
        packs=packs.released_of(person.id, viewer_id(), PACKS_SHOWN),
        relation=relation,
        held=held_for(Held.PROFILE, person.id, person.id),
        shared=profile_page(person, face, numbers["total_released"]),
    )


@pages.get("/<username>/card")
def card(username: str) -> str | Response:
    """Show the card that opens over a page; without htmx, redirect to the profile."""
    person = person_or_404(username)
    if not htmx.is_htmx():
        return htmx.redirect_after_post(url_for("profiles.show", username=person.username))
    return render_template(
        "profiles/_card.html",
        person=person,
        face=queries.public_badges_of(person.id),
        relation=_relation_to(person),
    )


@pages.get("/<username>/compare")
@login_required
def compare(username: str) -> str | Response:
    """Compare a user with the reader; only what the user shows."""
    person = person_or_404(username)
    if person.id == get_current_user().id:
        return htmx.redirect_after_post(url_for("profiles.show", username=person.username))
    mine = queries.public_badges_of(get_current_user().id, hidden_too=True)
    theirs = queries.public_badges_of(person.id)
    return render_template(
        "profiles/compare.html",
        person=person,
        mine=mine,
        theirs=theirs,
        comparison=public_badges.compare(mine, theirs),
        figures=_paired_figures(person),
    )


def _relation_to(person: User) -> Relation | None:
    """Return the relations of the viewer to a user, or None if none are possible."""
    reader = viewer_id()
    return None if reader is None or reader == person.id else relation_to(reader, person.id)


def _ordered(badges: Sequence[Badge], order: BadgeOrder) -> Sequence[Badge]:
    """Return badges, which come newest first, in the order that the reader wants."""
    if order is BadgeOrder.LATEST:
        return badges
    return sorted(badges, key=lambda badge: -badge.rarity.rank)  # stable: among equals the newest


def _figures(numbers: Mapping[str, int]) -> list[tuple[str, int]]:
    return [
        (singular if numbers[name] == 1 else plural, numbers[name])
        for name, (singular, plural) in NUMBERS.items()
    ]


def _paired_figures(person: User) -> list[tuple[str, int, int]]:
    mine, theirs = (queries.public_numbers_of(each.id) for each in (get_current_user(), person))
    return [(plural, mine[name], theirs[name]) for name, (_, plural) in NUMBERS.items()]
