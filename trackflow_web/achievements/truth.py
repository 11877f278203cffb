"""What the facts say: the numbers and the ledger counted anew, and when thresholds were reached."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements import ledger, metrics
from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.domain.people.models import Visit
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from trackflow_web.achievements.catalogue import Entry
    from trackflow_web.achievements.counted import Rows

Numbers = dict[str, Any]


def values(chunk: Sequence[int]) -> dict[tuple[int, str, str], int]:
    """The ledger as the songs have it: (user, kind, value) -> how many songs."""
    true: dict[tuple[int, str, str], int] = {}
    for kind, value in ledger.VALUE_OF_KIND.items():
        rows = db.session.execute(
            sa.select(Song.user_id, value, sa.func.count())
            .where(Song.user_id.in_(chunk), Song.released_at.is_not(None), value.is_not(None))
            .group_by(Song.user_id, value)
        )
        true |= {(user_id, kind, text): n for user_id, text, n in rows}
    return true


def numbers(
    chunk: Sequence[int], true_values: Mapping[tuple[int, str, str], int]
) -> dict[int, Numbers]:
    """Every number of these users as the facts have it; `true_values` is what `values` gives."""
    truth: dict[int, Numbers] = {user_id: dict.fromkeys(names(), 0) for user_id in chunk}
    for user_id in chunk:
        truth[user_id] |= {"last_login_date": None, "current_streak": 0}
    for metric in metrics.METRICS:
        if metric.distinct:
            continue
        rows = _of(metric.rows, chunk).subquery()
        counted = sa.select(rows.c.user_id, sa.func.count()).group_by(rows.c.user_id)
        for user_id, number in db.session.execute(counted):
            truth[user_id][metric.name] = number
    for user_id, kind, _value in true_values:
        truth[user_id][metrics.DISTINCT[kind]] += 1
    points = (
        sa.select(UserAchievement.user_id, sa.func.sum(UserAchievement.points))
        .where(UserAchievement.user_id.in_(chunk), UserAchievement.revoked_at.is_(None))
        .group_by(UserAchievement.user_id)
    )
    for user_id, total in db.session.execute(points):
        truth[user_id][metrics.TOTAL_POINTS] = int(total)
    for user_id, day, run in db.session.execute(_last_visits(chunk)):
        truth[user_id] |= {"last_login_date": day, "current_streak": run}
    return truth


def names() -> list[str]:
    """The numbers that are counted or summed up."""
    return [*metrics.BY_NAME, metrics.TOTAL_POINTS]


def _of(rows: Rows, chunk: Sequence[int]) -> Rows:
    return rows.where(rows.selected_columns.user_id.in_(chunk))


def _last_visits(chunk: Sequence[int]) -> Rows:
    last = (
        sa.select(Visit.user_id, sa.func.max(Visit.day).label("day"))
        .where(Visit.user_id.in_(chunk))
        .group_by(Visit.user_id)
        .subquery()
    )
    return sa.select(Visit.user_id, Visit.day, Visit.run).join(
        last, sa.and_(last.c.user_id == Visit.user_id, last.c.day == Visit.day)
    )


def earned(chunk: Sequence[int]) -> dict[int, set[str]]:
    """The codes of what these users have or had: what was revoked is not given again."""
    codes: dict[int, set[str]] = defaultdict(set)
    rows = db.session.execute(
        sa.select(UserAchievement.user_id, Achievement.code)
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(UserAchievement.user_id.in_(chunk))
    )
    for user_id, code in rows:
        codes[user_id].add(code)
    return codes


def dates(name: str, pairs: Sequence[tuple[int, Entry]]) -> dict[tuple[int, int], datetime]:
    """When users came to the thresholds of a metric: (user, threshold) -> its Nth row's time."""
    counted = _of(metrics.BY_NAME[name].rows, sorted({user_id for user_id, _ in pairs})).subquery()
    nth = sa.func.row_number().over(
        partition_by=counted.c.user_id, order_by=(counted.c.at, counted.c.subject_id)
    )
    numbered = sa.select(counted.c.user_id, counted.c.at, nth.label("nth")).subquery()
    thresholds = {entry.threshold for _, entry in pairs}
    found = db.session.execute(
        sa.select(numbered.c.user_id, numbered.c.nth, numbered.c.at).where(
            numbered.c.nth.in_(thresholds)
        )
    )
    return {(user_id, number): at for user_id, number, at in found}
