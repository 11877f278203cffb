"""The HTML side: pages and fragments, one module a feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

from trackflow_web.pages.achievements import views as achievements
from trackflow_web.pages.admin import rechecks as admin
from trackflow_web.pages.admin import users as admin_users
from trackflow_web.pages.authoring import views as authoring
from trackflow_web.pages.collaborations import views as collaborations
from trackflow_web.pages.feedback import bugs, features
from trackflow_web.pages.home import views as home
from trackflow_web.pages.imports import spotify
from trackflow_web.pages.imports import views as imports
from trackflow_web.pages.packs import views as packs
from trackflow_web.pages.people import views as people
from trackflow_web.pages.profiles import views as profiles
from trackflow_web.pages.series import views as series
from trackflow_web.pages.settings import (
    achievements as settings_achievements,
)
from trackflow_web.pages.settings import (
    privacy as settings_privacy,
)
from trackflow_web.pages.settings import (
    views as settings,
)
from trackflow_web.pages.songs import views as songs
from trackflow_web.pages.stats import views as stats
from trackflow_web.web import after_action, assets, compression, errors, formats, htmx, session
from trackflow_web.web.headers import SecurityHeaders
from trackflow_web.web.ops import health, metrics
from trackflow_web.web.urls import RecordId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask

    from trackflow_web.config import Config
    from trackflow_web.kernel.events import Handler

# These add their views to the blueprint of administrators, or to the settings'.
__all__ = ["admin_users", "init_app", "settings_achievements", "settings_privacy"]

BLUEPRINTS = (
    home.pages,
    people.pages,
    settings.pages,
    songs.pages,
    authoring.pages,
    collaborations.pages,
    packs.pages,
    series.pages,
    imports.pages,
    spotify.pages,
    achievements.pages,
    stats.pages,
    profiles.pages,
    features.pages,
    bugs.pages,
    admin.pages,
    health.pages,
    metrics.pages,
)


def init_app(app: Flask, config: Config, handlers: Sequence[Handler]) -> None:
    """Give an application its pages, and what stands around every request."""
    app.url_map.converters["id"] = RecordId
    session.init_app(app)
    compression.init_app(app)
    # After-request functions run from the last to the first: what the hook of the toasts answers
    # when a commit fails is to have these headers too.
    htmx.init_app(app)
    after_action.init_app(app, handlers)
    assets.init_app(app)
    formats.init_app(app)
    errors.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    if proxies := config.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
    # As middleware, because an exception in one after-request function would skip the others.
    app.wsgi_app = SecurityHeaders(app.wsgi_app, https=config.production)  # type: ignore[method-assign]
    metrics.init_app(app, config)
