"""Repeated requests: the first one acts, and its response is stored for the others.

A row is written in the transaction of the action, so that concurrent repeats wait for it, and a
failing action leaves none.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel import clock
from trackflow_web.kernel.database import Base, db, upsert
from trackflow_web.kernel.transactions import writing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

KEPT = timedelta(days=1)
# Longer responses are stored without their body: an album with all its tracks is shorter.
LONGEST_BODY = 400_000
# Of one account; a program with more keys a day has to repeat its requests sooner.
MOST_KEPT = 1_000


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
    """Store the response to a started request."""
    db.session.execute(
        sa.update(AnsweredRequest)
        .where(AnsweredRequest.user_id == user_id, AnsweredRequest.digest == digest)
        .values(status=status, location=location, body=body if len(body) <= LONGEST_BODY else "")
    )


def cancel(user_id: int, digest: str) -> None:
    """Delete a started request, so that it may be sent again."""
    db.session.execute(
        sa.delete(AnsweredRequest)
        .where(AnsweredRequest.user_id == user_id, AnsweredRequest.digest == digest)
        .execution_options(synchronize_session=False)
    )


def forget_old() -> int:
    """Delete responses of more than a day ago and all but an account's latest; return how many."""
    with writing() as session:
        old = sa.delete(AnsweredRequest).where(AnsweredRequest.created_at <= clock.now() - KEPT)
        forgotten = len(session.scalars(old.returning(AnsweredRequest.user_id)).all())
        return forgotten + sum(_forget_surplus(session, each) for each in _with_too_many(session))


def _with_too_many(session: Session) -> Sequence[int]:
    counted = sa.select(AnsweredRequest.user_id).group_by(AnsweredRequest.user_id)
    return session.scalars(counted.having(sa.func.count() > MOST_KEPT)).all()


def _forget_surplus(session: Session, user_id: int) -> int:
    own = AnsweredRequest.user_id == user_id
    latest = sa.select(AnsweredRequest.created_at).where(own)
    latest = latest.order_by(AnsweredRequest.created_at.desc()).offset(MOST_KEPT).limit(1)
    upto = session.scalar(latest)
    surplus = sa.delete(AnsweredRequest).where(own, AnsweredRequest.created_at <= upto)
    return len(session.scalars(surplus.returning(AnsweredRequest.user_id)).all())
