"""The export of relations: followed, muted and blocked users, followers, reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.accounts.pieces import json_list, rows_of, selected
from trackflow_web.domain.moderation.models import ModerationAction, Report
from trackflow_web.domain.people.models import User
from trackflow_web.domain.relations.models import (
    Follow,
    FollowNotice,
    Mute,
    Muted,
    MutedArtist,
    RemovedFollower,
)
from trackflow_web.domain.visibility import has_blocked
from trackflow_web.domain.visibility.models import Block

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def relations_of(user_id: int) -> Mapping[str, Iterator[str]]:
    """Return the user's relations; of others only their user names."""
    follows = sa.select(User.username, Follow.created_at.label("since"))
    followed = follows.join(Follow, Follow.followed_id == User.id)
    followers = follows.join(Follow, Follow.user_id == User.id)
    notices = sa.select(User.username, FollowNotice.due_at, FollowNotice.sent_at)
    notices = notices.join(FollowNotice, FollowNotice.follower_id == User.id)
    mutes = sa.select(Mute.kind, Mute.target_id, User.username, Mute.until, Mute.created_at)
    mutes = mutes.outerjoin(User, sa.and_(Mute.kind == Muted.PERSON, User.id == Mute.target_id))
    # Who has blocked the user is not theirs to know.
    is_known = sa.not_(has_blocked(User.id, user_id))
    removed = sa.select(User.username, RemovedFollower.until)
    removed = removed.join(RemovedFollower, RemovedFollower.follower_id == User.id)
    blocks = sa.select(User.username, Block.created_at.label("since"))
    blocks = blocks.join(Block, Block.blocked_id == User.id)
    return {
        "following": json_list(selected(followed.where(Follow.user_id == user_id), User.id)),
        "followers": json_list(selected(followers.where(Follow.followed_id == user_id), User.id)),
        "follow_notices": json_list(
            selected(
                notices.where(
                    FollowNotice.user_id == user_id, FollowNotice.sent_at.is_not(None), is_known
                ),
                User.id,
            )
        ),
        "mutes": json_list(
            selected(
                mutes.where(Mute.user_id == user_id, sa.or_(User.id.is_(None), is_known)),
                Mute.kind,
                Mute.target_id,
            )
        ),
        "muted_artists": json_list(rows_of(MutedArtist, MutedArtist.user_id == user_id)),
        "removed_followers": json_list(
            selected(removed.where(RemovedFollower.user_id == user_id), User.id)
        ),
        "reports": json_list(
            rows_of(Report, Report.user_id == user_id, leave_out={"owner_id", "id"})
        ),
        # Who has reported the user is not theirs to know, but what was decided is.
        "moderation": json_list(
            rows_of(ModerationAction, ModerationAction.owner_id == user_id, leave_out={"owner_id"})
        ),
        "blocks": json_list(selected(blocks.where(Block.user_id == user_id), User.id)),
    }
