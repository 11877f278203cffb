"""How the application is set up in tests."""

from __future__ import annotations


def settings_for(database_url: str, **more: object) -> dict[str, object]:
    """What create_app is given. CSRF protection stays on: a forgotten token is to fail here."""
    return {
        "TESTING": True,
        "DATABASE_URL": database_url,
        "SECRET_KEY": "not a secret: these people do not exist",
        # A true hash takes 60 ms on purpose; a thousand sign-ins would take a minute.
        "PASSWORD_COST": "normal" if more.get("TRACKFLOW_ENV") == "production" else "cheap",
        # Tests search faster than people type, and often the clock stands still meanwhile.
        "LIMIT_SEARCH": "100000/1 second",
        **more,
    }
