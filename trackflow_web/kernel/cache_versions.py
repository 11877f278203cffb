"""Versions of cached counts: a count is valid until its version changes.

A process that keeps a count beside its version compares versions to see whether to count again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, Session, mapped_column

from trackflow_web.kernel.database import Base, db, upsert

_STEPPED = "stepped versions"
_hiding = False


class Versioned(StrEnum):
    """The counts that have a version."""

    HOLDERS = "holders"
    CATALOGUE = "catalogue"
    # Of everything that was hidden from somebody, or deleted.
    VISIBILITY = "visibility"


_watchers: dict[Versioned, Callable[[Collection[int]], None]] = {}


class Version(Base):
    """How often something happened that changes a count; only ever larger."""

    __tablename__ = "versions"

    name: Mapped[Versioned] = mapped_column(sa.String(20), primary_key=True)
    n: Mapped[int] = mapped_column(sa.BigInteger)


def watch(name: Versioned, before: Callable[[Collection[int]], None]) -> None:
    """Call `before` with the users of each step, before they change."""
    _watchers[name] = before


def step(name: Versioned, *, users: Collection[int] = ()) -> None:
    """Invalidate cached counts once this unit of work is committed. For rare actions.

    Call it before the action changes what is counted of these users. The row is written right
    before the commit: nothing is waited for while it is held.
    """
    if users and name in _watchers:
        _watchers[name](users)
    db.session().info.setdefault(_STEPPED, set()).add(name)


def use(*, hiding: bool) -> None:
    """Set whether this process tells replicas what was hidden: not without one."""
    global _hiding  # noqa: PLW0603 -- a setting of the whole process
    _hiding = hiding


def has_replica() -> bool:
    """Return whether pages of this installation may be read from a replica."""
    return _hiding


def hide() -> None:
    """Keep replicas from being read until they have this unit of work, which hides something."""
    if _hiding:
        step(Versioned.VISIBILITY)


def is_stepped(name: Versioned) -> bool:
    """Return whether this unit of work will step it, so that its own count has changed already."""
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
    """Return the version as this transaction sees it, for a SELECT; NULL before the first step."""
    return sa.select(Version.n).where(Version.name == name).scalar_subquery()


def held(name: Versioned) -> sa.ScalarSelect[int]:
    """The version, locked until the commit: no transaction can commit an increment meanwhile.

    For use in a statement that writes. On PostgreSQL it is the newest committed one, even if the
    statement had to wait; on SQLite only one transaction writes anyway.
    """
    found = sa.select(Version.n).where(Version.name == name)
    return found.with_for_update(read=True).scalar_subquery()
