"""What the demo community shows of itself: its feed, highlights and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.community import figures, highlights, projection
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.kernel.transactions import unit_of_work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.kernel.events import Handler


def publish(handlers: Sequence[Handler]) -> None:
    """Write the feed, choose the highlights of the last weeks, count the figures."""
    with unit_of_work(handlers):
        projection.rebuild(_user_ids())
    for week in highlights.weeks_to_choose(clock.now()):
        with unit_of_work(handlers):
            highlights.choose(week, newcomer_days=0)
    for kind in figures.due():
        with unit_of_work(handlers):
            figures.make(kind)


def _user_ids() -> Sequence[int]:
    return db.session.scalars(sa.select(User.id).order_by(User.id)).all()
