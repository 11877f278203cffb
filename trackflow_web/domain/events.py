"""All events of the domain. Each feature declares its own, beside the actions that record them."""

from __future__ import annotations

from trackflow_web.domain.authoring.events import (
    PartDone,
)
from trackflow_web.domain.collaborations.events import (
    CollaborationJoined,
    CollaborationLeft,
    CollaboratorAdded,
    CollaboratorRemoved,
    InvitationAccepted,
    InvitationDeclined,
    InvitationSent,
    InvitationWithdrawn,
)
from trackflow_web.domain.comments.events import (
    CommentDeleted,
    Commented,
    CommentRemoved,
    FeedbackCommented,
    HeldCommentReleased,
    UsersMentioned,
)
from trackflow_web.domain.feedback.events import (
    BugReportDropped,
    BugReported,
    BugReportTakenUp,
    FeatureRequestDropped,
    FeatureRequested,
    FeatureRequestTakenUp,
    FeedbackDecided,
    FeedbackVoted,
    FeedbackVoteRemoved,
)
from trackflow_web.domain.imports.events import (
    ImportUndone,
    PlaylistImported,
    PlaylistUnimported,
    SongsImported,
    SongsUnimported,
)
from trackflow_web.domain.moderation.events import (
    ModerationDecided,
)
from trackflow_web.domain.packs.events import (
    PackChanged,
    PackCompleted,
    PackCreated,
    PackDeleted,
    PackReopened,
    PackRestored,
)
from trackflow_web.domain.people.events import (
    PersonListed,
    PersonRegistered,
    Visited,
)
from trackflow_web.domain.reactions.events import (
    Reacted,
    ReactionRemoved,
)
from trackflow_web.domain.relations.events import (
    UserBlocked,
    UserFollowed,
    UserUnfollowed,
)
from trackflow_web.domain.series.events import (
    SeriesChanged,
    SeriesCompleted,
    SeriesCreated,
    SeriesDeleted,
    SeriesReopened,
    SeriesRestored,
)
from trackflow_web.domain.songs.events import (
    SongAdded,
    SongAuthored,
    SongDeleted,
    SongDetailsChanged,
    SongEdited,
    SongFinished,
    SongNoLongerAuthored,
    SongPlanned,
    SongReleased,
    SongReleasedAgain,
    SongRestored,
    SongStarted,
    SongUnreleased,
)
from trackflow_web.domain.webhooks.events import (
    WebhookChanged,
    WebhookCreated,
    WebhookDeleted,
    WebhookDisabled,
    WebhookRotated,
)

__all__ = [
    "BugReportDropped",
    "BugReportTakenUp",
    "BugReported",
    "CollaborationJoined",
    "CollaborationLeft",
    "CollaboratorAdded",
    "CollaboratorRemoved",
    "CommentDeleted",
    "CommentRemoved",
    "Commented",
    "FeatureRequestDropped",
    "FeatureRequestTakenUp",
    "FeatureRequested",
    "FeedbackCommented",
    "FeedbackDecided",
    "FeedbackVoteRemoved",
    "FeedbackVoted",
    "HeldCommentReleased",
    "ImportUndone",
    "InvitationAccepted",
    "InvitationDeclined",
    "InvitationSent",
    "InvitationWithdrawn",
    "ModerationDecided",
    "PackChanged",
    "PackCompleted",
    "PackCreated",
    "PackDeleted",
    "PackReopened",
    "PackRestored",
    "PartDone",
    "PersonListed",
    "PersonRegistered",
    "PlaylistImported",
    "PlaylistUnimported",
    "Reacted",
    "ReactionRemoved",
    "SeriesChanged",
    "SeriesCompleted",
    "SeriesCreated",
    "SeriesDeleted",
    "SeriesReopened",
    "SeriesRestored",
    "SongAdded",
    "SongAuthored",
    "SongDeleted",
    "SongDetailsChanged",
    "SongEdited",
    "SongFinished",
    "SongNoLongerAuthored",
    "SongPlanned",
    "SongReleased",
    "SongReleasedAgain",
    "SongRestored",
    "SongStarted",
    "SongUnreleased",
    "SongsImported",
    "SongsUnimported",
    "UserBlocked",
    "UserFollowed",
    "UserUnfollowed",
    "UsersMentioned",
    "Visited",
    "WebhookChanged",
    "WebhookCreated",
    "WebhookDeleted",
    "WebhookDisabled",
    "WebhookRotated",
]
