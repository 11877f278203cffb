"""What the people of the demo community wish for and find broken, and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from trackflow_web.demo import cast
from trackflow_web.demo.diary import Deed, Entry
from trackflow_web.domain.feedback.rules import Kind, Status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


@dataclass(frozen=True)
class Wish:
    """Handed in so many days ago; the rest follows day by day: votes, comments, a decision."""

    kind: Kind
    author: str
    ago: int
    title: str
    description: str
    votes: tuple[str, ...] = ()
    comments: tuple[tuple[str, str], ...] = ()
    decision: tuple[Status, str] | None = None


@dataclass(frozen=True)
class HandIn(Deed):
    """A wish was handed in."""

    wish: Wish


@dataclass(frozen=True)
class Vote(Deed):
    """Somebody wants it too."""

    wish: Wish


@dataclass(frozen=True)
class Comment(Deed):
    """Somebody said something about it."""

    wish: Wish
    body: str


@dataclass(frozen=True)
class Decide(Deed):
    """An administrator said how it goes on."""

    wish: Wish
    status: Status
    reason: str


WISHES = (
    Wish(
        Kind.FEATURE,
        "kiri",
        ago=118,
        title="Sort Future Plans by how much is left",
        description="I have over a hundred songs planned. I would like to see first which of them"
        " need the fewest parts, so that I finish something for once.",
        votes=("ragnhild", "noriko", "demo", "yusuf", "lamar"),
        comments=(
            ("ragnhild", "Same here, with twice as many."),
            ("yusuf", "I would use it the other way round: the hardest first."),
        ),
        decision=(Status.PLANNED, "Both ways round, with the filters of the list."),
    ),
    Wish(
        Kind.FEATURE,
        "demo",
        ago=31,
        title="Print a pack as a set list",
        description="For game nights I copy the titles of a pack by hand. A page that prints well"
        " would do: title, artist, year, in the order of the evening.",
        votes=("noriko", "anjali", "sefa"),
        comments=(
            ("noriko", "With the year in large, please. We play by decades."),
            ("demo", "Good idea. The length of each song would help too."),
        ),
    ),
    Wish(
        Kind.BUG,
        "lamar",
        ago=12,
        title="A long album title pushes the year out of the row",
        description="On my phone, held upright: a soundtrack with a title of two lines, and the"
        " year stands half outside. Turned sideways it is fine.",
        votes=("anjali",),
        comments=(
            ("anjali", "I see it too, with the larger text of the settings."),
            ("demo", "Not on my laptop, at whatever width."),
        ),
        decision=(Status.CONFIRMED, "Seen below 360 pixels."),
    ),
)


def entries(now: datetime) -> list[Entry]:
    """What was handed in, and what others did about it, by those who live here."""
    here = {resident.username for resident in cast.RESIDENTS}
    return sorted(
        Entry(at, username, deed)
        for wish in WISHES
        if wish.author in here
        for at, username, deed in _told(wish, now - timedelta(days=wish.ago))
        if username in here
    )


def _told(wish: Wish, at: datetime) -> Iterator[tuple[datetime, str, Deed]]:
    yield at, wish.author, HandIn(wish)
    later: list[tuple[str, Deed]] = [(username, Vote(wish)) for username in wish.votes]
    later += [(username, Comment(wish, body)) for username, body in wish.comments]
    if wish.decision:
        later.append((cast.ADMIN.username, Decide(wish, *wish.decision)))
    for days, (username, deed) in enumerate(later, start=1):
        yield at + timedelta(days=days, minutes=7 * days), username, deed
