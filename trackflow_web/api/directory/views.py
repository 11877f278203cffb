"""Users and releases of the community."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from trackflow_web.achievements.progress import queries
from trackflow_web.api.achievements.schemas import EarnedAchievement
from trackflow_web.api.achievements.views import entry_fields
from trackflow_web.api.core import pagination
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.directory import schemas
from trackflow_web.domain.relations.queries import count_follows, relation_to
from trackflow_web.domain.releases.queries import releases_after
from trackflow_web.kernel.errors import Invalid
from trackflow_web.web import avatars
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.listing import ListArguments
from trackflow_web.web.loaders import person_or_404
from trackflow_web.web.releases import release_filters

if TYPE_CHECKING:
    from trackflow_web.domain.people.models import User
    from trackflow_web.domain.songs.models import Song

PLACE = re.compile(r"(?P<at>[0-9T:.+-]{19,40}) (?P<id>[0-9]{1,18})", re.ASCII)


@api.get("/community/users/<username>")
@described(schemas.CommunityUser)
def show_community_user(username: str) -> schemas.CommunityUser:
    """Show a user: level, public achievements, figures, followers, and what you have set."""
    person = person_or_404(username)
    face = queries.public_badges_of(person.id)
    follows = count_follows(person.id)
    return schemas.CommunityUser(
        id=person.id,
        username=person.username,
        display_name=person.display_name,
        avatar=avatars.address_of(person, large=True),
        url=schemas.profile_url(person.username),
        joined=person.created_at,
        level=face.level,
        points=face.points,
        achievements=[
            EarnedAchievement(
                **entry_fields(badge.entry) | {"points": badge.points}, earned_at=badge.earned_at
            )
            for badge in face.badges
        ],
        stats=_stats(person),
        followers=follows.followers,
        following=follows.following,
        you=_you(person),
    )


@api.get("/community/releases")
@described(schemas.CommunityReleases, query=schemas.ReleasesWanted)
def list_community_releases() -> schemas.CommunityReleases:
    """List the releases of everyone, newest first."""
    arguments = ListArguments()
    filters = release_filters(arguments)
    at_most = arguments(pagination.limit)
    after = arguments(_after)
    arguments.finish()
    songs = releases_after(filters, get_current_user().id, after=after, limit=at_most + 1)
    return schemas.CommunityReleases(
        items=[schemas.CommunityRelease.of(song) for song in songs[:at_most]],
        next=pagination.cursor_after(songs, at_most, _place_of),
    )


def _stats(person: User) -> schemas.UserStats:
    numbers = queries.public_numbers_of(person.id)
    return schemas.UserStats(**{name: numbers[name] for name in schemas.UserStats.model_fields})


def _you(person: User) -> schemas.You:
    relation = relation_to(get_current_user().id, person.id)
    # Who has blocked a user does not see them, nor does the other side.
    return schemas.You(follow=relation.follows, block=False, mute=relation.mutes)


def _place_of(song: Song) -> str:
    return f"{(song.released_at or song.updated_at).isoformat()} {song.id}"


def _after() -> tuple[datetime, int] | None:
    """Return the time and id of the release to continue after. Raises Invalid naming `cursor`."""
    place = pagination.place(str)
    if place is None:
        return None
    found = PLACE.fullmatch(place)
    if found is None:
        raise Invalid(cursor=pagination.NO_SUCH_CURSOR)
    return datetime.fromisoformat(found["at"]), int(found["id"])
