"""Profiles: what users show of themselves."""

from __future__ import annotations

from trackflow_web.achievements.progress import queries
from trackflow_web.api.achievements.schemas import EarnedAchievement
from trackflow_web.api.achievements.views import entry_fields
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.profiles import schemas
from trackflow_web.domain.people.profile import lines_of
from trackflow_web.domain.visibility.profiles import find_visible_profile
from trackflow_web.kernel.errors import NotFound
from trackflow_web.web import avatars
from trackflow_web.web.caller import get_current_user


@api.get("/users/<username>")
@described(schemas.Profile)
def show_profile(username: str) -> schemas.Profile:
    """Show a user's name, points, level and public achievements."""
    person = find_visible_profile(username, get_current_user().id)
    if person is None:
        raise NotFound
    face = queries.public_badges_of(person.id)
    return schemas.Profile(
        username=person.username,
        display_name=person.display_name,
        bio=person.bio,
        links=lines_of(person.links),
        avatar=avatars.address_of(person, large=True),
        since=person.created_at,
        points=face.points,
        level=face.level,
        achievements=[
            EarnedAchievement(
                **entry_fields(badge.entry) | {"points": badge.points}, earned_at=badge.earned_at
            )
            for badge in face.badges
        ],
    )
