"""Response bodies of the community."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from trackflow_web.web.community import FIGURES
from trackflow_web.web.feed import subject_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.community.entries import Actor, Entry
    from trackflow_web.community.figures import Figure
    from trackflow_web.community.trends import Trend
    from trackflow_web.web.community import Reports, ShownHighlight
    from trackflow_web.web.feed import Part, Said


class FeedWanted(BaseModel):
    """Which part of the feed to return."""

    type: str = Field("all", description="`all`, `releases`, `achievements`, `packs` or `series`.")
    who: str = Field("everyone", description="`everyone` or `followed`, without your own entries.")
    user_id: int | None = Field(None, ge=1, description="Only entries of this user.")
    limit: int = Field(50, ge=1, le=100, description="How many items at most.")
    offset: int = Field(
        0, ge=0, le=1000, description="How many items to skip; further on use `cursor`."
    )
    cursor: str | None = Field(None, description="The value of `next` in the previous part.")


class FeedActor(BaseModel):
    """One of the people of an entry, with the parts of the song that they did."""

    username: str
    display_name: str
    parts: list[str]

    @classmethod
    def of(cls, actor: Actor) -> FeedActor:
        """Return the document of an actor."""
        return cls(username=actor.username, display_name=actor.shown_name, parts=list(actor.parts))


class FeedSubject(BaseModel):
    """What an entry is about."""

    type: str
    id: int
    title: str
    url: str


class FeedItem(BaseModel):
    """An entry of the feed.

    `subject` is the newest of its `n` subjects; `others` is the number of people whom the caller
    may not see.
    """

    id: int
    type: str
    actors: list[FeedActor]
    others: int
    subject: FeedSubject
    n: int
    imported: bool
    created_at: datetime
    reactions: dict[str, int]
    comments: int

    @classmethod
    def of(cls, entry: Entry, said: Said) -> FeedItem:
        """Return the document of an entry."""
        return cls(
            id=entry.id,
            type=entry.kind.value,
            actors=[FeedActor.of(actor) for actor in entry.actors],
            others=entry.others,
            subject=FeedSubject(
                type=entry.subject.kind.value,
                id=entry.subject.id,
                title=entry.subject.title,
                url=subject_url(entry.subject, entry.actor.username),
            ),
            n=entry.n,
            imported=entry.is_import,
            created_at=entry.at,
            reactions={kind.value: n for kind, n in said.reactions.counts.items()},
            comments=said.comments,
        )


class Feed(BaseModel):
    """A part of the feed, newest first."""

    items: list[FeedItem]
    next: str | None

    @classmethod
    def of(cls, part: Part) -> Feed:
        """Return the document of a part of the feed."""
        return cls(
            items=[FeedItem.of(entry, part.said[entry.id]) for entry in part.entries],
            next=str(part.next) if part.next else None,
        )


class HighlightSubject(BaseModel):
    """What was chosen."""

    type: str
    id: int
    title: str
    url: str


class HighlightItem(BaseModel):
    """The achievement or release of a week.

    Without `subject` nothing was chosen (`empty`), or it is no longer public (`withdrawn`).
    """

    id: str
    kind: str
    start: date
    end: date
    username: str | None
    subject: HighlightSubject | None
    reason: str
    empty: bool
    withdrawn: bool

    @classmethod
    def of(cls, shown: ShownHighlight) -> HighlightItem:
        """Return the document of a highlight."""
        subject = None
        if shown.subject is not None and shown.owner is not None:
            subject = HighlightSubject(
                type=shown.subject.kind.value,
                id=shown.subject.id,
                title=shown.subject.title,
                url=subject_url(shown.subject, shown.owner.username),
            )
        return cls(
            id=f"{shown.kind}-{shown.start}",
            kind=shown.kind.value,
            start=shown.start,
            end=shown.end,
            username=shown.owner.username if shown.owner else None,
            subject=subject,
            reason=shown.reason,
            empty=shown.is_empty,
            withdrawn=shown.is_withdrawn,
        )


class Highlights(BaseModel):
    """A part of the highlights, the latest week first."""

    items: list[HighlightItem]
    next: str | None

    @classmethod
    def of(cls, shown: Sequence[ShownHighlight], following: str | None) -> Highlights:
        """Return the document of highlights."""
        return cls(items=[HighlightItem.of(each) for each in shown], next=following)


class FigureItem(BaseModel):
    """A number of the community, and of how many it is a part; None for a plain count."""

    id: str
    label: str
    value: int
    of: int | None


class CommunityStats(BaseModel):
    """The figures of the community, as of a time; None before anything was counted."""

    items: list[FigureItem]
    as_of: datetime | None
    next: str | None

    @classmethod
    def of(
        cls, figures: Sequence[Figure], following: str | None, as_of: datetime | None
    ) -> CommunityStats:
        """Return the document of some figures."""
        return cls(
            items=[
                FigureItem(id=each.key, label=FIGURES[each.key][0], value=each.value, of=each.of)
                for each in figures
            ],
            as_of=as_of,
            next=following,
        )


class TrendItem(BaseModel):
    """An artist with more charters in the last 30 days than usual."""

    id: str
    artist: str
    charters: int
    usual: float
    ratio: float


class ActiveItem(BaseModel):
    """One of those who finished most this week."""

    username: str
    points: int


class Trending(BaseModel):
    """Trending artists and the most active of the week, as of a time.

    `too_few` says that fewer than ten people are active: nothing is called a trend then.
    """

    items: list[TrendItem]
    too_few: bool
    as_of: datetime | None
    most_active: list[ActiveItem]
    next: str | None

    @classmethod
    def of(cls, artists: Sequence[Trend], following: str | None, reports: Reports) -> Trending:
        """Return the document of some trending artists, and of what goes with them."""
        return cls(
            items=[
                TrendItem(
                    id=each.artist,
                    artist=each.artist,
                    charters=each.charters,
                    usual=each.usual,
                    ratio=each.ratio,
                )
                for each in artists
            ],
            too_few=reports.trends.too_few,
            as_of=reports.trends.made_at,
            most_active=[
                ActiveItem(username=actor.username, points=points)
                for actor, points in reports.active.people
            ],
            next=following,
        )
