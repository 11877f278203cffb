"""What a user works on, for the dashboard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.authoring.models import SongPart
from trackflow_web.domain.authoring.queries import IN_ORDER, Chart
from trackflow_web.domain.authoring.rules import State
from trackflow_web.domain.authoring.sorting import ORDERS, Sort
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.queries import is_on_list_of
from trackflow_web.domain.songs.rules import Status
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Desk:
    """How many songs a user has or works on, and those in progress that were changed last."""

    counts: Mapping[Status, int]
    in_work: Sequence[Song]
    charts: Mapping[int, Chart]

    @property
    def everything(self) -> int:
        """Return how many songs there are."""
        return sum(self.counts.values())


def desk_of(user_id: int, *, limit: int) -> Desk:
    """Return the numbers of songs by status and up to `limit` in progress, in one statement."""
    mine = is_on_list_of(user_id)
    number = sa.select(Song.status, sa.func.count().label("n")).where(mine).group_by(Song.status)
    counts = number.subquery()
    latest = sa.select(Song).where(mine, Song.status == Status.WIP)
    song = sa.orm.aliased(Song, latest.order_by(*ORDERS[Sort.UPDATED]).limit(limit).subquery())
    state = SongPart.part + sa.literal("=") + SongPart.state
    states = sa.select(sa.func.aggregate_strings(state, ",")).where(
        SongPart.song_id == song.id, SongPart.state != State.TODO
    )
    rows = db.session.execute(
        sa.select(counts.c.status, counts.c.n, song, states.correlate(song).scalar_subquery())
        .select_from(counts)
        .outerjoin(song, song.status == counts.c.status)
        .order_by(song.updated_at.desc(), song.id.desc())
    ).all()
    found = [(row[2], row[3]) for row in rows if row[2] is not None]
    return Desk(
        counts=dict.fromkeys(Status, 0) | {Status(row[0]): row[1] for row in rows},
        in_work=[each for each, _ in found],
        charts={each.id: _chart_of(text) for each, text in found},
    )


def _chart_of(text: str | None) -> Chart:
    """Return the chart whose parts and states stand between commas; the others are to do."""
    states = dict(each.split("=") for each in text.split(",")) if text else {}
    return Chart(tuple(State(states.get(part, State.TODO)) for part in IN_ORDER))
