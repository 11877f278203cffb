"""Numbers that say whether something rare has happened: what was counted before may still hold.

A process that keeps a count beside the version it was counted at needs nobody to tell it when to
count again.
"""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, Session, mapped_column

from trackflow_web.kernel.database import Base, db, upsert

_STEPPED = "stepped versions"


class Versioned(StrEnum):
    """The counts that have a version."""

    HOLDERS = "holders"


class Version(Base):
    """How often something happened that changes a count; only ever larger."""

    __tablename__ = "versions"

    name: Mapped[Versioned] = mapped_column(sa.String(20), primary_key=True)
    n: Mapped[int] = mapped_column(sa.BigInteger)


def step(name: Versioned) -> None:
    """Let nobody use what was counted before, once this unit of work is committed. For rare acts.

    The row is written right before the commit: nothing is waited for while it is held.
    """
    db.session().info.setdefault(_STEPPED, set()).add(name)


def is_stepped(name: Versioned) -> bool:
    """Whether this unit of work will step it, so that its own count is another one already."""
    return name in db.session().info.get(_STEPPED, ())


@event.listens_for(db.session, "before_commit")
def _write(session: Session) -> None:
    if session.in_nested_transaction():  # a savepoint is no commit
        return
    for name in sorted(session.info.pop(_STEPPED, ())):
        row = upsert(Version).values(name=name, n=1)
        session.execute(
            row.on_conflict_do_update(index_elements=[Version.name], set_={"n": Version.n + 1})
        )


def of(name: Versioned) -> sa.ScalarSelect[int]:
    """The version as this transaction sees it; NULL before the first step. For use in a SELECT."""
    return sa.select(Version.n).where(Version.name == name).scalar_subquery()
