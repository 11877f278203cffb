"""Highlights and figures as readers see them, for pages and the API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements import catalogue
from trackflow_web.achievements.standings.windows import Span, window_of
from trackflow_web.community import entries, figures, highlight_statements, showcase
from trackflow_web.community.candidates import Candidate
from trackflow_web.community.entries import Actor, Subject
from trackflow_web.community.figures import Figure, ReportKind
from trackflow_web.community.models import Highlight, HighlightKind, Kind
from trackflow_web.community.showcase import Shown
from trackflow_web.community.trends import Trend
from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.domain.visibility import VIEWER, not_held, visible_to
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, literal_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

WEEKS_IN_ARCHIVE = 26

HEADINGS = {
    HighlightKind.ACHIEVEMENT: "Achievement of the week",
    HighlightKind.RELEASE: "Release of the week",
}
EMPTY = {
    HighlightKind.ACHIEVEMENT: "No achievement of the week: nothing was chosen.",
    HighlightKind.RELEASE: "No release of the week: nothing was chosen.",
}
# By key: what the value is, and of what.
FIGURES = {
    "active_members": ("members were here in the last 30 days", "members"),
    "released_songs": ("songs are released", "songs"),
    "authored_songs": ("songs have a finished chart", "songs"),
    "joint_releases": ("releases are joint work", "releases"),
    "releases_this_week": ("releases this week", ""),
    "parts_this_week": ("parts done this week", ""),
    "complete_packs": ("packs are complete", "packs"),
    "complete_albums": ("albums are complete", "albums"),
    "awards": ("achievements unlocked", ""),
    "achievements_ever_earned": ("achievements have been earned by somebody", "achievements"),
}


@dataclass(frozen=True)
class ShownHighlight:
    """A highlight as a reader sees it.

    Without `owner` there was none that week (`is_empty`), or it is no longer visible.
    """

    kind: HighlightKind
    start: date
    reason: str
    is_empty: bool
    figures: dict[str, Any]
    owner: Actor | None = None
    subject: Subject | None = None
    award: Shown | None = None

    @property
    def heading(self) -> str:
        """Return what it is called."""
        return HEADINGS[self.kind]

    @property
    def end(self) -> date:
        """Return the last day of its week."""
        return self.start + timedelta(days=6)

    @property
    def is_withdrawn(self) -> bool:
        """Return whether something was chosen that the reader may not see now."""
        return not self.is_empty and self.owner is None


def highlights_of_week(viewer_id: int) -> list[ShownHighlight]:
    """Return the highlights of the latest week that is over, of each kind one."""
    shown = _shown_highlights(viewer_id, limit=len(HighlightKind))
    week = window_of(Span.WEEK, clock.now().astimezone(UTC).date()).start - timedelta(weeks=1)
    latest = max([week, *(each.start for each in shown)])
    found = {each.kind: each for each in shown if each.start == latest}
    return [
        found.get(kind) or ShownHighlight(kind, latest, "", is_empty=True, figures={})
        for kind in HighlightKind
    ]


def highlight_archive(viewer_id: int) -> list[ShownHighlight]:
    """Return the highlights of earlier weeks, the latest first."""
    return _shown_highlights(viewer_id, limit=WEEKS_IN_ARCHIVE * len(HighlightKind))


def _shown_highlights(viewer_id: int, *, limit: int) -> list[ShownHighlight]:
    """Return the latest highlights with what a reader may see of them, in one statement."""
    values = {"viewer_id": viewer_id, "limit": limit}
    rows = db.session.execute(highlight_statements.latest(), values)
    return [_shown_highlight(row) for row in rows]


def _shown_highlight(row: Any) -> ShownHighlight:  # noqa: ANN401 -- a row of twelve columns
    found: Highlight = row.Highlight
    kind, subject_id = HighlightKind(found.kind), found.subject_id or 0
    owner = subject = award = None
    if row.user_id is not None:
        owner = Actor(row.user_id, row.username, row.display_name, row.avatar)
    if owner and kind is HighlightKind.RELEASE:
        subject = Subject(Kind.RELEASE, subject_id, row.title, row.artist, row.album, row.year)
    elif owner and (entry := catalogue.at(row.version).find(row.code)) is not None:
        subject = Subject(Kind.ACHIEVEMENT, subject_id, entry.full_name, achievement=entry)
        # As many as had it when it was chosen.
        counts = (found.figures.get(name, 0) for name in ("holders", "members"))
        award = Shown(subject_id, owner, entry, row.earned_at, *counts)
    return ShownHighlight(
        kind=kind,
        start=found.start,
        reason=found.reason,
        is_empty=found.subject_id is None,
        figures=found.figures,
        owner=owner if subject else None,
        subject=subject,
        award=award,
    )


def _visible_songs(ids: Sequence[int], viewer_id: int) -> dict[int, Actor]:
    """Return the owners of those of these releases that a viewer may see."""
    if not ids:
        return {}
    rows = db.session.execute(
        sa.select(Song.id, User.id.label("user_id"), User.username, User.display_name, User.avatar)
        .join(User, User.id == Song.user_id)
        .where(
            Song.id.in_(ids),
            Song.status == Status.RELEASED,
            visible_to(viewer_id),
            User.in_feed,
            not_held("release", Song.id),
        )
    )
    return {row.id: Actor(row.user_id, row.username, row.display_name, row.avatar) for row in rows}


# --- figures -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stats:
    """Figures, and when they were counted."""

    figures: Sequence[Figure]
    made_at: datetime | None


@dataclass(frozen=True)
class Trends:
    """The artists with more charters than usual; `too_few` people are no trend."""

    artists: Sequence[Trend]
    active: int
    too_few: bool
    made_at: datetime | None


@dataclass(frozen=True)
class Active:
    """Who finished most this week, with their points."""

    people: Sequence[tuple[Actor, int]]
    made_at: datetime | None


@dataclass(frozen=True)
class Reports:
    """What was counted last."""

    stats: Stats
    trends: Trends
    active: Active


def reports(viewer_id: int) -> Reports:
    """Return the latest figures, trends and most active people, as a viewer may see them."""
    found = figures.latest_of_all()
    stats, trends = found.get(ReportKind.STATS), found.get(ReportKind.TRENDING)
    active = found.get(ReportKind.ACTIVE)
    data = trends.data if trends else {}
    return Reports(
        stats=Stats(
            [Figure(*each) for each in stats.data["figures"]] if stats else [],
            stats.made_at if stats else None,
        ),
        trends=Trends(
            [Trend(*each) for each in data.get("artists", [])],
            data.get("active", 0),
            data.get("too_few", True),
            trends.made_at if trends else None,
        ),
        active=Active(
            _people(active.data["users"], viewer_id) if active else [],
            active.made_at if active else None,
        ),
    )


def _people(points: Sequence[tuple[int, int]], viewer_id: int) -> list[tuple[Actor, int]]:
    if not points:
        return []
    values = {"viewer_id": viewer_id, "ids": [user_id for user_id, _ in points]}
    rows = db.session.execute(_on_boards(), values)
    actors = {row.id: Actor(row.id, row.username, row.display_name, row.avatar) for row in rows}
    return [(actors[user_id], number) for user_id, number in points if user_id in actors]


@lru_cache
def _on_boards() -> sa.Select[*tuple[Any, ...]]:
    """Return those of the users with these `ids` whose points `viewer_id` may see."""
    return sa.select(User.id, User.username, User.display_name, User.avatar).where(
        User.id.in_(literal_ids("ids")), visible_to(VIEWER), User.in_feed, User.on_boards
    )


@dataclass(frozen=True)
class NamedCandidate:
    """What an administrator may choose, with its names."""

    id: int
    title: str
    owner: str


def names_of_candidates(
    kind: HighlightKind, found: Sequence[Candidate], viewer_id: int
) -> list[NamedCandidate]:
    """Return candidates with their titles and owners, as far as the viewer sees these."""
    ids = [each.subject_id for each in found]
    if kind is HighlightKind.ACHIEVEMENT:
        owners = {id_: award.owner for id_, award in showcase.awards_by_id(ids, viewer_id).items()}
    else:
        owners = _visible_songs(ids, viewer_id)
    names = entries.subjects_of({Kind(kind.value): set(owners)})
    return [
        NamedCandidate(id_, names[kind.value, id_].title, owners[id_].username)
        for id_ in ids
        if id_ in owners and (kind.value, id_) in names
    ]
