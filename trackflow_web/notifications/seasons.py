"""Notices of seasons: that one has started, and that it ends in three days; once per user.

A job writes them, some hundreds of users at a time: each slice and the id of its last user are
committed together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.models import CountingPeriod, Season
from trackflow_web.achievements.standings.season_rules import ENDING_BEFORE
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.notifications import write
from trackflow_web.notifications.notices import Notice
from trackflow_web.notifications.recipients import Audience
from trackflow_web.notifications.types import Reason, Type

if TYPE_CHECKING:
    from collections.abc import Sequence

SLICE = 1000
# Everybody was told.
ALL = write.LARGEST_ID
_UPTO: dict[Type, Any] = {
    Type.SEASON_STARTED: Season.started_upto,
    Type.SEASON_ENDING: Season.ending_upto,
}


def due() -> list[tuple[int, Type]]:
    """Return the ids of seasons of which users are still to be told, each with what."""
    now = clock.now()
    runs = [~Season.draft, CountingPeriod.starts_at <= now, CountingPeriod.ends_at > now]
    nearly_over = [
        CountingPeriod.ends_at <= now + ENDING_BEFORE,
        # One that is as short has just been announced as started.
        CountingPeriod.starts_at <= now - ENDING_BEFORE,
    ]
    return [
        *((id_, Type.SEASON_STARTED) for id_ in _ids(Season.started_upto < ALL, *runs)),
        *((id_, Type.SEASON_ENDING) for id_ in _ids(Season.ending_upto < ALL, *runs, *nearly_over)),
    ]


def step(season_id: int, type_: Type) -> bool:
    """Tell the next users of a season in the running transaction; return whether more follow."""
    found = sa.select(Season).where(Season.id == season_id).with_for_update()
    season = db.session.scalar(found.execution_options(populate_existing=True))
    column = _UPTO[type_].key
    if season is None or (after := getattr(season, column)) >= ALL:
        return False
    notice = _notice(season, type_)
    last = write.last_of_slice(notice, after=after, size=SLICE)
    write.send(notice, after=after, upto=ALL if last is None else last)
    setattr(season, column, ALL if last is None else last)
    db.session.flush()
    return last is not None


def _ids(*conditions: Any) -> Sequence[int]:  # noqa: ANN401 -- conditions of either table
    joined = sa.select(Season.id).join(CountingPeriod, CountingPeriod.id == Season.period)
    return db.session.scalars(joined.where(*conditions).order_by(Season.id)).all()


def _notice(season: Season, type_: Type) -> Notice:
    group = f"{type_}:{season.id}"
    return Notice(
        type=type_,
        audience=Audience.EVERYBODY,
        group=group,
        at=clock.now(),
        event_key=group[-16:],
        subject_type="season",
        subject_ids=(season.id,),
        reason=Reason.MEMBER,
    )
