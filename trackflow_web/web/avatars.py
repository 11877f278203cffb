"""The pictures of users: their URLs, and generated ones for users without an upload.

A generated picture depends only on its URL, so that it can be cached publicly and reveals nothing
about the account.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from trackflow_web.domain.people.avatars import LARGE, SMALL
from trackflow_web.web.urls import path_for

if TYPE_CHECKING:
    from flask import Flask

    from trackflow_web.domain.people.models import User

SEED = re.compile(r"[0-9a-f]{4}", re.ASCII)
INITIALS = re.compile(r"[a-z0-9]{1,2}", re.ASCII)
# Two ends of a gradient; white letters can be read on all of them.
STAGES = (
    ("#5b21b6", "#1e1b4b"),
    ("#9d174d", "#3b0764"),
    ("#b91c1c", "#450a0a"),
    ("#9a3412", "#431407"),
    ("#166534", "#052e16"),
    ("#0f766e", "#042f2e"),
    ("#1d4ed8", "#172554"),
    ("#334155", "#0f172a"),
)
FRETS = ("#37c566", "#f2545b", "#ffd23f", "#5b9bff", "#ff9440")


def init_app(app: Flask) -> None:
    """Give the templates `avatar_url(person)`."""
    app.jinja_env.globals["avatar_url"] = address_of


def address_of(person: User, *, large: bool = False) -> str:
    """Return the address of a user's picture."""
    if person.avatar:
        size = LARGE if large else SMALL
        return path_for("avatars.picture", digest=person.avatar, size=str(size))
    return path_for("avatars.generated", **_seed_and_initials(person.id, person.username))


@lru_cache(maxsize=4_096)
def _seed_and_initials(user_id: int, username: str) -> dict[str, str]:
    seed = hashlib.sha256(str(user_id).encode()).hexdigest()[:4]
    return {"seed": seed, "initials": initials_of(username)}


def drawn_for(user_id: int, username: str) -> str:
    """Return the generated picture of a user."""
    return drawn(**_seed_and_initials(user_id, username))


def initials_of(username: str) -> str:
    """Return the first letters of the two first words of a user name, or of its only one."""
    words = [word for word in re.split(r"[-_]+", username) if word]
    if not words:
        return "x"
    return words[0][0] + words[1][0] if len(words) > 1 else words[0][:2]


def drawn(seed: str, initials: str) -> str:
    """Return an SVG: the initials on a stage, and a chord of the five frets below them."""
    number = int(seed, 16)
    light, dark = STAGES[number % len(STAGES)]
    chord = number // len(STAGES) % 31 + 1  # at least one gem
    gems = "".join(
        f'<circle cx="{16 + 8 * place}" cy="50" r="2.6" fill="{colour}"'
        f' opacity="{1 if chord >> place & 1 else 0.22}"/>'
        for place, colour in enumerate(FRETS)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">'
        '<defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1">'
        f'<stop offset="0" stop-color="{light}"/><stop offset="1" stop-color="{dark}"/>'
        '</linearGradient></defs><rect width="64" height="64" fill="url(#g)"/>'
        '<text x="32" y="38" text-anchor="middle" font-family="sans-serif" font-weight="700"'
        f' font-size="24" fill="#fff">{initials.upper()}</text>{gems}</svg>'
    )
