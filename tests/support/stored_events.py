"""Events of any time, stored past the actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.kernel.database import db
from trackflow_web.kernel.events import Event

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Flask

    from tests.support.people import Person


def store_event(
    app: Flask,
    person: Person,
    at: datetime,
    *,
    delivered: bool = True,
    actor: Person | None = None,
    **data: object,
) -> int:
    """Store an event that changes no counter; return its id."""
    with app.app_context(), db.engine.begin() as connection:
        return connection.execute(
            sa.insert(Event.__table__)
            .values(
                user_id=person.id,
                actor_id=(actor or person).id,
                fact="achievements_shown",
                subject_type="user",
                subject_id=person.id,
                n=1,
                data=data,
                created_at=at,
                heard_at=at if delivered else None,
            )
            .returning(Event.__table__.c.id)
        ).scalar_one()


def times_of(app: Flask, person: Person, name: str = "achievements_shown") -> list[datetime]:
    """When the stored events of a user were, oldest first."""
    with app.app_context():
        found = sa.select(Event.created_at).where(Event.user_id == person.id, Event.name == name)
        return sorted(db.session.scalars(found))
