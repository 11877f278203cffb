"""Which events withdraw images of public pages, and which want one to be rendered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.achievements.events import (
    AchievementRestored,
    AchievementRevoked,
    AchievementsShown,
    AchievementsWithdrawn,
)
from trackflow_web.domain import events, subjects
from trackflow_web.domain.share_images import actions
from trackflow_web.domain.share_images.models import Kind
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.kernel.events import Event

# They hide a release, or change what it is called; its pack and its owner's profile show it, too.
SONGS = (
    events.SongUnreleased,
    events.SongDeleted,
    events.SongEdited,
    events.SongRestored,
    events.SongsUnimported,
)
PACKS = (events.PackDeleted, events.PackRestored, events.PackChanged)
AWARDS = (AchievementRevoked, AchievementRestored, AchievementsShown, AchievementsWithdrawn)
RELEASED = (events.SongReleased, events.SongReleasedAgain)
# Of more releases at once, each gets its image when its page is viewed.
MOST_WANTED = 10
_WANTED = "wanted share images"


def handle(recorded: Sequence[Event]) -> None:
    """Withdraw the images of what events have hidden; want one for what was released."""
    _withdraw(recorded)
    released = {
        event.subject_id
        for event in recorded
        if isinstance(event.payload, RELEASED) and event.subject_type == "song"
    }
    if not 0 < len(released) <= MOST_WANTED:
        return
    shown = subjects.describe([(SubjectType.RELEASE, song_id) for song_id in released], None)
    for _, found in sorted(shown.items()):
        actions.want(Kind.RELEASE, found.subject.id, found.subject.owner_id)
        db.session().info.setdefault(_WANTED, []).append((Kind.RELEASE, found.subject.id))


# It does the same however often it runs.
reconcile = handle


def take_wanted() -> list[tuple[Kind, int]]:
    """Return what this unit of work wants to be rendered."""
    taken: list[tuple[Kind, int]] = db.session().info.pop(_WANTED, [])
    return taken


def _withdraw(recorded: Sequence[Event]) -> None:
    songs = {event.user_id for event in recorded if isinstance(event.payload, SONGS)}
    packs = {event.user_id for event in recorded if isinstance(event.payload, PACKS)}
    awards = {event.user_id for event in recorded if isinstance(event.payload, AWARDS)}
    for user_id in sorted(songs):
        actions.withdraw(user_id, (Kind.RELEASE, Kind.PACK, Kind.PROFILE))
    for user_id in sorted(packs - songs):
        actions.withdraw(user_id, (Kind.PACK,))
    for user_id in sorted(awards):
        actions.withdraw(user_id, (Kind.ACHIEVEMENT, Kind.PROFILE))
