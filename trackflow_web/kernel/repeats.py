"""Requests that are sent twice: the first one acts, and its response is kept for the others.

A row is written in the transaction of the action, so that concurrent repeats wait for it, and an
action that fails leaves none.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel import clock
from trackflow_web.kernel.database import Base, db, upsert
from trackflow_web.kernel.transactions import writing

KEPT = timedelta(days=1)
# A response that is longer is kept without its body.
LONGEST_BODY = 20_000


class AnsweredRequest(Base):
    """The response to a request with an idempotency key, by the digest of both, for a day.

    `status` is 0 until the response is known.
    """

    __tablename__ = "answered_requests"

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    status: Mapped[int]
    location: Mapped[str] = mapped_column(sa.Text())
    body: Mapped[str] = mapped_column(sa.Text())
    created_at: Mapped[datetime] = mapped_column(index=True)


def begin(user_id: int, digest: str) -> AnsweredRequest | None:
    """Return the earlier request with this digest; None when this is the first."""
    first = db.session.scalar(
        upsert(AnsweredRequest)
        .values(
            user_id=user_id, digest=digest, status=0, location="", body="", created_at=clock.now()
        )
        .on_conflict_do_nothing()
        .returning(AnsweredRequest.user_id)
    )
    return None if first else db.session.get(AnsweredRequest, (user_id, digest))


def finish(user_id: int, digest: str, *, status: int, location: str, body: str) -> None:
    """Keep the response to a request that has begun."""
    db.session.execute(
        sa.update(AnsweredRequest)
        .where(AnsweredRequest.user_id == user_id, AnsweredRequest.digest == digest)
        .values(status=status, location=location, body=body if len(body) <= LONGEST_BODY else "")
    )


def forget_old() -> int:
    """Delete the responses of more than a day ago; return how many there were."""
    with writing() as session:
        old = sa.delete(AnsweredRequest).where(AnsweredRequest.created_at <= clock.now() - KEPT)
        return len(session.scalars(old.returning(AnsweredRequest.user_id)).all())
