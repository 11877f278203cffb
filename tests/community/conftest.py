"""The feed as readers see it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from trackflow_web.community.models import FeedEntry, FeedPerson
from trackflow_web.domain.people.models import User
from trackflow_web.kernel.database import db


@pytest.fixture
def entries(app):
    """`entries()`: what the feed table has and is not withdrawn, oldest first."""

    def rows():
        with app.app_context():
            found = db.session.scalars(
                sa.select(FeedEntry)
                .join(User, User.id == FeedEntry.user_id)
                .where(FeedEntry.withdrawn_at.is_(None), User.username != "noise")
                .order_by(FeedEntry.last_at, FeedEntry.id)
            ).all()
            people = sa.select(FeedPerson.user_id).order_by(FeedPerson.user_id)
            return [
                SimpleNamespace(
                    id=row.id,
                    kind=row.kind,
                    n=row.n,
                    subject_id=row.subject_id,
                    key=row.group_key.split(":")[0],
                    at=row.last_at,
                    people=list(db.session.scalars(people.where(FeedPerson.feed_id == row.id))),
                )
                for row in found
            ]

    return rows
