"""Response bodies of users and releases of the community."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from trackflow_web.api.achievements.schemas import EarnedAchievement
from trackflow_web.api.core.schemas import Paging
from trackflow_web.web.covers import address_of
from trackflow_web.web.sharing import absolute

if TYPE_CHECKING:
    from trackflow_web.domain.songs.models import Song


class UserStats(BaseModel):
    """Public figures of a user, about released songs."""

    total_released: int
    distinct_artists: int
    distinct_years: int
    distinct_decades: int
    completed_packs: int
    completed_series: int


class You(BaseModel):
    """What the caller has set for the user."""

    follow: bool
    block: bool
    mute: bool


class CommunityUser(BaseModel):
    """A user as others see them; points and level count all achievements, hidden ones too."""

    id: int
    username: str
    display_name: str
    avatar: str = Field(description="The address of the picture.")
    url: str
    joined: datetime
    level: int
    points: int
    achievements: list[EarnedAchievement] = Field(description="Newest first.")
    stats: UserStats
    followers: int
    following: int
    you: You


class ReleasesWanted(Paging):
    """Which releases to return."""

    artist: str | None = Field(None, description="Compared without case and accents.")
    year: int | None = None
    pack: str | None = Field(None, description="The name or the id of a pack.")
    q: str | None = Field(None, description="Part of title, artist or album.")
    user: str | None = Field(None, description="The username of the owner.")


class CommunityRelease(BaseModel):
    """A released song."""

    id: int
    title: str
    artist: str
    album: str
    year: int | None
    owner: str
    pack_id: int | None
    released_at: datetime
    url: str
    cover: str = Field(description="The address of the cover.")

    @classmethod
    def of(cls, song: Song) -> CommunityRelease:
        """Return the document of a release."""
        return cls(
            id=song.id,
            title=song.title,
            artist=song.artist,
            album=song.album,
            year=song.year,
            owner=song.owner.username,
            pack_id=song.pack_id,
            released_at=song.released_at or song.updated_at,
            url=absolute("releases.show", song_id=song.id),
            cover=address_of(song),
        )


class CommunityReleases(BaseModel):
    """A part of the releases, newest first."""

    items: list[CommunityRelease]
    next: str | None


def profile_url(username: str) -> str:
    """Return the absolute address of a profile."""
    return absolute("profiles.show", username=username)
