"""Following, muting and blocking users, and your lists of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from trackflow_web.api.core import bodies, pagination
from trackflow_web.api.core.blueprint import NO_CONTENT, api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.core.schemas import Paging
from trackflow_web.api.relations import schemas
from trackflow_web.domain.relations import actions, blocking, queries
from trackflow_web.kernel.errors import Checks
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import settings
from trackflow_web.web.loaders import person_or_404

if TYPE_CHECKING:
    from trackflow_web.domain.people.models import User
    from trackflow_web.domain.relations.queries import Related


@api.put("/users/<username>/follow")
@described(schemas.RelatedUser)
def follow_user(username: str) -> schemas.RelatedUser:
    """Follow a user."""
    person = person_or_404(username)
    _set_follow(person, wanted=True)
    return schemas.RelatedUser.of(queries.get_followed(get_current_user().id, person))


@api.delete("/users/<username>/follow")
@described(None, status=204)
def unfollow_user(username: str) -> tuple[str, int]:
    """Stop following a user."""
    _set_follow(person_or_404(username, may_be_hidden=True), wanted=False)
    return NO_CONTENT


@api.put("/users/<username>/mute")
@described(schemas.MutedUser, body=schemas.MuteUntil)
def mute_user(username: str) -> schemas.MutedUser:
    """Mute a user: no notifications about what they do. They don't learn of it."""
    person, wanted = person_or_404(username), bodies.parse_body(schemas.MuteUntil)
    actions.set_mute(get_current_user(), person, wanted=True, until=wanted.until)
    return schemas.MutedUser.of(queries.get_muted(get_current_user().id, person))


@api.delete("/users/<username>/mute")
@described(None, status=204)
def unmute_user(username: str) -> tuple[str, int]:
    """Mute a user no longer."""
    person = person_or_404(username, may_be_hidden=True)
    actions.set_mute(get_current_user(), person, wanted=False)
    return NO_CONTENT


@api.put("/users/<username>/block")
@described(schemas.RelatedUser)
def block_user(username: str) -> schemas.RelatedUser:
    """Block a user: neither of you sees the other, and they don't learn of it."""
    person = person_or_404(username, may_be_hidden=True, may_be_blocked=True)
    blocking.set_block(get_current_user(), person, wanted=True)
    return schemas.RelatedUser.of(queries.get_blocked(get_current_user().id, person))


@api.delete("/users/<username>/block")
@described(None, status=204)
def unblock_user(username: str) -> tuple[str, int]:
    """Block a user no longer."""
    person = person_or_404(username, may_be_hidden=True, may_be_blocked=True)
    blocking.set_block(get_current_user(), person, wanted=False)
    return NO_CONTENT


@api.delete("/me/followers/<username>")
@described(None, status=204)
def remove_follower(username: str) -> tuple[str, int]:
    """Remove a follower, who can't follow again for 30 days and isn't told."""
    person = person_or_404(username, may_be_hidden=True)
    blocking.remove_follower(get_current_user(), person)
    return NO_CONTENT


@api.get("/me/following")
@described(schemas.RelatedUsers, query=Paging)
def list_followed() -> schemas.RelatedUsers:
    """List whom you follow, by name."""
    rows, following = _requested(queries.followed_by)
    return schemas.RelatedUsers(items=[schemas.RelatedUser.of(row) for row in rows], next=following)


@api.get("/me/followers")
@described(schemas.RelatedUsers, query=Paging)
def list_followers() -> schemas.RelatedUsers:
    """List who follows you, by name."""
    rows, following = _requested(queries.followers_of)
    return schemas.RelatedUsers(items=[schemas.RelatedUser.of(row) for row in rows], next=following)


@api.get("/me/mutes")
@described(schemas.MutedUsers, query=Paging)
def list_muted() -> schemas.MutedUsers:
    """List whom you have muted, by name."""
    rows, following = _requested(queries.muted_by)
    return schemas.MutedUsers(items=[schemas.MutedUser.of(row) for row in rows], next=following)


@api.get("/me/blocks")
@described(schemas.RelatedUsers, query=Paging)
def list_blocked() -> schemas.RelatedUsers:
    """List whom you have blocked, by name."""
    rows, following = _requested(queries.blocked_by)
    return schemas.RelatedUsers(items=[schemas.RelatedUser.of(row) for row in rows], next=following)


def _set_follow(person: User, *, wanted: bool) -> None:
    actions.set_follow(
        get_current_user(),
        person,
        wanted=wanted,
        limits=settings().limit_follows,
        newcomer_days=settings().newcomer_days,
    )


def _requested(
    load: Callable[[int, str | None, int], Sequence[Related]],
) -> tuple[Sequence[Related], str | None]:
    """Return the requested part of a list and the cursor of the next part."""
    check = Checks()
    at_most, after = check(pagination.limit), check(pagination.place, str)
    check.finish()
    rows = load(get_current_user().id, after, at_most + 1)
    return rows[:at_most], pagination.cursor_after(rows, at_most, lambda row: row.username)
