"""Pages and fragments, one package per feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.pages.achievements import views as achievements
from trackflow_web.pages.admin import accounts as admin_accounts
from trackflow_web.pages.admin import custom as admin_custom
from trackflow_web.pages.admin import highlights as admin_highlights
from trackflow_web.pages.admin import levels as admin_levels
from trackflow_web.pages.admin import moderation as admin_moderation
from trackflow_web.pages.admin import rechecks as admin
from trackflow_web.pages.admin import users as admin_users
from trackflow_web.pages.authoring import views as authoring
from trackflow_web.pages.charts import views as charts
from trackflow_web.pages.collaborations import views as collaborations
from trackflow_web.pages.comments import views as comments
from trackflow_web.pages.community import feed as community_feed
from trackflow_web.pages.community import views as community
from trackflow_web.pages.covers import views as covers
from trackflow_web.pages.credentials import views as credentials
from trackflow_web.pages.directory import views as directory
from trackflow_web.pages.feedback import views as feedback
from trackflow_web.pages.home import crawlers
from trackflow_web.pages.home import views as home
from trackflow_web.pages.imports import spotify
from trackflow_web.pages.imports import views as imports
from trackflow_web.pages.invitations import views as invitations
from trackflow_web.pages.leaderboards import views as leaderboards
from trackflow_web.pages.moderation import views as moderation
from trackflow_web.pages.notifications import stream, unsubscribe
from trackflow_web.pages.notifications import views as notifications
from trackflow_web.pages.packs import views as packs
from trackflow_web.pages.people import recovery
from trackflow_web.pages.people import views as people
from trackflow_web.pages.profiles import avatars, awards, proof
from trackflow_web.pages.profiles import views as profiles
from trackflow_web.pages.reactions import views as reactions
from trackflow_web.pages.relations import lists as relation_lists
from trackflow_web.pages.relations import views as relations
from trackflow_web.pages.releases import views as releases
from trackflow_web.pages.seasons import administration as seasons_administration
from trackflow_web.pages.seasons import views as seasons
from trackflow_web.pages.series import views as series
from trackflow_web.pages.settings import (
    achievements as settings_achievements,
)
from trackflow_web.pages.settings import (
    notifications as settings_notifications,
)
from trackflow_web.pages.settings import (
    privacy as settings_privacy,
)
from trackflow_web.pages.settings import (
    streaks as settings_streaks,
)
from trackflow_web.pages.settings import (
    views as settings,
)
from trackflow_web.pages.songs import bulk as songs_bulk
from trackflow_web.pages.songs import views as songs
from trackflow_web.pages.stats import views as stats
from trackflow_web.pages.suggestions import views as suggestions
from trackflow_web.pages.undo import views as undo
from trackflow_web.pages.webhooks import views as webhooks
from trackflow_web.web.ops import health, metrics
from trackflow_web.web.urls import Code, RecordId

if TYPE_CHECKING:
    from flask import Flask

# These add their views to the blueprint of administrators, or to the settings'.
__all__ = [
    "admin_accounts",
    "admin_custom",
    "admin_highlights",
    "admin_levels",
    "admin_moderation",
    "admin_users",
    "community",
    "community_feed",
    "crawlers",
    "init_app",
    "recovery",
    "seasons_administration",
    "settings_achievements",
    "settings_notifications",
    "settings_privacy",
    "settings_streaks",
    "songs_bulk",
    "stream",
    "unsubscribe",
]

BLUEPRINTS = (
    home.pages,
    people.pages,
    settings.pages,
    webhooks.pages,
    songs.pages,
    undo.pages,
    authoring.pages,
    collaborations.pages,
    invitations.pages,
    packs.pages,
    series.pages,
    imports.pages,
    spotify.pages,
    charts.pages,
    achievements.pages,
    stats.pages,
    leaderboards.pages,
    seasons.pages,
    profiles.pages,
    awards.pages,
    proof.pages,
    credentials.pages,
    relations.pages,
    relation_lists.pages,
    moderation.pages,
    releases.pages,
    covers.pages,
    directory.pages,
    avatars.pages,
    suggestions.pages,
    notifications.pages,
    comments.pages,
    reactions.pages,
    feedback.features,
    feedback.bugs,
    admin.pages,
    health.pages,
    metrics.pages,
)


def init_app(app: Flask) -> None:
    """Register the pages with an application."""
    app.url_map.converters["id"] = RecordId
    app.url_map.converters["code"] = Code
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
