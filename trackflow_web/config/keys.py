"""The keys: what signs cookies, seals tokens and opens the metrics."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from typing import TYPE_CHECKING

from trackflow_web.config.values import ConfigError, words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SHORTEST_SECRET_KEY = 32
SHORTEST_METRICS_TOKEN = 16
# The beginnings of keys in examples.
KEYS_EVERYBODY_KNOWS = (
    "dev",
    "secret",
    "change",
    "your",
    "example",
    "replace",
    "insecure",
    "django",
)


def secret_key(environ: Mapping[str, str], instance: Path, *, production: bool) -> str:
    """Return the key that signs cookies: SECRET_KEY, or outside production the stored one."""
    given = environ.get("SECRET_KEY", "")
    if production:
        require_strong("SECRET_KEY", given)
    return given or kept_secret(instance / "secret_key")


def fallbacks(environ: Mapping[str, str], name: str, *, production: bool) -> tuple[str, ...]:
    """Return the earlier keys that are still accepted; in production they must be strong, too."""
    keys = words(environ, name)
    for key in keys if production else ():
        require_strong(name, key)
    return keys


def require_strong(name: str, key: str) -> None:
    """Raise ConfigError for a short or well-known key."""
    if len(key) < SHORTEST_SECRET_KEY:
        message = f"{name} needs at least {SHORTEST_SECRET_KEY} characters in production."
        raise ConfigError(message)
    _reject_known(name, key)


def _reject_known(name: str, key: str) -> None:
    if key.casefold().startswith(KEYS_EVERYBODY_KNOWS):
        message = f"{name} is a key that everybody knows; make one of your own in production."
        raise ConfigError(message)


def token_secrets(
    environ: Mapping[str, str], secret_key: str, *, production: bool
) -> tuple[str, ...]:
    """Return the secrets that encrypt tokens of other services; the first encrypts.

    TOKEN_KEY is a separate secret. Earlier tokens stay readable with the secrets in
    TOKEN_KEY_FALLBACKS and those of the sessions.
    """
    given = environ.get("TOKEN_KEY", "")
    if given and len(given) < SHORTEST_SECRET_KEY:
        message = f"TOKEN_KEY needs at least {SHORTEST_SECRET_KEY} characters."
        raise ConfigError(message)
    if given and production:
        require_strong("TOKEN_KEY", given)
    older = (*fallbacks(environ, "TOKEN_KEY_FALLBACKS", production=production), secret_key)
    secrets_of_sessions = words(environ, "SECRET_KEY_FALLBACKS")
    return tuple(filter(None, (given, *older, *secrets_of_sessions)))


def credential_secrets(
    environ: Mapping[str, str], site_url: str, *, production: bool
) -> tuple[str, ...]:
    """Return the secrets of the keys that sign credentials: CREDENTIAL_KEY, then earlier ones.

    Empty if badges are off. What an earlier one signed stays valid while it is in
    CREDENTIAL_KEY_FALLBACKS.
    """
    given = environ.get("CREDENTIAL_KEY", "")
    older = fallbacks(environ, "CREDENTIAL_KEY_FALLBACKS", production=production)
    if not given:
        return ()
    if len(given) < SHORTEST_SECRET_KEY:
        message = f"CREDENTIAL_KEY needs at least {SHORTEST_SECRET_KEY} characters."
        raise ConfigError(message)
    if production:
        require_strong("CREDENTIAL_KEY", given)
    if not site_url:
        message = "CREDENTIAL_KEY needs SITE_URL: badges name the site that issued them."
        raise ConfigError(message)
    return (given, *older)


def metrics_token(environ: Mapping[str, str], *, production: bool) -> str:
    """Return the token for `/metrics`; empty if that is disabled."""
    given = environ.get("METRICS_TOKEN", "")
    if given and (len(given) < SHORTEST_METRICS_TOKEN or not given.isascii()):
        message = f"METRICS_TOKEN needs at least {SHORTEST_METRICS_TOKEN} characters, all ASCII."
        raise ConfigError(message)
    if production:
        _reject_known("METRICS_TOKEN", given)
    return given


def kept_secret(path: Path) -> str:
    """Return the secret in this file, made on first use; two processes that start at once agree."""
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="utf-8") as new:
            new.write(secrets.token_hex(32))
            new.flush()
            # A link to a complete file: a second process never finds half a key.
            with contextlib.suppress(FileExistsError):
                os.link(new.name, path)
    return path.read_text("utf-8").strip()
