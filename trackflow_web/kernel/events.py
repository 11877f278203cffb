"""What happened: one row a fact. Outbox, community feed and audit trail are readings of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel import clock
from trackflow_web.kernel.database import Base, BigId, db

if TYPE_CHECKING:
    from collections.abc import Sequence

_RECORDED = "recorded activities"


class EventType(StrEnum):
    """The things that happen here and that something may follow from."""

    PERSON_REGISTERED = "person_registered"
    VISITED = "visited"
    SONG_ADDED = "song_added"
    SONG_EDITED = "song_edited"
    SONG_DELETED = "song_deleted"
    SONG_PLANNED = "song_planned"
    SONG_STARTED = "song_started"
    SONG_RELEASED = "song_released"
    SONG_FINISHED = "song_finished"
    SONG_AUTHORED = "song_authored"
    SONG_NO_LONGER_AUTHORED = "song_no_longer_authored"
    SONGS_IMPORTED = "songs_imported"
    SONGS_UNIMPORTED = "songs_unimported"
    PLAYLIST_IMPORTED = "playlist_imported"
    PLAYLIST_UNIMPORTED = "playlist_unimported"
    PACK_CREATED = "pack_created"
    PACK_DELETED = "pack_deleted"
    PACK_CHANGED = "pack_changed"
    PACK_COMPLETED = "pack_completed"
    PACK_REOPENED = "pack_reopened"
    SERIES_CREATED = "series_created"
    SERIES_DELETED = "series_deleted"
    SERIES_CHANGED = "series_changed"
    SERIES_COMPLETED = "series_completed"
    SERIES_REOPENED = "series_reopened"
    COLLABORATOR_ADDED = "collaborator_added"
    COLLABORATOR_REMOVED = "collaborator_removed"
    COLLABORATION_JOINED = "collaboration_joined"
    COLLABORATION_LEFT = "collaboration_left"
    FEATURE_REQUESTED = "feature_requested"
    FEATURE_REQUEST_DROPPED = "feature_request_dropped"
    FEATURE_REQUEST_TAKEN_UP = "feature_request_taken_up"
    BUG_REPORTED = "bug_reported"
    BUG_REPORT_DROPPED = "bug_report_dropped"
    BUG_REPORT_TAKEN_UP = "bug_report_taken_up"
    ACHIEVEMENT_UNLOCKED = "achievement_unlocked"
    ACHIEVEMENTS_BACKFILLED = "achievements_backfilled"
    ACHIEVEMENT_REVOKED = "achievement_revoked"
    ACHIEVEMENT_RESTORED = "achievement_restored"


@dataclass(frozen=True)
class Subject:
    """What a fact is about: the kind of thing and its id."""

    type: str
    id: int


class Event(Base):
    """One fact about one user's work.

    `user_id` is whose numbers it moves, `actor_id` who did it. `heard_at` is empty until the
    listeners have heard it; a sweeper announces those again.
    """

    __tablename__ = "activities"
    __table_args__ = (
        sa.Index("ix_activities_user_id_id", "user_id", "id"),
        sa.Index(
            "ix_activities_unheard",
            "id",
            sqlite_where=sa.text("heard_at IS NULL"),
            postgresql_where=sa.text("heard_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    actor_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    fact: Mapped[str] = mapped_column(sa.String(40))
    subject_type: Mapped[str] = mapped_column(sa.String(20))
    subject_id: Mapped[int] = mapped_column(BigId)
    n: Mapped[int]
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    heard_at: Mapped[datetime | None]


def record(
    fact: EventType,
    *,
    user_id: int,
    subject: Subject,
    actor_id: int | None = None,
    n: int = 1,
    data: dict[str, Any] | None = None,
) -> None:
    """Note that something happened; the end of the unit of work tells the listeners and keeps it.

    `n` is how often it happened at once (an import of 500 songs is one fact).
    """
    event = Event(
        user_id=user_id,
        actor_id=actor_id or user_id,
        fact=fact,
        subject_type=subject.type,
        subject_id=subject.id,
        n=n,
        data=data or {},
        created_at=clock.now(),
    )
    db.session().info.setdefault(_RECORDED, []).append(event)


def keep(events: Sequence[Event]) -> None:
    """Write these, in their order and in one statement; nobody needs them as objects afterwards."""
    columns = Event.__table__.columns.keys()
    db.session.execute(
        _KEEP,
        [{name: getattr(event, name) for name in columns if name != "id"} for event in events],
    )


_KEEP = sa.insert(cast("sa.Table", Event.__table__))


def pending() -> tuple[int, datetime | None]:
    """How many facts the listeners have not heard yet, and since when the oldest waits."""
    found = sa.select(sa.func.count(), sa.func.min(Event.created_at)).where(
        Event.heard_at.is_(None)
    )
    count, oldest = db.session.execute(found).one()
    return count, oldest


def take_recorded() -> list[Event]:
    """What was recorded in this unit of work and not taken yet, oldest first."""
    taken: list[Event] = db.session().info.pop(_RECORDED, [])
    return taken


def discard_recorded_of(user_id: int) -> None:
    """Let nothing follow from what was recorded about somebody who is about to go."""
    recorded: list[Event] = db.session().info.get(_RECORDED, [])
    recorded[:] = [event for event in recorded if event.user_id != user_id]


def has_recorded() -> bool:
    """Whether something was recorded that nobody has taken yet."""
    return bool(db.session().info.get(_RECORDED))
