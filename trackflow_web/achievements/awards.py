"""Giving achievements: at most once each, and only what was really given counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements import catalogue
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock
from trackflow_web.kernel.activity import Fact, Subject, record
from trackflow_web.kernel.database import db, upsert

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trackflow_web.achievements.catalogue import Entry


# Looked up where the row is written: whoever earns something pays no statement for it.
_DEFAULT_OF_OWNER = (
    sa.select(User.shows_new_achievements).where(User.id == sa.bindparam("owner")).scalar_subquery()
)


@dataclass(frozen=True)
class Award:
    """An achievement that is due to somebody, and since when."""

    user_id: int
    entry: Entry
    earned_at: datetime


def give(awards: Sequence[Award], *, backfilled: bool) -> list[Award]:
    """Give what is due and not there yet; gives what really was given.

    Only an inserted row makes points, a toast and a fact, so that two processes that notice the
    same thing at once reward it once.
    """
    if not awards:
        return []
    ids = catalogue.ids_for_award(list({award.entry.code for award in awards}))
    by_key = {(award.user_id, ids[award.entry.code]): award for award in awards}
    inserted = db.session.execute(
        upsert(UserAchievement)
        .values(is_public=_DEFAULT_OF_OWNER)
        .on_conflict_do_nothing()
        .returning(UserAchievement.user_id, UserAchievement.achievement_id),
        [_row(by_key[key], key[1], backfilled=backfilled) for key in sorted(by_key)],
    )
    given = [by_key[user_id, achievement_id] for user_id, achievement_id in inserted]
    for award in given:
        _record(award, ids[award.entry.code], backfilled=backfilled)
    return given


def _row(award: Award, achievement_id: int, *, backfilled: bool) -> dict[str, object]:
    return {
        "user_id": award.user_id,
        "achievement_id": achievement_id,
        "earned_at": award.earned_at,
        "awarded_at": clock.now(),
        "points": award.entry.points,
        "backfilled": backfilled,
        "notified": False,
        "owner": award.user_id,
    }


def _record(award: Award, achievement_id: int, *, backfilled: bool) -> None:
    record(
        Fact.ACHIEVEMENT_UNLOCKED,
        user_id=award.user_id,
        subject=Subject("achievement", achievement_id),
        data={
            "code": award.entry.code,
            "points": award.entry.points,
            "counts": award.entry.counts_for_completionist,
            "backfilled": backfilled,
        },
    )
