"""The export: everything stored about one user, as one JSON document in pieces.

Rows are read in pages, each in a separate transaction that ends before its piece is sent. A worker
holds one page and no connection, regardless of the amount of data and the speed of the client.
Concurrent changes may be in one list of the document and not in another.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.accounts.export_collaborations import collaborations_of
from trackflow_web.accounts.export_community import community_of
from trackflow_web.accounts.export_imports import imports_of
from trackflow_web.accounts.export_notifications import notifications_of
from trackflow_web.accounts.export_relations import relations_of
from trackflow_web.accounts.export_talk import talk_of
from trackflow_web.accounts.pieces import (
    FULL_ROWS_AT_ONCE,
    Row,
    document,
    grouped_by,
    json_list,
    json_of_first,
    rows_of,
    selected,
    with_details,
)
from trackflow_web.achievements.category_models import CategoryCompletion
from trackflow_web.achievements.custom_models import AwardGrant, CatalogueChange
from trackflow_web.achievements.models import (
    Achievement,
    RecheckRun,
    UserAchievement,
    UserPeriodStats,
    UserStats,
    UserValue,
)
from trackflow_web.achievements.standings.models import LeaderboardFinal, LeaderboardScore
from trackflow_web.credentials.models import Credential
from trackflow_web.domain.authoring.models import PartTemplate, SongPart
from trackflow_web.domain.covers.models import Cover
from trackflow_web.domain.feedback.models import Feedback, FeedbackVote
from trackflow_web.domain.imports.models import Connection
from trackflow_web.domain.mail.models import Mail
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.models import AccessToken, Avatar, Decision, User, Visit
from trackflow_web.domain.series.models import Series, Track
from trackflow_web.domain.share_images.models import ShareImage
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.streaks.models import BreakWeek, ChartingWeek
from trackflow_web.domain.webhooks.models import Delivery, Webhook
from trackflow_web.kernel import clock, rate_limits
from trackflow_web.kernel.database import db
from trackflow_web.kernel.event_archives import EventArchive
from trackflow_web.kernel.events import Event
from trackflow_web.kernel.transactions import reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from limits import RateLimitItem


TOO_MANY = "You've downloaded this several times just now. Wait a little and try again."
FORMAT = "trackflow-export"
VERSION = 1
# Tables with secrets export only these columns; all others export every column not named here.
ACCOUNT = (
    "username",
    "email",
    "email_confirmed_at",
    "new_email",
    "timezone",
    "is_admin",
    "toasts",
    "display_name",
    "bio",
    "links",
    "charter_names",
    "theme",
    "uses_shortcuts",
    "hides_checklist",
    "audience",
    "shows_new_achievements",
    "shows_days",
    "on_boards",
    "in_feed",
    "last_visit_day",
    "last_seen_at",
    "suspended_until",
    "suspended_for",
    "created_at",
)
TOKEN = ("name", "scope", "created_at", "expires_at", "last_used_at")
# The file is the user's own, and is deleted with the preview.
# The picture as it is shown; the one that was sent waits for minutes only.
AVATAR = ("uploaded_at", "large")
SHARE_IMAGE = ("id", "kind", "subject_id", "checked_at")
COVER = ("song_id", "pack_id", "uploaded_at", "large")
MAIL = ("kind", "address", "created_at", "ended_at")
WEBHOOK = (
    "id",
    "kind",
    "shown_url",
    "events",
    "state",
    "reason",
    "failures",
    "failing_since",
    "created_at",
)
CONNECTION = ("scopes", "created_at", "updated_at", "expires_at")
# Columns of an award that are not exported: keys, internals, and the name of another user.
OF_AN_AWARD = frozenset(
    {
        "id",
        "user_id",
        "achievement_id",
        "shown_until",
        "grant_id",
        "revoked_by_id",
        "revoked_by",
    }
)


def export_within(user: User, limit: RateLimitItem) -> Iterator[str]:
    """Return the export of a user, within a rate limit: it is read from every table.

    Raises TooMany.
    """
    rate_limits.enforce("export", str(user.id), limit, TOO_MANY)
    return export(user)


def export(user: User) -> Iterator[str]:
    """Return the pieces of a user's export; the first one is there before anything is read.

    Times are in ISO 8601, lists are in the order of their keys.
    """
    user_id, email = user.id, user.email
    first = {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": clock.now(),
        "account": {name: getattr(user, name) for name in ACCOUNT},
    }
    return document(
        first,
        {
            **_work(user_id),
            **collaborations_of(user_id),
            **relations_of(user_id),
            **notifications_of(user_id),
            **community_of(user_id),
            **_feedback(user_id),
            **talk_of(user_id),
            **_achievements(user_id),
            "badges": json_list(rows_of(Credential, Credential.user_id == user_id)),
            "covers": json_list(rows_of(Cover, Cover.user_id == user_id, only=COVER)),
            "share_images": json_list(
                rows_of(ShareImage, ShareImage.user_id == user_id, only=SHARE_IMAGE)
            ),
            "avatars": json_list(rows_of(Avatar, Avatar.user_id == user_id, only=AVATAR)),
            **_access(user_id, email),
        },
    )


# --- the lists, by their names -------------------------------------------------------------------


def _work(user_id: int) -> Mapping[str, Iterator[str]]:
    parts_done = sa.select(SongPart.song_id, Song.title, SongPart.part, SongPart.first_done_at)
    songs = rows_of(Song, Song.user_id == user_id, at_once=FULL_ROWS_AT_ONCE)
    series = rows_of(Series, Series.user_id == user_id, at_once=FULL_ROWS_AT_ONCE)
    return {
        "songs": json_list(with_details(songs, _parts)),
        "parts_done": json_list(
            selected(
                parts_done.join(Song, Song.id == SongPart.song_id).where(
                    SongPart.done_by == user_id
                ),
                SongPart.song_id,
                SongPart.part,
            )
        ),
        "part_templates": json_list(
            rows_of(PartTemplate, PartTemplate.user_id == user_id, leave_out={"name_key"})
        ),
        "packs": json_list(rows_of(Pack, Pack.user_id == user_id)),
        "series": json_list(with_details(series, _tracks)),
        **imports_of(user_id),
    }


def _parts(song_ids: Sequence[int]) -> tuple[str, Mapping[Any, list[Row]]]:
    found = rows_of(SongPart, SongPart.song_id.in_(song_ids), leave_out={"done_by"})
    return "parts", grouped_by(found, "song_id")


def _tracks(series_ids: Sequence[int]) -> tuple[str, Mapping[Any, list[Row]]]:
    return "tracks", grouped_by(rows_of(Track, Track.series_id.in_(series_ids)), "series_id")


def _feedback(user_id: int) -> Mapping[str, Iterator[str]]:
    about = (Feedback.kind, Feedback.id.label("feedback_id"), Feedback.title)
    votes = sa.select(*about, FeedbackVote.at)
    votes = votes.join(FeedbackVote, FeedbackVote.feedback_id == Feedback.id)
    return {
        "requests_and_reports": json_list(rows_of(Feedback, Feedback.user_id == user_id)),
        "votes": json_list(selected(votes.where(FeedbackVote.user_id == user_id), Feedback.id)),
    }


def _achievements(user_id: int) -> Mapping[str, Iterator[str]]:
    awards = sa.select(
        Achievement.code,
        Achievement.name,
        *(column for column in UserAchievement.__table__.c if column.name not in OF_AN_AWARD),
        AwardGrant.note,
    )
    awards = awards.join(UserAchievement, UserAchievement.achievement_id == Achievement.id)
    awards = awards.outerjoin(AwardGrant, AwardGrant.id == UserAchievement.grant_id)
    return {
        "achievements": json_list(
            selected(awards.where(UserAchievement.user_id == user_id), UserAchievement.id)
        ),
        "numbers": json_of_first(rows_of(UserStats, UserStats.user_id == user_id)),
        "different_values": json_list(rows_of(UserValue, UserValue.user_id == user_id)),
        "numbers_by_period": json_list(
            rows_of(UserPeriodStats, UserPeriodStats.user_id == user_id)
        ),
        "category_completions": json_list(
            rows_of(CategoryCompletion, CategoryCompletion.user_id == user_id)
        ),
        "leaderboard_scores": json_list(
            rows_of(LeaderboardScore, LeaderboardScore.user_id == user_id)
        ),
        "leaderboard_places": json_list(
            rows_of(LeaderboardFinal, LeaderboardFinal.user_id == user_id)
        ),
        "visits": json_list(rows_of(Visit, Visit.user_id == user_id)),
        "charting_weeks": json_list(rows_of(ChartingWeek, ChartingWeek.user_id == user_id)),
        "planned_breaks": json_list(rows_of(BreakWeek, BreakWeek.user_id == user_id)),
        "activities": json_list(rows_of(Event, Event.user_id == user_id, leave_out={"heard_at"})),
        "activities_archived_before": _archived_before(user_id),
    }


def _archived_before(user_id: int) -> Iterator[str]:
    """Return the time before which events of a user may be in an archive, as JSON."""
    registered = sa.select(User.created_at).where(User.id == user_id).scalar_subquery()
    archived = sa.select(EventArchive.ends_at).where(EventArchive.ends_at > registered)
    with reading():
        before = db.session.scalar(archived.order_by(EventArchive.ends_at.desc()).limit(1))
    yield json.dumps(before and before.isoformat())


def _access(user_id: int, email: str) -> Mapping[str, Iterator[str]]:
    """Return tokens, connections, mails and rechecks; never a secret."""
    mails = sa.or_(Mail.user_id == user_id, Mail.address == email)
    return {
        "tokens": json_list(rows_of(AccessToken, AccessToken.user_id == user_id, only=TOKEN)),
        "connections": json_list(
            rows_of(Connection, Connection.user_id == user_id, only=CONNECTION)
        ),
        "webhooks": json_list(rows_of(Webhook, Webhook.user_id == user_id, only=WEBHOOK)),
        "webhook_deliveries": json_list(
            rows_of(Delivery, Delivery.user_id == user_id, leave_out={"event_key"})
        ),
        "grants": json_list(rows_of(AwardGrant, AwardGrant.admin_id == user_id)),
        "catalogue_changes": json_list(
            rows_of(CatalogueChange, CatalogueChange.admin_id == user_id)
        ),
        "rechecks": json_list(rows_of(RecheckRun, RecheckRun.admin_id == user_id)),
        "mails": json_list(rows_of(Mail, mails, only=MAIL)),
        "decisions": json_list(rows_of(Decision, Decision.user_id == user_id)),
    }
