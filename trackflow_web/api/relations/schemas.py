"""Request and response bodies of following, muting and blocking."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from trackflow_web.domain.relations.muting import MutedThing as Thing
from trackflow_web.domain.relations.queries import Related


class RelatedUser(BaseModel):
    """A user in one of your lists, and since when; `id` is the user's."""

    id: int
    username: str
    since: datetime

    @classmethod
    def of(cls, related: Related) -> RelatedUser:
        """Return a row of a list."""
        return cls(id=related.id, username=related.username, since=related.since)


class MutedUser(RelatedUser):
    """A user whom you have muted; without `until`, for good."""

    until: datetime | None = None

    @classmethod
    def of(cls, related: Related) -> MutedUser:
        """Return a row of the list of muted users."""
        return cls(
            id=related.id, username=related.username, since=related.since, until=related.until
        )


class RelatedUsers(BaseModel):
    """Users by name."""

    items: list[RelatedUser]
    next: str | None = Field(description="The cursor of the next part.")


class MutedUsers(BaseModel):
    """Muted users by name."""

    items: list[MutedUser]
    next: str | None = Field(description="The cursor of the next part.")


class MuteUntil(BaseModel):
    """Until when to mute; without it, for good."""

    until: str | None = Field(None, description="ISO 8601; UTC when it names no zone.")


class MutedThing(BaseModel):
    """A song, pack, request or report that you have muted by its id, or an artist by name."""

    kind: str
    id: int | None
    artist: str | None
    since: datetime
    until: datetime | None

    @classmethod
    def of(cls, thing: Thing) -> MutedThing:
        """Return a row of the list."""
        return cls(
            kind=thing.kind,
            id=thing.target_id,
            artist=thing.artist or None,
            since=thing.since,
            until=thing.until,
        )


class MutedThings(BaseModel):
    """Muted things and artists, latest first."""

    items: list[MutedThing]
    next: str | None
