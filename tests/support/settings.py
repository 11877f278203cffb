"""How the application is set up in tests."""

from __future__ import annotations


def settings_for(database_url: str, **more: object) -> dict[str, object]:
    """The settings for create_app. CSRF protection stays on, so that a missing token fails here."""
    return {
        "TESTING": True,
        "DATABASE_URL": database_url,
        "SECRET_KEY": "not a secret: these people do not exist",
        # A true hash takes 60 ms on purpose; a thousand sign-ins would take a minute.
        "PASSWORD_COST": "normal" if more.get("TRACKFLOW_ENV") == "production" else "cheap",
        # Tests search faster than users type, often with a stopped clock.
        "LIMIT_SEARCH": "100000/1 second",
        **more,
    }
