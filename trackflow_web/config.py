"""The settings, read from the environment once and checked before anything starts."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import limits
import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Mapping

    from limits import RateLimitItem

SHORTEST_SECRET_KEY = 32
SHORTEST_METRICS_TOKEN = 16
SECRET_KEYS_EVERYBODY_KNOWS = frozenset({"dev", "secret", "changeme", "change-me", "development"})


class ConfigError(Exception):
    """A setting that is not understood; the message is the sentence to show."""


@dataclass(frozen=True)
class Config:
    """What one installation is set to."""

    database_url: str
    database_connections: int
    database_connections_more: int
    secret_key: str
    secret_key_fallbacks: tuple[str, ...]
    instance_path: Path
    production: bool
    cheap_passwords: bool
    trusted_hosts: tuple[str, ...]
    trusted_proxies: int
    limit_sign_in: RateLimitItem
    limit_sign_in_all: RateLimitItem
    limit_register: RateLimitItem
    limit_feedback: RateLimitItem
    limit_comments: RateLimitItem
    limit_search: RateLimitItem
    limit_export: RateLimitItem
    spotify_client_id: str
    spotify_client_secret: str
    spotify_api_base: str
    spotify_accounts_base: str
    spotify_redirect_uri: str
    token_secrets: tuple[str, ...]
    jobs: str
    site_url: str
    mail_url: str
    mail_from: str
    metrics_token: str
    security_log: str
    faults: Path | None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], root: Path) -> Config:
        """Read the settings; what is made on first use is kept in `instance/` under `root`.

        Raises ConfigError naming the setting that is not understood.
        """
        production = _one_of(environ, "TRACKFLOW_ENV", ("development", "production"))
        instance = Path(environ.get("INSTANCE_PATH") or root / "instance")
        secret_key = _secret_key(environ, instance, production=production == "production")
        site_url = _site_url(environ)
        mail_url = _mail_url(environ)
        if mail_url and not site_url and production == "production":
            message = "MAIL_URL needs SITE_URL in production: a header must not decide links."
            raise ConfigError(message)
        return cls(
            database_url=_database_url(environ, instance),
            database_connections=_count(environ, "DATABASE_CONNECTIONS", "5", least=1),
            database_connections_more=_count(environ, "DATABASE_CONNECTIONS_MORE", "5"),
            secret_key=secret_key,
            secret_key_fallbacks=_words(environ, "SECRET_KEY_FALLBACKS"),
            instance_path=instance,
            production=production == "production",
            cheap_passwords=_one_of(environ, "PASSWORD_COST", ("normal", "cheap")) == "cheap",
            trusted_hosts=_words(environ, "TRUSTED_HOSTS"),
            trusted_proxies=_count(environ, "TRUSTED_PROXIES"),
            limit_sign_in=_limit(environ, "LIMIT_SIGN_IN", "10/5 minutes"),
            limit_sign_in_all=_limit(environ, "LIMIT_SIGN_IN_ALL", "1000/5 minutes"),
            limit_register=_limit(environ, "LIMIT_REGISTER", "100/1 hour"),
            limit_feedback=_limit(environ, "LIMIT_FEEDBACK", "5/1 day"),
            limit_comments=_limit(environ, "LIMIT_COMMENTS", "60/1 hour"),
            limit_search=_limit(environ, "LIMIT_SEARCH", "5/1 second"),
            limit_export=_limit(environ, "LIMIT_EXPORT", "10/1 hour"),
            spotify_client_id=environ.get("SPOTIFY_CLIENT_ID", ""),
            spotify_client_secret=environ.get("SPOTIFY_CLIENT_SECRET", ""),
            spotify_api_base=_web_address(environ, "SPOTIFY_API_BASE"),
            spotify_accounts_base=_web_address(environ, "SPOTIFY_ACCOUNTS_BASE"),
            spotify_redirect_uri=environ.get("SPOTIFY_REDIRECT_URI", ""),
            token_secrets=_token_secrets(environ, secret_key),
            jobs=_one_of(environ, "JOBS", ("thread", "worker", "at-once")),
            site_url=site_url,
            mail_url=mail_url,
            mail_from=_mail_from(environ, site_url),
            metrics_token=_metrics_token(environ),
            security_log=_security_log(environ, production=production == "production"),
            faults=_faults(environ, production=production == "production"),
        )


def _database_url(environ: Mapping[str, str], instance: Path) -> str:
    given = environ.get("DATABASE_URL", "")
    if not given:
        instance.mkdir(parents=True, exist_ok=True)
        return f"sqlite:///{instance / 'trackflow.sqlite3'}"
    try:
        url = sa.make_url(given)
        # Some hosts still hand out the old short name.
        if url.drivername in {"postgres", "postgresql"}:
            url = url.set(drivername="postgresql+psycopg")
    except sa.exc.ArgumentError:
        message = "DATABASE_URL is no address of a database, like sqlite:////srv/trackflow.sqlite3."
        raise ConfigError(message) from None
    if url.drivername not in {"sqlite", "postgresql+psycopg"}:
        message = f"DATABASE_URL names {url.drivername}; TrackFlow knows sqlite and postgresql."
        raise ConfigError(message)
    if url.drivername == "sqlite" and url.database in {None, "", ":memory:"}:
        message = "DATABASE_URL names a database in memory; every process must see the same one."
        raise ConfigError(message)
    return url.render_as_string(hide_password=False)


def _secret_key(environ: Mapping[str, str], instance: Path, *, production: bool) -> str:
    given = environ.get("SECRET_KEY", "")
    weak = len(given) < SHORTEST_SECRET_KEY or given.casefold() in SECRET_KEYS_EVERYBODY_KNOWS
    if production and weak:
        message = f"SECRET_KEY needs at least {SHORTEST_SECRET_KEY} characters in production."
        raise ConfigError(message)
    return given or _kept_secret(instance / "secret_key")


def _token_secrets(environ: Mapping[str, str], secret_key: str) -> tuple[str, ...]:
    """What seals the tokens of other services, the newest first; the rest only opens.

    TOKEN_KEY makes it a secret of its own. What was sealed before stays readable: by the secrets in
    TOKEN_KEY_FALLBACKS and by those of the sessions.
    """
    given = environ.get("TOKEN_KEY", "")
    if given and len(given) < SHORTEST_SECRET_KEY:
        message = f"TOKEN_KEY needs at least {SHORTEST_SECRET_KEY} characters."
        raise ConfigError(message)
    older = (*_words(environ, "TOKEN_KEY_FALLBACKS"), secret_key)
    secrets_of_sessions = _words(environ, "SECRET_KEY_FALLBACKS")
    return tuple(filter(None, (given, *older, *secrets_of_sessions)))


def _faults(environ: Mapping[str, str], *, production: bool) -> Path | None:
    given = environ.get("FAULTS", "")
    if given and production:
        message = "FAULTS lets processes die on purpose, for tests: never in production."
        raise ConfigError(message)
    if given and not Path(given).is_dir():
        message = f"FAULTS is {given!r}; it must be a folder."
        raise ConfigError(message)
    return Path(given) if given else None


def _metrics_token(environ: Mapping[str, str]) -> str:
    given = environ.get("METRICS_TOKEN", "")
    if given and len(given) < SHORTEST_METRICS_TOKEN:
        message = f"METRICS_TOKEN needs at least {SHORTEST_METRICS_TOKEN} characters."
        raise ConfigError(message)
    return given


def _security_log(environ: Mapping[str, str], *, production: bool) -> str:
    """`off`, `stderr`, or a file, whose folder must be there."""
    value = environ.get("SECURITY_LOG") or ("stderr" if production else "off")
    if value not in {"off", "stderr"} and not Path(value).absolute().parent.is_dir():
        message = f"SECURITY_LOG is {value!r}; it must be off, stderr or a file in a folder."
        raise ConfigError(message)
    return value


def _web_address(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if value and not value.startswith(("https://", "http://")):
        message = f"{name} is {value!r}; it must begin with https:// or http://."
        raise ConfigError(message)
    return value


def _site_url(environ: Mapping[str, str]) -> str:
    """The site's own address, without a path or a slash at its end; empty when not set."""
    value = environ.get("SITE_URL", "").rstrip("/")
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    plain = parts.scheme in {"https", "http"} and parts.hostname and not parts.path
    if not plain or "@" in parts.netloc or parts.query or parts.fragment:
        message = f"SITE_URL is {value!r}; it must be like https://trackflow.example."
        raise ConfigError(message)
    return value


def _mail_url(environ: Mapping[str, str]) -> str:
    """Where mail goes: `smtp://`, `smtps://` or `file:///folder`; empty when not set.

    The value may contain a password, so no message repeats it.
    """
    value = environ.get("MAIL_URL", "")
    if not value:
        return ""
    message = "MAIL_URL must be like smtp://user:password@host:587 or file:///var/mail/trackflow."
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ConfigError(message) from None
    server = parts.scheme in {"smtp", "smtps"} and parts.hostname and parts.path in {"", "/"}
    folder = parts.scheme == "file" and not parts.netloc and len(parts.path) > 1
    if not (server or folder):
        raise ConfigError(message)
    return value


def _mail_from(environ: Mapping[str, str], site_url: str) -> str:
    """The sender of mails; made from the site's name unless MAIL_FROM says otherwise."""
    host = urlsplit(site_url).hostname or "localhost"
    value = environ.get("MAIL_FROM") or f"TrackFlow <no-reply@{host}>"
    address = parseaddr(value)[1]
    if "@" not in address or not value.isprintable():
        message = f"MAIL_FROM is {value!r}; it must be like TrackFlow <no-reply@trackflow.example>."
        raise ConfigError(message)
    return value


def _kept_secret(path: Path) -> str:
    """The secret in this file, made on first use; two processes that start at once agree."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="utf-8") as new:
            new.write(secrets.token_hex(32))
            new.flush()
            # A link to a whole file: whoever comes second finds the first one's, never half of it.
            with contextlib.suppress(FileExistsError):
                os.link(new.name, path)
    return path.read_text("utf-8").strip()


def _one_of(environ: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = environ.get(name) or choices[0]
    if value not in choices:
        message = f"{name} is {value!r}; it must be one of: {', '.join(choices)}."
        raise ConfigError(message)
    return value


def _count(environ: Mapping[str, str], name: str, default: str = "0", *, least: int = 0) -> int:
    value = environ.get(name) or default
    if not (value.isascii() and value.isdigit()):
        message = f"{name} is {value!r}; it must be a whole number."
        raise ConfigError(message)
    if int(value) < least:
        message = f"{name} is {value}; it must be at least {least}."
        raise ConfigError(message)
    return int(value)


def _limit(environ: Mapping[str, str], name: str, default: str) -> RateLimitItem:
    value = environ.get(name) or default
    with contextlib.suppress(ValueError):
        limit = limits.parse(value)
        if limit.amount > 0:  # none at all would shut everybody out
            return limit
    message = f"{name} is {value!r}; it must be a limit like {default!r}."
    raise ConfigError(message)


def _words(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(environ.get(name, "").replace(",", " ").split())
