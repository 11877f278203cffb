"""The composition root: event handlers in dispatch order, jobs, adapters, hooks, routes."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import sqlalchemy as sa
from limits import parse

from trackflow_web import api, cli, embeds, pages
from trackflow_web.achievements import handler
from trackflow_web.achievements.awards.subjects import awards
from trackflow_web.achievements.events import (
    AchievementRestored,
    AchievementRevoked,
    AchievementsBackfilled,
    AchievementsWithdrawn,
    AchievementUnlocked,
    CustomAchievementChanged,
)
from trackflow_web.achievements.standings import handler as standings
from trackflow_web.adapters import mail
from trackflow_web.adapters.outbound import GuardedSender
from trackflow_web.adapters.spotify import SpotifyWeb
from trackflow_web.adapters.vault import FernetVault
from trackflow_web.community import handler as feed
from trackflow_web.community import keeping
from trackflow_web.credentials import actions as credentials
from trackflow_web.credentials.keys import issuer_of
from trackflow_web.domain import audit, events, subjects
from trackflow_web.domain.audit import SecurityEvent
from trackflow_web.domain.collaborations import blocking
from trackflow_web.domain.comments import subjects as comment_subjects
from trackflow_web.domain.comments import threads
from trackflow_web.domain.comments.events import CommentRemoved, HeldCommentReleased
from trackflow_web.domain.feedback import subjects as feedback
from trackflow_web.domain.feedback.events import FeedbackDecided
from trackflow_web.domain.moderation import gone
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.packs import subjects as pack_subjects
from trackflow_web.domain.people import passwords, row_limits
from trackflow_web.domain.people.events import PersonRegistered
from trackflow_web.domain.relations import blocking as relations
from trackflow_web.domain.series import actions as series
from trackflow_web.domain.songs import subjects as songs
from trackflow_web.domain.songs.models import Milestone
from trackflow_web.domain.streaks import actions as streaks
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.domain.webhooks import events as webhook_events
from trackflow_web.integrations.share_images import handler as share_images
from trackflow_web.jobs.events import Archiving
from trackflow_web.jobs.queue import Jobs
from trackflow_web.jobs.tools import Tools
from trackflow_web.jobs.work import Mode
from trackflow_web.kernel import failpoints, hiding, signals
from trackflow_web.kernel.database import db, without_timeouts
from trackflow_web.kernel.events import Handler
from trackflow_web.kernel.rate_limits import Recent
from trackflow_web.notifications import handler as notifications
from trackflow_web.notifications import versions
from trackflow_web.notifications.streams import Streams
from trackflow_web.web import extensions, hooks, replica
from trackflow_web.web.ops import logs
from trackflow_web.web.share_images import drawn
from trackflow_web.webhooks import handler as webhooks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from trackflow_web.config import Config
    from trackflow_web.kernel.event_types import Payload

# The events of features that the security log contains.
AUDITED = {
    PersonRegistered: SecurityEvent.ACCOUNT_CREATED,
    FeedbackDecided: SecurityEvent.STATUS_DECIDED,
    AchievementUnlocked: SecurityEvent.AWARD_GIVEN,
    AchievementsBackfilled: SecurityEvent.AWARDS_BACKFILLED,
    AchievementRevoked: SecurityEvent.AWARD_REVOKED,
    AchievementRestored: SecurityEvent.AWARD_RESTORED,
    CommentRemoved: SecurityEvent.COMMENT_REMOVED,
    HeldCommentReleased: SecurityEvent.COMMENT_RELEASED,
    CustomAchievementChanged: SecurityEvent.CUSTOM_ACHIEVEMENT_CHANGED,
    webhook_events.WebhookCreated: SecurityEvent.WEBHOOK_CREATED,
    webhook_events.WebhookChanged: SecurityEvent.WEBHOOK_CHANGED,
    webhook_events.WebhookRotated: SecurityEvent.WEBHOOK_ROTATED,
    webhook_events.WebhookDeleted: SecurityEvent.WEBHOOK_DELETED,
    webhook_events.WebhookDisabled: SecurityEvent.WEBHOOK_DISABLED,
}
# Starts of the job for one share image, by each process.
ONE_A_MINUTE = "1/1 minute"
# After these somebody no longer sees something. What records no event calls `cache_versions.hide`:
# privacy, profiles, pictures, names of packs, edited comments; holds, bans and hidden awards step
# the version of the holders. Every other type is listed in tests/security/test_hiding.py.
HIDING = frozenset(
    {
        AchievementRevoked,
        AchievementsWithdrawn,
        events.BugReportDropped,
        events.CollaborationLeft,
        events.CollaboratorRemoved,
        events.CommentDeleted,
        events.CommentRemoved,
        events.FeatureRequestDropped,
        events.ModerationDecided,
        events.PackDeleted,
        events.PackReopened,
        events.PersonListed,
        events.ReactionRemoved,
        events.SeriesDeleted,
        events.SeriesReopened,
        events.SongDeleted,
        events.SongUnreleased,
        events.SongsUnimported,
        events.UserBlocked,
        events.UserUnfollowed,
    }
)


def _renames_a_release(payload: Payload) -> bool:
    """Return whether others no longer see what a song was called."""
    return isinstance(payload, events.SongEdited) and Milestone.RELEASED in payload.was


# What people react to and comment on.
SUBJECTS: dict[SubjectType, subjects.Rows] = {
    SubjectType.RELEASE: songs.releases,
    SubjectType.ACHIEVEMENT: awards,
    SubjectType.PACK: pack_subjects.packs,
    SubjectType.COMMENT: comment_subjects.comments,
    SubjectType.FEATURE_REQUEST: feedback.feature_requests,
    SubjectType.BUG_REPORT: feedback.bug_reports,
}
# Event handlers, in dispatch order. Those that record further events come before the one that
# counts them.
HANDLERS = (
    # First: replicas must know of what is hidden even if another handler fails.
    hiding.handler(HIDING, if_so=_renames_a_release),
    Handler("own_changes", handle=versions.note_actors, reconcile=versions.note_actors),
    Handler("packs", handle=packs.handle, reconcile=packs.handle),
    Handler("series", handle=series.handle, reconcile=series.handle),
    Handler("blocks", handle=blocking.handle, reconcile=blocking.handle),
    Handler("promotions", handle=relations.handle, reconcile=relations.handle),
    Handler("achievements", handle=handler.handle, reconcile=handler.reconcile),
    # Behind the one that locks the counters of whose scores change.
    Handler("standings", handle=standings.handle, reconcile=standings.reconcile),
    Handler("streaks", handle=streaks.handle, reconcile=streaks.reconcile),
    Handler("moderation", handle=gone.handle, reconcile=gone.handle),
    Handler("threads", handle=threads.handle, reconcile=threads.handle),
    Handler("notifications", handle=notifications.handle, reconcile=notifications.reconcile),
    Handler("credentials", handle=credentials.handle, reconcile=credentials.handle),
    Handler("feed", handle=feed.handle, reconcile=feed.reconcile),
    Handler("share_images", handle=share_images.handle, reconcile=share_images.reconcile),
    Handler("webhooks", handle=webhooks.handle, reconcile=webhooks.reconcile),
    audit.handler(AUDITED),
)


def init_app(app: Flask, config: Config) -> None:
    """Register all features with an application."""
    prepare_process(config)
    app.extensions[extensions.HANDLERS] = HANDLERS
    app.extensions[extensions.JOBS] = _jobs(app, config)
    app.extensions[extensions.SEARCHES] = Recent(config.limit_search)
    app.extensions[extensions.IMAGES_STARTED] = Recent(parse(ONE_A_MINUTE))
    app.extensions[extensions.STREAMS] = _streams(app, config)
    app.extensions[extensions.ISSUER] = issuer_of(config.credential_secrets, config.site_url)
    hooks.init_app(app, config)
    pages.init_app(app)
    api.init_app(app)
    embeds.init_app(app)
    replica.init_app(app, config)  # wraps views
    cli.init_app(app, HANDLERS)


def prepare_process(config: Config) -> None:
    """Apply what holds for the whole process: logs, failpoints, hashes, row limits, subjects."""
    logs.prepare_process(config)
    failpoints.arm(config.faults)
    passwords.use_cheap_hashes(cheap=config.cheap_passwords)
    row_limits.use(config.row_limits)
    subjects.use(SUBJECTS)
    keeping.use(config.feed_kept_days)
    signals.use(sending=config.live_streams > 0)


def _jobs(app: Flask, config: Config) -> Jobs:
    """Return the background jobs; they know neither Flask nor which adapters they use."""
    spotify = SpotifyWeb(
        client_id=config.spotify_client_id,
        client_secret=config.spotify_client_secret,
        api_base=config.spotify_api_base,
        accounts_base=config.spotify_accounts_base,
    )
    return Jobs(
        mode=Mode.AT_ONCE if app.testing and config.jobs == Mode.THREAD else Mode(config.jobs),
        database_url=config.database_url,
        pooled=config.is_pooled,
        instance_path=config.instance_path,
        secret=config.secret_key,
        tools=Tools(
            handlers=HANDLERS,
            vault=FernetVault(config.token_secrets),
            spotify=spotify if config.spotify_client_id else None,
            mailer=mail.mailer(config.mail_url, sender=config.mail_from),
            draw=drawn,
            secret=config.secret_key,
            archiving=Archiving(config.events_kept_months, config.events_archive),
            newcomer_days=config.newcomer_days,
            sender=GuardedSender(loopback=config.webhook_loopback),
            site_url=config.site_url,
        ),
        context=partial(_context_of_jobs, app),
    )


def _streams(app: Flask, config: Config) -> Streams:
    with app.app_context():
        direct = config.database_direct_url
        return Streams(config.live_streams, sa.make_url(direct) if direct else db.engine.url)


@contextmanager
def _context_of_jobs(app: Flask) -> Iterator[None]:
    with app.app_context(), without_timeouts():
        yield
