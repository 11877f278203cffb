"""Events of feature requests (subject `feature`) and bug reports (subject `bug`).

`author_id` is the author of the request or report.
"""

from __future__ import annotations

from trackflow_web.domain.feedback.rules import Status
from trackflow_web.kernel.event_types import Payload, event_type, payload_fields


@payload_fields
class FeedbackPayload(Payload):
    """The request or report as it was when the event was recorded."""

    title: str


@event_type("feature_requested", "feature")
class FeatureRequested(FeedbackPayload):
    """A user submitted a feature request."""


@event_type("feature_request_dropped", "feature")
class FeatureRequestDropped(FeedbackPayload):
    """A request stopped counting: it was withdrawn, rejected or found to be a duplicate."""


@event_type("feature_request_taken_up", "feature")
class FeatureRequestTakenUp(FeedbackPayload):
    """A request counts again."""


@event_type("bug_reported", "bug")
class BugReported(FeedbackPayload):
    """A user reported a bug."""


@event_type("bug_report_dropped", "bug")
class BugReportDropped(FeedbackPayload):
    """A report stopped counting: it was withdrawn, closed as a duplicate or the like."""


@event_type("bug_report_taken_up", "bug")
class BugReportTakenUp(FeedbackPayload):
    """A report counts again."""


@event_type("feedback_voted", "feature", "bug")
class FeedbackVoted(Payload):
    """A user voted for a request or report."""

    author_id: int


@event_type("feedback_vote_removed", "feature", "bug")
class FeedbackVoteRemoved(Payload):
    """A user took their vote back."""

    author_id: int


@event_type("feedback_decided", "feature", "bug")
class FeedbackDecided(Payload):
    """An administrator set the status; the event's user is the author, its actor decided.

    The reason is in the comment.
    """

    status: Status
    status_before: Status
    comment_id: int
