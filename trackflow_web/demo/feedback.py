"""Feature requests and bug reports of the demo community, and what happens to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from trackflow_web.demo import users
from trackflow_web.demo.timeline import Entry, Step
from trackflow_web.domain.feedback.rules import Kind, Status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


@dataclass(frozen=True)
class DemoFeedback:
    """A request or report some days ago; votes, comments and a decision follow, one per day."""

    kind: Kind
    author: str
    ago: int
    title: str
    description: str
    votes: tuple[str, ...] = ()
    comments: tuple[tuple[str, str], ...] = ()
    decision: tuple[Status, str] | None = None


@dataclass(frozen=True)
class SubmitFeedback(Step):
    """A request or report was submitted."""

    item: DemoFeedback


@dataclass(frozen=True)
class Vote(Step):
    """A vote for it."""

    item: DemoFeedback


@dataclass(frozen=True)
class Comment(Step):
    """A comment on it."""

    item: DemoFeedback
    body: str


@dataclass(frozen=True)
class Decide(Step):
    """An administrator set its status."""

    item: DemoFeedback
    status: Status
    reason: str


DEMO_FEEDBACK = (
    DemoFeedback(
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
    DemoFeedback(
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
    DemoFeedback(
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
    """Return all entries about feedback whose users exist, in order."""
    here = {demo_user.username for demo_user in users.DEMO_USERS}
    return sorted(
        Entry(at, username, step)
        for item in DEMO_FEEDBACK
        if item.author in here
        for at, username, step in _entries_about(item, now - timedelta(days=item.ago))
        if username in here
    )


def _entries_about(item: DemoFeedback, at: datetime) -> Iterator[tuple[datetime, str, Step]]:
    yield at, item.author, SubmitFeedback(item)
    later: list[tuple[str, Step]] = [(username, Vote(item)) for username in item.votes]
    later += [(username, Comment(item, body)) for username, body in item.comments]
    if item.decision:
        later.append((users.ADMIN.username, Decide(item, *item.decision)))
    for days, (username, step) in enumerate(later, start=1):
        yield at + timedelta(days=days, minutes=7 * days), username, step
