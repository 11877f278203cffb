"""The shapes that go in and out: what is not written here neither comes in nor gets out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from trackflow_web.domain.authoring.rules import Part, State
from trackflow_web.domain.feedback import models as feedback
from trackflow_web.domain.feedback.queries import Shown
from trackflow_web.domain.feedback.rules import (
    DECISIONS,
    LONGEST_COMMENT,
    LONGEST_DESCRIPTION,
    LONGEST_REASON,
    LONGEST_TITLE,
    STATUSES,
    Kind,
)
from trackflow_web.domain.people import models as people
from trackflow_web.domain.songs import models as songs
from trackflow_web.domain.songs.rules import EARLIEST_YEAR, LONGEST_NAME, PARTS, Status

# The bounds are written for readers; the domain holds them, with sentences about what is wrong.
Name = Annotated[str, Field(json_schema_extra={"minLength": 1, "maxLength": LONGEST_NAME})]
Album = Annotated[str | None, Field(json_schema_extra={"maxLength": LONGEST_NAME})]
# A number, or a text with a year in it: a date, or what a catalogue writes.
Year = Annotated[int, Field(json_schema_extra={"minimum": EARLIEST_YEAR})] | str | None
StatusName = Annotated[str, Field(json_schema_extra={"enum": [str(status) for status in Status]})]
StateName = Annotated[str, Field(json_schema_extra={"enum": [str(state) for state in State]})]


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: dict[str, str] | None = Field(None, description="A sentence for each field refused.")
    existing_id: int | None = Field(None, description="The thing that is there already.")
    reference: str | None = Field(None, description="What to give when reporting this.")


class Paging(BaseModel):
    """Which piece of a list is wanted."""

    limit: int = Field(50, ge=1, le=100, description="How many items at most.")
    cursor: str | None = Field(None, description="What `next` of the piece before said.")


# --- songs ---------------------------------------------------------------------------------------


class Song(BaseModel):
    """A song."""

    id: int
    title: str
    artist: str
    album: str
    year: int | None
    status: Status
    owner: str = Field(description="A user name.")
    pack_id: int | None = Field(description="For its owner only.")
    is_optional: bool = Field(description="Whether its pack is complete without it.")
    parts_done: int
    parts_skipped: int = Field(description="How many parts are marked as not needed.")
    parts_total: int
    released_at: datetime | None = Field(description="When it was first released.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, song: songs.Song, *, owner: str, shared: bool = False) -> Song:
        """A song as it goes out to its owner, or to somebody with whom it is `shared`."""
        return cls(
            id=song.id,
            title=song.title,
            artist=song.artist,
            album=song.album,
            year=song.year,
            status=Status(song.status),
            owner=owner,
            pack_id=None if shared else song.pack_id,
            is_optional=song.is_optional and not shared,
            parts_done=song.parts_done,
            parts_skipped=song.parts_skipped,
            parts_total=PARTS,
            released_at=song.released_at,
            created_at=song.created_at,
            updated_at=song.updated_at,
        )


class Songs(BaseModel):
    """A piece of a list of songs, newest first."""

    items: list[Song]
    next: str | None


class SongsWanted(Paging):
    """Which songs are wanted."""

    status: Status | None = None
    q: str | None = Field(None, max_length=100, description="Occurs in title, artist or album.")


class NewSong(BaseModel):
    """A song to add."""

    title: Name
    artist: Name
    album: Album = None
    year: Year = None
    status: StatusName = Status.FUTURE
    pack_id: int | None = None


def without_defaults(schema: dict[str, Any]) -> None:
    """Let the document name no default where leaving a field out means to keep it."""
    for described in schema["properties"].values():
        described.pop("default", None)


class SongChanges(BaseModel):
    """What to say anew of a song; what is left out stays as it is."""

    # The values below only stand for "not sent" and are never used.
    model_config = ConfigDict(json_schema_extra=without_defaults)

    title: Name = ""
    artist: Name = ""
    album: Album = None
    year: Year = None
    status: StatusName = ""
    pack_id: int | None = None


class Move(BaseModel):
    """Where to move a song."""

    status: StatusName


class Deleted(BaseModel):
    """What is gone."""

    deleted: int


# --- authoring -----------------------------------------------------------------------------------


class SongPart(BaseModel):
    """A part of a song; `id` is its name in addresses."""

    id: Part
    label: str
    state: State

    @classmethod
    def of(cls, part: Part, state: State) -> SongPart:
        """A part as it goes out."""
        return cls(id=part, label=part.label, state=state)


class SongParts(BaseModel):
    """All parts of a song, in the order of the work."""

    items: list[SongPart]
    next: None = None


class Mark(BaseModel):
    """How a part stands now."""

    state: StateName


# --- achievements --------------------------------------------------------------------------------


class Achievement(BaseModel):
    """An achievement of the catalogue."""

    id: int
    code: str
    name: str
    description: str
    icon: str
    category: str
    group: str
    points: int
    rarity: str
    threshold: int
    metric: str


class Achievements(BaseModel):
    """A piece of the catalogue, in its order."""

    items: list[Achievement]
    next: str | None


class EarnedAchievement(Achievement):
    """An achievement that the caller has."""

    earned_at: datetime


class EarnedAchievements(BaseModel):
    """A piece of what the caller has earned, newest first."""

    items: list[EarnedAchievement]
    next: str | None


class AchievementProgress(BaseModel):
    """How far the caller is; `percent` is 100 only when it is earned."""

    code: str
    earned: bool
    earned_at: datetime | None
    current: int
    target: int
    percent: int


class AchievementsProgress(BaseModel):
    """A piece of how far the caller is, in the order of the catalogue."""

    items: list[AchievementProgress]
    next: str | None


class AchievementInFull(Achievement):
    """An achievement, how far the caller is, and how many have it.

    One that an administrator took back is not earned; since when and why says `revoked_at`.
    """

    earned: bool
    earned_at: datetime | None
    revoked_at: datetime | None
    revoked_reason: str
    current: int
    target: int
    percent: int
    holders: int
    users: int


class RecheckWanted(BaseModel):
    """Whom to recheck."""

    user: str = Field("", description="A user name; empty means everyone.")


class Rechecked(BaseModel):
    """What a recheck did: users looked at, awards given, numbers corrected."""

    users: int
    awards: int
    drift: int


# --- people ---------------------------------------------------------------------------------------


class Profile(BaseModel):
    """What somebody shows of themselves; points and level are those of what is shown."""

    username: str
    since: datetime
    points: int
    level: int
    achievements: list[EarnedAchievement] = Field(description="Newest first.")


# --- feature requests and bug reports ------------------------------------------------------------


class NewFeedback(BaseModel):
    """What to ask for or report."""

    title: str = Field(json_schema_extra={"minLength": 1, "maxLength": LONGEST_TITLE})
    description: str = Field(json_schema_extra={"minLength": 1, "maxLength": LONGEST_DESCRIPTION})


class BugReport(BaseModel):
    """A bug report."""

    id: int
    title: str
    description: str
    status: str = Field(json_schema_extra={"enum": [*STATUSES[Kind.BUG]]})
    reason: str = Field(description="Why it has its status.")
    author: str = Field(description="A user name.")
    comments: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, shown: Shown) -> BugReport:
        """A bug report as it goes out."""
        return cls(**_said_of(shown))


class BugReports(BaseModel):
    """A piece of the bug reports, newest first."""

    items: list[BugReport]
    next: str | None


class BugReportsWanted(Paging):
    """Which bug reports are wanted."""

    status: str | None = Field(None, json_schema_extra={"enum": [*STATUSES[Kind.BUG]]})
    q: str | None = Field(None, max_length=100, description="Occurs in title or description.")


class FeatureRequest(BaseModel):
    """A feature request."""

    id: int
    title: str
    description: str
    status: str = Field(json_schema_extra={"enum": [*STATUSES[Kind.FEATURE]]})
    reason: str = Field(description="Why it has its status.")
    author: str = Field(description="A user name.")
    votes: int
    voted: bool = Field(description="Whether one of the votes is the caller's.")
    comments: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, shown: Shown) -> FeatureRequest:
        """A feature request as it goes out."""
        return cls(votes=shown.votes, voted=shown.voted, **_said_of(shown))


class FeatureRequests(BaseModel):
    """A piece of the feature requests, newest first."""

    items: list[FeatureRequest]
    next: str | None


class FeatureRequestsWanted(Paging):
    """Which feature requests are wanted."""

    status: str | None = Field(None, json_schema_extra={"enum": [*STATUSES[Kind.FEATURE]]})
    q: str | None = Field(None, max_length=100, description="Occurs in title or description.")


class Decision(BaseModel):
    """How it goes on."""

    status: str
    reason: str = Field(
        "", description="A word of why.", json_schema_extra={"maxLength": LONGEST_REASON}
    )


class FeatureDecision(Decision):
    """How a feature request goes on."""

    status: str = Field(json_schema_extra={"enum": [*DECISIONS[Kind.FEATURE]]})


class BugDecision(Decision):
    """How a bug report goes on."""

    status: str = Field(json_schema_extra={"enum": [*DECISIONS[Kind.BUG]]})


class NewComment(BaseModel):
    """What to say."""

    body: str = Field(json_schema_extra={"minLength": 1, "maxLength": LONGEST_COMMENT})


class Comment(BaseModel):
    """What somebody said; with a `status` it is a step, and the body says why."""

    id: int
    author: str = Field(description="A user name.")
    body: str
    status: str | None
    created_at: datetime

    @classmethod
    def of(cls, comment: feedback.FeedbackComment, *, author: people.User) -> Comment:
        """A comment as it goes out."""
        return cls(
            id=comment.id,
            author=author.username,
            body=comment.body,
            status=comment.status,
            created_at=comment.created_at,
        )


class Comments(BaseModel):
    """A piece of what was said, oldest first."""

    items: list[Comment]
    next: str | None


def _said_of(shown: Shown) -> dict[str, Any]:
    item = shown.item
    return {
        "id": item.id,
        "title": item.title,
        "description": item.description,
        "status": item.status,
        "reason": item.reason,
        "author": shown.author.username,
        "comments": shown.comments,
        "created_at": item.created_at,
        "updated_at": item.updated_at,
    }
