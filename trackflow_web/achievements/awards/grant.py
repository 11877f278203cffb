"""Granting achievements: at most once each, and only an inserted row counts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.catalogue import rows
from trackflow_web.achievements.catalogue.entries import Kind
from trackflow_web.achievements.events import AchievementsBackfilled, AchievementUnlocked
from trackflow_web.achievements.metrics import recount
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import UTCDateTime, db, upsert
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from trackflow_web.achievements.catalogue.entries import Entry, Period

# Looked up in the statement that writes the row: an award costs no statement for it.
_DEFAULT_OF_OWNER = (
    sa.select(User.shows_new_achievements).where(User.id == sa.bindparam("owner")).scalar_subquery()
)


@dataclass(frozen=True)
class Award:
    """An achievement that is due to a user, and when it was earned.

    `import_id` is the import whose songs brought it about, if they were restored just now.
    """

    user_id: int
    entry: Entry
    earned_at: datetime
    import_id: int | None = None


def latest_award_id() -> int:
    """Return the id of the latest award; 0 before the first.

    One index lookup instead of a count, and it never falls while the site runs.
    """
    return db.session.scalar(sa.select(sa.func.max(UserAchievement.id))) or 0


def grant(awards: Sequence[Award], *, grant_id: int | None = None) -> list[Award]:
    """Grant what was reached just now; return the awards that did not exist yet.

    `grant_id` is that of the administrator's grant, if one gives them.

    Only an inserted row produces points, a toast and an event, so that two processes that reach
    the same threshold reward it once.
    """
    if not awards:
        return []
    ids = rows.ids_for_award(list({award.entry.code for award in awards}))
    by_key = {(award.user_id, ids[award.entry.code]): award for award in awards}
    inserted = db.session.execute(
        upsert(UserAchievement)
        .values(is_public=_DEFAULT_OF_OWNER)
        .on_conflict_do_nothing()
        .returning(UserAchievement.user_id, UserAchievement.achievement_id),
        [_row(by_key[key], key[1], grant_id) for key in sorted(by_key)],
    )
    granted = [by_key[user_id, achievement_id] for user_id, achievement_id in inserted]
    for award in granted:
        _record(award, ids[award.entry.code], is_granted=grant_id is not None)
    return granted


def backfill(
    metric: str, due: Mapping[int, Sequence[Entry]], period: Period | None = None
) -> list[Award]:
    """Grant users what they are due by a metric; return the awards that did not exist yet.

    `due` has entries by user id. The database dates each by the source row that reached it, in one
    statement for all users. Records no event: see `record_backfilled`.
    """
    entries = {entry.code: entry for those in due.values() for entry in those}
    ids = rows.ids_for_award(list(entries))
    by_id = {ids[code]: entry for code, entry in entries.items()}
    inserted = db.session.execute(
        upsert(UserAchievement)
        .from_select(_BACKFILLED, _due_rows(metric, by_id, period))
        .on_conflict_do_nothing()
        .returning(
            UserAchievement.user_id, UserAchievement.achievement_id, UserAchievement.earned_at
        ),
        {"user_ids": sorted(due)},
    ).all()
    return [Award(user_id, by_id[id_], earned_at) for user_id, id_, earned_at in inserted]


def record_backfilled(awards: Sequence[Award]) -> None:
    """Record backfilled awards: one event per user, shown as one summary."""
    by_user: dict[int, list[Entry]] = defaultdict(list)
    for award in awards:
        by_user[award.user_id].append(award.entry)
    for user_id, entries in by_user.items():
        payload = AchievementsBackfilled(
            codes=tuple(entry.code for entry in entries),
            points=sum(entry.points for entry in entries),
        )
        record(payload, user_id=user_id, subject_id=user_id, n=len(entries))


_BACKFILLED = [
    "user_id",
    "achievement_id",
    "earned_at",
    "points",
    "awarded_at",
    "backfilled",
    "notified",
    "is_public",
]


def _due_rows(metric: str, by_id: Mapping[int, Entry], period: Period | None) -> sa.Select[Any]:
    """Return the SELECT of the missing rows, with the columns of `_BACKFILLED`."""
    reached = recount.reached(metric, {entry.threshold for entry in by_id.values()}, period)
    at = reached.subquery()
    rungs = sa.values(
        sa.column("threshold", sa.Integer),
        sa.column("achievement_id", sa.Integer),
        sa.column("points", sa.Integer),
        # What administrators add is awarded to many at once: the inbox tells, no toast does.
        sa.column("silent", sa.Boolean),
        name="rungs",
    ).data(
        [
            (entry.threshold, id_, entry.points, entry.kind is Kind.CUSTOM)
            for id_, entry in by_id.items()
        ]
    )
    rung = rungs.cte("rung")
    has_it = sa.exists().where(
        UserAchievement.user_id == at.c.user_id,
        UserAchievement.achievement_id == rung.c.achievement_id,
    )
    return (
        sa.select(
            at.c.user_id,
            rung.c.achievement_id,
            at.c.at,
            rung.c.points,
            sa.literal(clock.now(), UTCDateTime()),
            sa.true(),
            rung.c.silent,
            User.shows_new_achievements,
        )
        .join(rung, rung.c.threshold == at.c.threshold)
        .join(User, User.id == at.c.user_id)
        .where(~has_it)
        .order_by(at.c.user_id, rung.c.achievement_id)
    )


def _row(award: Award, achievement_id: int, grant_id: int | None) -> dict[str, object]:
    return {
        "user_id": award.user_id,
        "achievement_id": achievement_id,
        "earned_at": award.earned_at,
        "awarded_at": clock.now(),
        "points": award.entry.points,
        "backfilled": award.import_id is not None,
        "import_id": award.import_id,
        "notified": False,
        "grant_id": grant_id,
        "owner": award.user_id,
    }


def _record(award: Award, achievement_id: int, *, is_granted: bool) -> None:
    payload = AchievementUnlocked(
        code=award.entry.code,
        points=award.entry.points,
        counts=award.entry.counts_for_completionist,
        custom=award.entry.kind is Kind.CUSTOM,
        granted=is_granted,
        import_id=award.import_id,
    )
    record(payload, user_id=award.user_id, subject_id=achievement_id)
