"""The application factory. Starting an application writes nothing and migrates nothing."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from jinja2 import StrictUndefined

from trackflow_web import composition
from trackflow_web.config import Config, ConfigError
from trackflow_web.kernel import database
from trackflow_web.web import extensions

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parent.parent
# Settings of Flask that a mapping may contain, for tests.
FLASK_SETTINGS = frozenset({"TESTING", "SERVER_NAME", "WTF_CSRF_ENABLED", "DEBUG"})


def create_app(config: Config | Mapping[str, object] | None = None) -> Flask:
    """Return the application for a Config, for named settings, or for the environment.

    An invalid setting aborts startup with a message that identifies it.
    """
    settings: Mapping[str, object] = {}
    if not isinstance(config, Config):
        settings = config or {}
        config = _read(settings)
    app = Flask(
        __name__,
        static_folder=str(ROOT / "static"),
        template_folder=str(ROOT / "templates"),
        instance_path=str(config.instance_path.resolve()),
    )
    app.config.update(_flask_settings(config))
    app.config.update({name: settings[name] for name in FLASK_SETTINGS & settings.keys()})
    app.extensions[extensions.SETTINGS] = config
    app.jinja_env.undefined = StrictUndefined
    database.db.init_app(app)
    with app.app_context():
        database.prepare(database.db.engine, pooled=config.is_pooled)
    composition.init_app(app, config)
    return app


def _read(settings: Mapping[str, object]) -> Config:
    given = {name: str(value) for name, value in settings.items() if name not in FLASK_SETTINGS}
    if "SQLALCHEMY_DATABASE_URI" in given:  # what Flask-SQLAlchemy's users know it by
        given.setdefault("DATABASE_URL", given["SQLALCHEMY_DATABASE_URI"])
    try:
        return Config.from_environment(given or os.environ, ROOT)
    except ConfigError as refusal:
        sys.exit(f"TrackFlow cannot start: {refusal}")


def _flask_settings(config: Config) -> dict[str, object]:
    return {
        "SECRET_KEY": config.secret_key,
        "SECRET_KEY_FALLBACKS": list(config.secret_key_fallbacks),
        "SQLALCHEMY_DATABASE_URI": config.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": database.engine_options(
            config.database_url,
            connections=config.database_connections,
            more=config.database_connections_more,
            pooled=config.is_pooled,
        ),
        "TRUSTED_HOSTS": list(config.trusted_hosts) or None,
        # Browsers accept the prefix only with Secure, for this host alone and the whole site.
        "SESSION_COOKIE_NAME": "__Host-session" if config.production else "session",
        "SESSION_COOKIE_SECURE": config.production,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(days=30),
        # A form that was left open overnight still works; the token ends with the session.
        "WTF_CSRF_TIME_LIMIT": None,
        # The longest form is an album's track list: 200 titles of 200 letters, each of them up to
        # twelve bytes when encoded. Endpoints that take a file are listed in web/limits.py.
        "MAX_CONTENT_LENGTH": 512 * 1024,
        "MAX_FORM_MEMORY_SIZE": 200_000,
        "MAX_FORM_PARTS": 100,
    }
