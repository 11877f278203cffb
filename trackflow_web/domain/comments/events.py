"""Events of comments; of each the user is the comment's author, the subject that of the thread.

A comment that is held records its events when it is released.
"""

from __future__ import annotations

from trackflow_web.domain.subjects import SubjectType
from trackflow_web.kernel.event_types import Payload, event_type, payload_fields

# What events call the subjects; requests and reports have other names there than in addresses.
SUBJECTS = {
    SubjectType.RELEASE: "release",
    SubjectType.ACHIEVEMENT: "achievement",
    SubjectType.PACK: "pack",
    SubjectType.FEATURE_REQUEST: "feature",
    SubjectType.BUG_REPORT: "bug",
}
_ALL = tuple(SUBJECTS.values())


@payload_fields
class CommentPayload(Payload):
    """The comment, whose its subject is, and what it replies to."""

    comment_id: int
    owner_id: int
    parent_id: int | None
    parent_author_id: int | None


@event_type("commented", "release", "achievement", "pack")
class Commented(CommentPayload):
    """A user commented; `mentioned` are those who are notified of being mentioned."""

    mentioned: tuple[int, ...]


@event_type("feedback_commented", "feature", "bug")
class FeedbackCommented(Payload):
    """A user commented on a request or report of `author_id`."""

    comment_id: int
    author_id: int


@event_type("users_mentioned", *_ALL)
class UsersMentioned(Payload):
    """A comment mentions users for the first time."""

    comment_id: int
    user_ids: tuple[int, ...]


@event_type("comment_deleted", *_ALL)
class CommentDeleted(CommentPayload):
    """An author deleted their comment."""


@event_type("comment_removed", *_ALL)
class CommentRemoved(CommentPayload):
    """The actor removed another user's comment on something of theirs."""


@event_type("held_comment_released", *_ALL)
class HeldCommentReleased(Payload):
    """Staff released a comment that was held."""

    comment_id: int
