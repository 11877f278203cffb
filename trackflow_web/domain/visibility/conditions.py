"""The conditions by which every output filters its rows."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from trackflow_web.domain.people.models import Audience, User
from trackflow_web.domain.visibility.models import Block, Held, Hold
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import UTCDateTime

Viewer = int | sa.BindParameter[int]
# The viewer of statements that are built once, because that takes longer than running them.
VIEWER: sa.BindParameter[int] = sa.bindparam("viewer_id", type_=sa.BigInteger)
# A column, or a parameter of a statement that is built once.
Id = Any


def visible_to(
    viewer_id: Viewer | None,
    owner: Any = User,  # noqa: ANN401 -- User or an alias of it
    *,
    blocked_too: bool = False,
) -> sa.ColumnElement[bool]:
    """Return the condition for users whose profile the viewer may see; None is no member.

    Not visible are: private profiles, banned and suspended users, profiles hidden by a moderator,
    and users with a block between them and the viewer, in either direction. Of these, users see
    their own profile if it is private or hidden. With `blocked_too` those whom the viewer has
    blocked are found, so that this can be undone.
    """
    if viewer_id is None:
        shown = sa.and_(owner.audience == Audience.EVERYONE, not_held(Held.PROFILE, owner.id))
        return sa.and_(_is_active(owner), shown)
    to_members = sa.and_(
        owner.audience != Audience.ME,
        not_held(Held.PROFILE, owner.id),
        sa.not_(
            has_blocked(owner.id, viewer_id)
            if blocked_too
            else blocked_between(viewer_id, owner.id)
        ),
    )
    return sa.and_(_is_active(owner), sa.or_(owner.id == viewer_id, to_members))


def visible_to_members(owner: Any = User) -> sa.ColumnElement[bool]:  # noqa: ANN401 -- User, an alias or columns of it
    """Return the condition for users whose profile members may see, except blocked ones.

    Only for what is the same for all viewers, such as counts; rows need `visible_to`.
    """
    return sa.and_(
        _is_active(owner), owner.audience != Audience.ME, not_held(Held.PROFILE, owner.id)
    )


def may_deal_with(viewer_id: Id, owner: Any = User) -> sa.ColumnElement[bool]:  # noqa: ANN401 -- User or an alias of it
    """Return the condition for users who may invite the viewer, whoever sees their profile."""
    return sa.and_(_is_active(owner), sa.not_(blocked_between(viewer_id, owner.id)))


def not_held(subject_type: str, id_column: Id) -> sa.ColumnElement[bool]:
    """Return the condition for subjects that no moderator has hidden."""
    held = sa.select(sa.literal(1)).where(
        Hold.subject_type == subject_type, Hold.subject_id == id_column
    )
    return sa.not_(held.correlate_except(Hold).exists())


def not_held_from(
    viewer_id: Viewer | None, subject_type: str, id_column: Id, owner_column: Id
) -> sa.ColumnElement[bool]:
    """Return the condition for subjects that no moderator has hidden from the viewer.

    Owners see what is theirs, with a notice.
    """
    shown = not_held(subject_type, id_column)
    return shown if viewer_id is None else sa.or_(shown, owner_column == viewer_id)


def blocked_between(one_id: Id, other_id: Id) -> sa.ColumnElement[bool]:
    """Return the condition that one of two users has blocked the other.

    Each direction is one look-up in an index, so the number of blocks does not matter.
    """
    return sa.or_(has_blocked(one_id, other_id), has_blocked(other_id, one_id))


def has_blocked(blocker_id: Id, blocked_id: Id) -> sa.ColumnElement[bool]:
    """Return the condition that a user has blocked another one."""
    block = sa.select(sa.literal(1)).where(
        Block.user_id == blocker_id, Block.blocked_id == blocked_id
    )
    return block.correlate_except(Block).exists()


def _is_active(owner: Any) -> sa.ColumnElement[bool]:  # noqa: ANN401 -- User or an alias of it
    """Return the condition for users who are neither banned nor suspended now.

    Some statements are built once, so the time is read when they are executed.
    """
    now = sa.bindparam(None, callable_=clock.now, type_=UTCDateTime(), unique=True)
    return sa.and_(
        owner.banned_at.is_(None),
        sa.or_(owner.suspended_until.is_(None), owner.suspended_until <= now),
    )
