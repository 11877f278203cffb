"""The types of notifications, each declared once: its channels, its words and where it leads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trackflow_web.notifications.models import Channel


class Type(StrEnum):
    """The types, in the order of the settings."""

    ACHIEVEMENT_UNLOCKED = "achievement_unlocked"
    ACHIEVEMENT_REVOKED = "achievement_revoked"
    LEVEL_REACHED = "level_reached"
    CATEGORY_COMPLETED = "category_completed"
    NEW_RELEASE = "new_release"
    COLLABORATED_SONG_RELEASED = "collaborated_song_released"
    COLLABORATION_ADDED = "collaboration_added"
    COLLABORATION_SONG_UPDATED = "collaboration_song_updated"
    FEATURE_REQUEST_COMMENT = "feature_request_comment"
    FEATURE_REQUEST_POPULAR = "feature_request_popular"
    FEATURE_REQUEST_ANSWERED = "feature_request_answered"
    BUG_REPORT_RESPONSE = "bug_report_response"
    BUG_FIXED = "bug_fixed"
    INVITATION_ANSWERED = "invitation_answered"
    NEW_FOLLOWER = "new_follower"
    SEASON_STARTED = "season_started"
    SEASON_ENDING = "season_ending"
    COMMENT = "comment"
    MENTION = "mention"
    REACTION = "reaction"
    MODERATION_DECISION = "moderation_decision"
    FEATURED = "featured"
    WEBHOOK_DISABLED = "webhook_disabled"
    WEBHOOK_LIMITED = "webhook_limited"


class Reason(StrEnum):
    """Why somebody is notified."""

    EARNED = "earned"
    IMPORTED = "imported"
    RECHECKED = "rechecked"
    GRANTED = "granted"
    REVOKED = "revoked"
    FOLLOWED = "followed"
    WORKED_WITH = "worked_with"
    COLLABORATOR = "collaborator"
    OWNER = "owner"
    INVITED = "invited"
    ADDED = "added"
    INVITER = "inviter"
    AUTHOR = "author"
    COMMENTED = "commented"
    VOTED = "voted"
    FOLLOWER = "follower"
    MEMBER = "member"
    YOURS = "yours"
    REPLIED = "replied"
    MENTIONED = "mentioned"
    MODERATED = "moderated"
    MODERATOR = "moderator"
    REPORTED = "reported"
    CHOSEN = "chosen"
    WEBHOOK = "webhook"
    LIMITED = "limited"


@dataclass(frozen=True)
class TypeOptions:
    """What a type is called and does.

    `label` stands in the settings; `title` is the heading of one row. `one` and `many` are the
    sentences about one event or subject and about several, with the places {actors}, {subject} and
    {n}. `groups` is whether rows gather events over time: only those can be one line each.
    """

    label: str
    title: str
    one: str
    many: str
    channels: frozenset[Channel] = frozenset({Channel.SITE})
    groups: bool = True
    fans_out: bool = False
    # Always in the inbox.
    is_fixed: bool = False


SITE, TOAST, MAIL = Channel.SITE, Channel.TOAST, Channel.MAIL

TYPES = {
    Type.ACHIEVEMENT_UNLOCKED: TypeOptions(
        label="You unlock an achievement",
        title="Achievement unlocked",
        one="You unlocked {subject}.",
        many="You unlocked {n} achievements.",
        channels=frozenset({SITE, TOAST}),
        groups=False,
    ),
    Type.ACHIEVEMENT_REVOKED: TypeOptions(
        label="One of your achievements is revoked",
        title="Achievement revoked",
        one="An administrator revoked {subject}. Your achievements say why.",
        many="An administrator revoked {n} achievements. Your achievements say why.",
        groups=False,
    ),
    Type.LEVEL_REACHED: TypeOptions(
        label="You reach a level",
        title="Level reached",
        one="You reached level {level}: {subject}.",
        many="You reached level {level}: {subject}.",
        channels=frozenset({SITE, TOAST}),
        groups=False,
    ),
    Type.CATEGORY_COMPLETED: TypeOptions(
        label="You complete a category",
        title="Category completed",
        one="You completed {subject}: {points} bonus points.",
        many="You completed {n} categories: {points} bonus points.",
        channels=frozenset({SITE, TOAST}),
        groups=False,
    ),
    Type.NEW_RELEASE: TypeOptions(
        label="Someone you follow or work with releases a song",
        title="New release",
        one="{actors} released {subject}.",
        many="{actors} released {n} songs.",
        channels=frozenset({SITE, MAIL}),
        fans_out=True,
    ),
    Type.COLLABORATED_SONG_RELEASED: TypeOptions(
        label="A song you work on is released",
        title="Your song is out",
        one="{actors} released {subject}, which you work on.",
        many="{actors} released {subject}, which you work on.",
        channels=frozenset({SITE, TOAST, MAIL}),
    ),
    Type.COLLABORATION_ADDED: TypeOptions(
        label="Someone adds you to a song or invites you",
        title="New collaboration",
        one="{actors} added you to {subject}.",
        many="{actors} added you to {n} songs.",
        channels=frozenset({SITE, TOAST, MAIL}),
    ),
    Type.COLLABORATION_SONG_UPDATED: TypeOptions(
        label="Someone works on a song you share",
        title="Work on a shared song",
        one="{actors} worked on {subject}.",
        many="{actors} worked on {subject}: {n} changes.",
    ),
    Type.FEATURE_REQUEST_COMMENT: TypeOptions(
        label="Someone comments on a request you wrote or commented on",
        title="Comment on a request",
        one="{actors} commented on {subject}.",
        many="{actors} commented on {subject}: {n} comments.",
        channels=frozenset({SITE, MAIL}),
    ),
    Type.FEATURE_REQUEST_POPULAR: TypeOptions(
        label="Your request reaches 5, 10, 25 or 50 votes",
        title="Popular request",
        one="{subject} has {votes} votes.",
        many="{subject} has {votes} votes.",
    ),
    Type.FEATURE_REQUEST_ANSWERED: TypeOptions(
        label="A request you wrote or voted for is answered",
        title="Request answered",
        one="{subject} is now {status}.",
        many="{subject} is now {status}.",
        channels=frozenset({SITE, MAIL}),
        fans_out=True,
    ),
    Type.BUG_REPORT_RESPONSE: TypeOptions(
        label="A bug report you wrote or commented on gets a response",
        title="Response to a bug report",
        one="{actors} commented on {subject}.",
        many="{actors} commented on {subject}: {n} comments.",
        channels=frozenset({SITE, MAIL}),
    ),
    Type.BUG_FIXED: TypeOptions(
        label="A bug you reported is fixed",
        title="Bug fixed",
        one="{subject} is fixed.",
        many="{subject} is fixed.",
        channels=frozenset({SITE, TOAST, MAIL}),
    ),
    Type.INVITATION_ANSWERED: TypeOptions(
        label="Someone answers your invitation",
        title="Invitation answered",
        one="{actors} {answer} your invitation to {subject}.",
        many="{actors} {answer} your invitation to {subject}.",
        channels=frozenset({SITE, MAIL}),
        groups=False,
    ),
    Type.NEW_FOLLOWER: TypeOptions(
        label="Someone follows you",
        title="New follower",
        one="{actors} followed you.",
        many="{actors} followed you.",
    ),
    Type.SEASON_STARTED: TypeOptions(
        label="A season starts",
        title="Season started",
        one="{subject} has started.",
        many="{subject} has started.",
        groups=False,
    ),
    Type.SEASON_ENDING: TypeOptions(
        label="A season ends in three days",
        title="Season ending",
        one="{subject} ends in three days.",
        many="{subject} ends in three days.",
        groups=False,
    ),
    Type.COMMENT: TypeOptions(
        label="Someone comments on something of yours or replies to you",
        title="New comment",
        one="{actors} commented on {subject}.",
        many="{actors} commented on {subject}: {n} comments.",
        channels=frozenset({SITE, MAIL}),
    ),
    Type.MENTION: TypeOptions(
        label="Someone mentions you in a comment",
        title="You were mentioned",
        one="{actors} mentioned you in a comment on {subject}.",
        many="{actors} mentioned you in a comment on {subject}.",
        channels=frozenset({SITE, TOAST, MAIL}),
    ),
    Type.REACTION: TypeOptions(
        label="Someone reacts to something of yours",
        title="New reaction",
        one="{actors} reacted to {subject}.",
        many="{actors} reacted to {subject}.",
    ),
    Type.MODERATION_DECISION: TypeOptions(
        label="A moderator decides about something of yours or that you reported",
        title="Moderation",
        one="A moderator has decided.",
        many="A moderator has decided.",
        channels=frozenset({SITE, MAIL}),
        groups=False,
        is_fixed=True,
    ),
    Type.FEATURED: TypeOptions(
        label="Your achievement or release is chosen for the week",
        title="Highlight of the week",
        one="{subject} is a highlight of the week.",
        many="{subject} is a highlight of the week.",
        channels=frozenset({SITE, TOAST}),
        groups=False,
    ),
    Type.WEBHOOK_DISABLED: TypeOptions(
        label="One of your webhooks is turned off",
        title="Webhook turned off",
        one="Your webhook to {subject} was turned off.",
        many="Your webhook to {subject} was turned off.",
        channels=frozenset({SITE, MAIL}),
        groups=False,
    ),
    Type.WEBHOOK_LIMITED: TypeOptions(
        label="Your webhooks reach their daily limit",
        title="Webhook limit reached",
        one="Your webhooks reached their daily limit, so {subject} misses some events.",
        many="Your webhooks reached their daily limit, so {subject} misses some events.",
        channels=frozenset({SITE}),
        groups=False,
    ),
}

# Keys of rows that gather more than one thing.
DIGEST_KEY = "digest:"
# The one row for what of a type was left unread for half a year.
OLDER_KEY = f"{DIGEST_KEY}older:"
REPLY_KEY = "reply:"
# Of what one person did to another's inbox in a day; what is more is one row for each kind.
MOST_FROM_ONE = 50
# Votes at which the author of a request is told, each once.
POPULAR_AT = (5, 10, 25, 50)


def default_of(type_: Type, channel: Channel) -> bool:
    """Return whether a type is on a channel unless its user says otherwise."""
    return channel in TYPES[type_].channels
