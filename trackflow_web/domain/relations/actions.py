"""Actions on relations. All of them set a state: what is so already stays as it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.people.models import User
from trackflow_web.domain.relations import blocking, queries
from trackflow_web.domain.relations.events import UserFollowed, UserUnfollowed
from trackflow_web.domain.relations.models import Follow, FollowNotice, Mute, Muted
from trackflow_web.domain.visibility import may_deal_with
from trackflow_web.domain.visibility.profiles import has_block_between
from trackflow_web.kernel import clock, rate_limits
from trackflow_web.kernel.database import db, upsert
from trackflow_web.kernel.errors import Invalid, NotFound
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from limits import RateLimitItem

# Longer lists are no longer a selection of users.
MOST_FOLLOWED = 500
# Rows of mutes are read with every notification.
MOST_MUTED = 1000
# The minimum time between two notices of the same follower.
TOLD_ONCE_IN = timedelta(days=30)
TOO_MANY = "You've followed and unfollowed a lot. Try again later."
LONGEST_TIME = 40
NO_TIME = "Use a date such as 2026-12-31, in the future."


def set_follow(
    follower: User,
    user: User,
    *,
    wanted: bool,
    limits: Sequence[RateLimitItem],
    newcomer_days: int,
) -> None:
    """Follow a user, or stop. Raises Invalid naming `username`, NotFound, TooMany.

    `newcomer_days` is how long after registering a follower's notices are delayed.
    """
    if follower.id == user.id:
        raise Invalid(username="You can't follow yourself.")
    if (queries.follow_of(follower.id, user.id) is not None) == wanted:
        return
    blocking.lock_pair(follower.id, user.id)
    if has_block_between(follower.id, user.id):
        raise NotFound
    rate_limits.enforce_all_within("follows", str(follower.id), limits, TOO_MANY)
    if wanted:
        _follow(follower, user, newcomer_days)
    else:
        _unfollow(follower, user)


def _follow(follower: User, user: User, newcomer_days: int) -> None:
    if queries.count_followed(follower.id) >= MOST_FOLLOWED:
        raise Invalid(username=f"You follow {MOST_FOLLOWED} people. Unfollow one first.")
    if blocking.is_removed(user.id, follower.id):
        return  # nothing tells the follower
    added = db.session.scalar(
        upsert(Follow)
        .values(user_id=follower.id, followed_id=user.id, created_at=clock.now())
        .on_conflict_do_nothing()
        .returning(Follow.user_id)
    )
    if added is None:  # another request was faster
        return
    is_told = _note_notice(follower, user, newcomer_days)
    record(UserFollowed(is_told=is_told), user_id=follower.id, subject_id=user.id)


def _note_notice(follower: User, user: User, newcomer_days: int) -> bool:
    """Record when the user is notified of this follower; return whether that is now."""
    now = clock.now()
    due_at = max(now, follower.created_at + timedelta(days=newcomer_days))
    is_now = due_at <= now
    statement = upsert(FollowNotice).values(
        user_id=user.id, follower_id=follower.id, due_at=due_at, sent_at=now if is_now else None
    )
    noted = db.session.scalar(
        statement.on_conflict_do_update(
            index_elements=[FollowNotice.user_id, FollowNotice.follower_id],
            set_={"due_at": statement.excluded.due_at, "sent_at": statement.excluded.sent_at},
            where=FollowNotice.sent_at <= now - TOLD_ONCE_IN,
        ).returning(FollowNotice.user_id)
    )
    return is_now and noted is not None


def _unfollow(follower: User, user: User) -> None:
    gone = db.session.scalar(
        sa.delete(Follow)
        .where(Follow.user_id == follower.id, Follow.followed_id == user.id)
        .returning(Follow.user_id)
    )
    if gone is not None:
        record(UserUnfollowed(), user_id=follower.id, subject_id=user.id)


def send_due_notices(limit: int) -> list[FollowNotice]:
    """Return notices that waited for their followers' accounts to be old enough, marked as sent.

    Those whose follower has unfollowed, or is banned or suspended, keep waiting until the follower
    returns.
    """
    now = clock.now()
    still_follows = sa.exists().where(
        Follow.user_id == FollowNotice.follower_id, Follow.followed_id == FollowNotice.user_id
    )
    follower = sa.exists().where(
        User.id == FollowNotice.follower_id, may_deal_with(FollowNotice.user_id)
    )
    due = db.session.scalars(
        sa.select(FollowNotice)
        .where(FollowNotice.sent_at.is_(None), FollowNotice.due_at <= now, still_follows, follower)
        .order_by(FollowNotice.user_id, FollowNotice.follower_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for notice in due:
        notice.sent_at = now
    return list(due)


def prune_notices() -> None:
    """Delete notices that are too old to keep a second one away."""
    db.session.execute(
        sa.delete(FollowNotice)
        .where(FollowNotice.due_at < clock.now() - TOLD_ONCE_IN)
        .execution_options(synchronize_session=False)
    )


def set_mute(user: User, person: User, *, wanted: bool, until: object = None) -> None:
    """Mute a user until a time, permanently, or no longer. Raises Invalid."""
    if user.id == person.id:
        raise Invalid(username="You can't mute yourself.")
    if wanted:
        end = end_of(until)
        # No foreign key keeps a muted user: a deletion waits for this, or was faster.
        there = sa.select(User.id).where(User.id == person.id)
        if db.session.scalar(there.with_for_update(read=True, key_share=True)) is None:
            raise NotFound
        mute(user, Muted.PERSON, person.id, until=end)
        return
    unmute(user, Muted.PERSON, person.id)


def mute(user: User, kind: Muted, target_id: int, *, until: datetime | None = None) -> None:
    """Mute something, or set until when it is muted. Raises Invalid naming `form`."""
    muted = sa.select(sa.func.count()).where(Mute.user_id == user.id)
    if (db.session.scalar(muted) or 0) >= MOST_MUTED:
        raise Invalid(form=f"You've muted {MOST_MUTED} people and things. Unmute one first.")
    statement = upsert(Mute).values(
        user_id=user.id, kind=kind, target_id=target_id, until=until, created_at=clock.now()
    )
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=[Mute.user_id, Mute.kind, Mute.target_id],
            set_={"until": statement.excluded.until},
        )
    )


def unmute(user: User, kind: Muted, target_id: int) -> None:
    """Mute something no longer."""
    db.session.execute(
        sa.delete(Mute).where(
            Mute.user_id == user.id, Mute.kind == kind, Mute.target_id == target_id
        )
    )


def forget_muted(user_id: int) -> None:
    """Delete the mutes that others have set of a user who is being deleted."""
    db.session.execute(sa.delete(Mute).where(Mute.kind == Muted.PERSON, Mute.target_id == user_id))


def end_of(value: object) -> datetime | None:
    """Return the end of a mute, in UTC if it has no zone; None without one.

    Raises Invalid naming `until`.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > LONGEST_TIME:
        raise Invalid(until=NO_TIME)
    try:
        end = datetime.fromisoformat(value.strip())
        end = end.astimezone(UTC) if end.tzinfo else end.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise Invalid(until=NO_TIME) from None
    if end <= clock.now():
        raise Invalid(until=NO_TIME)
    return end
