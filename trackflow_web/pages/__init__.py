"""The HTML side: pages and fragments, one module a feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

from trackflow_web.pages import (
    achievements,
    admin,
    admin_users,
    assets,
    authoring,
    bugs,
    collaborations,
    compression,
    connections,
    errors,
    features,
    formats,
    health,
    home,
    hx,
    imports,
    metrics,
    packs,
    people,
    profiles,
    series,
    session,
    settings,
    settings_achievements,
    settings_privacy,
    songs,
    stats,
    toasts,
)
from trackflow_web.pages.headers import SecurityHeaders
from trackflow_web.pages.urls import RecordId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask

    from trackflow_web.config import Config
    from trackflow_web.kernel.unit_of_work import Listener

# These add their views to the blueprint of administrators, or to the settings'.
__all__ = ["admin_users", "connect", "settings_achievements", "settings_privacy"]

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
    connections.pages,
    achievements.pages,
    stats.pages,
    profiles.pages,
    features.pages,
    bugs.pages,
    admin.pages,
    health.pages,
    metrics.pages,
)


def connect(app: Flask, config: Config, listeners: Sequence[Listener]) -> None:
    """Give an application its pages, and what stands around every request."""
    app.url_map.converters["id"] = RecordId
    session.connect(app)
    compression.connect(app)
    # After-request functions run from the last to the first: what the hook of the toasts answers
    # when a commit fails is to have these headers too.
    hx.connect(app)
    toasts.connect(app, listeners)
    assets.connect(app)
    formats.connect(app)
    errors.connect(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    if proxies := config.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
    # As middleware, because an exception in one after-request function would skip the others.
    app.wsgi_app = SecurityHeaders(app.wsgi_app, https=config.production)  # type: ignore[method-assign]
    metrics.connect(app, config)
