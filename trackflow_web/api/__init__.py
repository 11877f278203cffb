"""The JSON API over the same actions and queries as the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.api.achievements import custom
from trackflow_web.api.achievements import views as achievements
from trackflow_web.api.admin import views as admin
from trackflow_web.api.authoring import views as authoring
from trackflow_web.api.charts import views as charts
from trackflow_web.api.collaborations import views as collaborations
from trackflow_web.api.comments import views as comments
from trackflow_web.api.community import views as community
from trackflow_web.api.core import openapi
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.covers import views as covers
from trackflow_web.api.credentials import views as credentials
from trackflow_web.api.directory import views as directory
from trackflow_web.api.feedback import views as feedback
from trackflow_web.api.imports import views as imports
from trackflow_web.api.invitations import views as invitations
from trackflow_web.api.leaderboards import views as leaderboards
from trackflow_web.api.moderation import views as moderation
from trackflow_web.api.notifications import views as notifications
from trackflow_web.api.packs import views as packs
from trackflow_web.api.profiles import views as profiles
from trackflow_web.api.reactions import views as reactions
from trackflow_web.api.relations import mutes
from trackflow_web.api.relations import views as relations
from trackflow_web.api.seasons import views as seasons
from trackflow_web.api.series import views as series
from trackflow_web.api.settings import streaks as settings_streaks
from trackflow_web.api.settings import views as settings
from trackflow_web.api.songs import views as songs
from trackflow_web.api.undo import views as undo
from trackflow_web.api.webhooks import views as webhooks

if TYPE_CHECKING:
    from flask import Flask

__all__ = [
    "achievements",
    "admin",
    "authoring",
    "charts",
    "collaborations",
    "comments",
    "community",
    "covers",
    "credentials",
    "custom",
    "directory",
    "feedback",
    "imports",
    "init_app",
    "invitations",
    "leaderboards",
    "moderation",
    "mutes",
    "notifications",
    "openapi",
    "packs",
    "profiles",
    "reactions",
    "relations",
    "seasons",
    "series",
    "settings",
    "settings_streaks",
    "songs",
    "undo",
    "webhooks",
]


def init_app(app: Flask) -> None:
    """Register the API with an application."""
    app.register_blueprint(api)
