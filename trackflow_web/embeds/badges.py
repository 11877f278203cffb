"""Badges of users and their awards for other sites, as SVG and PNG, and a number for shields.

They show what a visitor sees, whoever asks: what other sites embed is cached for everybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, request

from trackflow_web.achievements.progress import queries
from trackflow_web.achievements.progress.shown_award import find_award
from trackflow_web.adapters.rendering import png_of
from trackflow_web.domain.visibility.profiles import find_visible_profile
from trackflow_web.embeds.drawing import Badge, Size, Theme, drawn
from trackflow_web.kernel.errors import NotFound
from trackflow_web.kernel.text import count_of
from trackflow_web.web.formats import day
from trackflow_web.web.listing import ListArguments

if TYPE_CHECKING:
    from trackflow_web.domain.people.models import User

embeds = Blueprint("badges", __name__, url_prefix="/users")

# Seconds.
FRESH, STALE = 3600, 86_400
HEADERS = {
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cache-Control": f"public, max-age={FRESH}, stale-while-revalidate={STALE}",
}


@embeds.get("/<username>/badge.<any(svg, png):form>")
def profile(username: str, form: str) -> Response:
    """Send the badge of a user: released charts, level, achievements."""
    theme, size = _look()
    return _picture(_of_profile(_person(username)), form, theme, size)


@embeds.get("/<username>/badge/<code>.<any(svg, png):form>")
def award(username: str, code: str, form: str) -> Response:
    """Send the badge of an award of a user."""
    theme, size = _look()
    return _picture(_of_award(_person(username), code), form, theme, size)


@embeds.get("/<username>/shield.json")
def shield(username: str) -> Response:
    """Return the number of released charts as shields.io and others read it."""
    released = queries.numbers_of(_person(username).id)["total_released"]
    return _embedded(
        jsonify(
            schemaVersion=1,
            label="charts",
            message=f"{released:,} released",
            color="blue",
            cacheSeconds=FRESH,
        )
    )


def _person(username: str) -> User:
    person = find_visible_profile(username, None)
    if person is None:
        raise NotFound
    return person


def _look() -> tuple[Theme, Size]:
    """Return theme and size. Raises Invalid for what is not in the lists."""
    arguments = ListArguments()
    theme = arguments.choice("theme", Theme) or Theme.AUTO
    size = arguments.choice("size", Size) or Size.MEDIUM
    arguments.finish()
    return theme, size


def _of_profile(person: User) -> Badge:
    face = queries.public_badges_of(person.id)
    released = queries.numbers_of(person.id)["total_released"]
    facts = [
        count_of(released, "chart"),
        f"level {face.level}",
        count_of(len(face.badges), "achievement"),
    ]
    return Badge(
        name=person.shown_name,
        line=" · ".join(facts),
        description=f"{person.shown_name} on TrackFlow: {', '.join(facts)}",
        mark=str(face.level),
    )


def _of_award(person: User, code: str) -> Badge:
    found = find_award(person.id, code, hidden_too=False)
    if found is None:
        raise NotFound
    badge = found.badge
    return Badge(
        name=badge.name,
        line=f"{badge.rarity.capitalize()} · {person.shown_name} · {day(badge.earned_at.date())}",
        description=f"{badge.full_name}, earned by {person.shown_name} on TrackFlow",
        mark=badge.name[:1].upper(),
        rarity=badge.rarity,
    )


def _picture(badge: Badge, form: str, theme: Theme, size: Size) -> Response:
    if form == "svg":
        return _embedded(Response(drawn(badge, theme, size), mimetype="image/svg+xml"))
    return _embedded(
        # Twice as many pixels, for screens that have them.
        Response(png_of(drawn(badge, _plain(theme), size), 2 * size.width), mimetype="image/png")
    )


def _plain(theme: Theme) -> Theme:
    """Return the theme of a picture that cannot follow the device."""
    return Theme.LIGHT if theme is Theme.AUTO else theme


def _embedded(response: Response) -> Response:
    response.headers.update(HEADERS)
    response.add_etag()
    response.make_conditional(request)
    return response
