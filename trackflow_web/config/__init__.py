"""The settings, read from the environment once and checked before anything starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackflow_web.config import addresses, keys, places
from trackflow_web.config.row_limits import row_limits
from trackflow_web.config.values import (
    ConfigError,
    count,
    limit,
    live_streams,
    one_of,
    several_limits,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from limits import RateLimitItem

__all__ = ["Config", "ConfigError"]

# Days: above a century every account is new, and dates overflow some time later.
LONGEST_NEWCOMER = LONGEST_KEPT = 36_500
HSTS_WORDS = frozenset({"includeSubDomains", "preload"})


@dataclass(frozen=True)
class Config:
    """The settings of one installation."""

    database_url: str
    database_connections: int
    database_connections_more: int
    database_pooler: str
    database_direct_url: str
    database_replica_url: str
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
    limit_comments: tuple[RateLimitItem, ...]
    limit_mentions: tuple[RateLimitItem, ...]
    limit_reactions: tuple[RateLimitItem, ...]
    limit_invitations: tuple[RateLimitItem, ...]
    limit_search: RateLimitItem
    limit_export: RateLimitItem
    limit_follows: tuple[RateLimitItem, ...]
    limit_reports: tuple[RateLimitItem, ...]
    limit_webhook_tests: tuple[RateLimitItem, ...]
    newcomer_days: int
    feed_kept_days: int
    events_kept_months: int
    events_archive: Path
    row_limits: Mapping[str, int]
    spotify_client_id: str
    spotify_client_secret: str
    spotify_api_base: str
    spotify_accounts_base: str
    spotify_redirect_uri: str
    token_secrets: tuple[str, ...]
    credential_secrets: tuple[str, ...]
    jobs: str
    site_url: str
    mail_url: str
    mail_from: str
    webhook_loopback: bool
    live_streams: int
    metrics_token: str
    security_log: str
    hsts_extra: tuple[str, ...]
    faults: Path | None

    @property
    def is_pooled(self) -> bool:
        """Whether transactions go through a pooler, which may give each another connection."""
        return self.database_pooler == "transaction"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], root: Path) -> Config:
        """Read the settings; files created on first use are in `instance/` under `root`.

        Raises ConfigError naming the invalid setting.
        """
        production = one_of(environ, "TRACKFLOW_ENV", ("development", "production")) == "production"
        instance = places.instance_path(environ, root)
        secret_key = keys.secret_key(environ, instance, production=production)
        site_url = addresses.site_url(environ)
        mail_url = addresses.mail_url(environ)
        if mail_url and not site_url and production:
            message = "MAIL_URL needs SITE_URL in production: a header must not decide links."
            raise ConfigError(message)
        return cls(
            database_url=addresses.database_url(environ, instance),
            database_connections=count(environ, "DATABASE_CONNECTIONS", "5", least=1),
            database_connections_more=count(environ, "DATABASE_CONNECTIONS_MORE", "5"),
            database_pooler=addresses.pooler(environ),
            database_direct_url=addresses.direct_url(environ),
            database_replica_url=addresses.replica_url(environ),
            secret_key=secret_key,
            secret_key_fallbacks=keys.fallbacks(
                environ, "SECRET_KEY_FALLBACKS", production=production
            ),
            instance_path=instance,
            production=production,
            cheap_passwords=_cheap_passwords(environ, production=production),
            trusted_hosts=addresses.trusted_hosts(environ),
            trusted_proxies=count(environ, "TRUSTED_PROXIES"),
            limit_sign_in=limit(environ, "LIMIT_SIGN_IN", "10/5 minutes"),
            limit_sign_in_all=limit(environ, "LIMIT_SIGN_IN_ALL", "1000/5 minutes"),
            limit_register=limit(environ, "LIMIT_REGISTER", "100/1 hour"),
            limit_feedback=limit(environ, "LIMIT_FEEDBACK", "5/1 day"),
            limit_comments=several_limits(environ, "LIMIT_COMMENTS", "60/1 hour"),
            limit_mentions=several_limits(environ, "LIMIT_MENTIONS", "20/1 hour; 100/1 day"),
            limit_reactions=several_limits(environ, "LIMIT_REACTIONS", "60/1 minute; 600/1 day"),
            limit_invitations=several_limits(environ, "LIMIT_INVITATIONS", "30/1 hour"),
            limit_search=limit(environ, "LIMIT_SEARCH", "5/1 second"),
            limit_export=limit(environ, "LIMIT_EXPORT", "10/1 hour"),
            limit_follows=several_limits(environ, "LIMIT_FOLLOWS", "60/1 hour"),
            limit_reports=several_limits(environ, "LIMIT_REPORTS", "10/1 day"),
            limit_webhook_tests=several_limits(
                environ, "LIMIT_WEBHOOK_TESTS", "10/1 minute; 100/1 day"
            ),
            newcomer_days=min(count(environ, "NEWCOMER_DAYS", "3"), LONGEST_NEWCOMER),
            feed_kept_days=min(count(environ, "FEED_KEPT_DAYS", "400"), LONGEST_KEPT),
            events_kept_months=count(environ, "EVENTS_KEPT_MONTHS"),
            events_archive=places.events_archive(environ, instance),
            row_limits=row_limits(environ),
            spotify_client_id=environ.get("SPOTIFY_CLIENT_ID", ""),
            spotify_client_secret=environ.get("SPOTIFY_CLIENT_SECRET", ""),
            spotify_api_base=addresses.web_address(environ, "SPOTIFY_API_BASE"),
            spotify_accounts_base=addresses.web_address(environ, "SPOTIFY_ACCOUNTS_BASE"),
            spotify_redirect_uri=addresses.web_address(environ, "SPOTIFY_REDIRECT_URI"),
            token_secrets=keys.token_secrets(environ, secret_key, production=production),
            credential_secrets=keys.credential_secrets(environ, site_url, production=production),
            jobs=one_of(environ, "JOBS", ("thread", "worker", "at-once")),
            site_url=site_url,
            mail_url=mail_url,
            mail_from=addresses.mail_from(environ, site_url),
            webhook_loopback=_webhook_loopback(environ, production=production),
            live_streams=live_streams(environ),
            metrics_token=keys.metrics_token(environ, production=production),
            security_log=places.security_log(environ, production=production),
            hsts_extra=_hsts_extra(environ),
            faults=places.faults(environ, production=production),
        )


def _cheap_passwords(environ: Mapping[str, str], *, production: bool) -> bool:
    cheap = one_of(environ, "PASSWORD_COST", ("normal", "cheap")) == "cheap"
    if cheap and production:
        message = "PASSWORD_COST is 'cheap', which is for tests: never in production."
        raise ConfigError(message)
    return cheap


def _webhook_loopback(environ: Mapping[str, str], *, production: bool) -> bool:
    loopback = one_of(environ, "WEBHOOK_TARGETS", ("public", "loopback")) == "loopback"
    if loopback and production:
        message = "WEBHOOK_TARGETS is 'loopback', which is for tests: never in production."
        raise ConfigError(message)
    return loopback


def _hsts_extra(environ: Mapping[str, str]) -> tuple[str, ...]:
    found = words(environ, "HSTS_EXTRA")
    if not HSTS_WORDS.issuperset(found):
        message = f"HSTS_EXTRA is {' '.join(found)!r}; it may list includeSubDomains and preload."
        raise ConfigError(message)
    return found
