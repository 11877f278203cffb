"""Settings with URLs: of the database, of this site, of other services, of mail."""

from __future__ import annotations

import re
from email.utils import parseaddr
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import sqlalchemy as sa

from trackflow_web.config.values import ConfigError, live_streams, one_of, words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# None of these is in a host name, and in a page or a mail they would end the address.
NOT_IN_HOSTS = frozenset(" \"'<>\\")
# A name, all its subdomains, or an IP address; with or without a port.
HOST = re.compile(
    r"(?:\.?[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
)


def database_url(environ: Mapping[str, str], instance: Path) -> str:
    """Return the URL of the database; by default an SQLite file."""
    given = environ.get("DATABASE_URL", "")
    if not given:
        return f"sqlite:///{instance / 'trackflow.sqlite3'}"
    url = _database(given, "DATABASE_URL")
    if url.drivername == "sqlite" and url.database in {None, "", ":memory:"}:
        message = "DATABASE_URL names a database in memory; every process must see the same one."
        raise ConfigError(message)
    _check_folder(url, instance)
    return url.render_as_string(hide_password=False)


def _database(given: str, name: str) -> sa.URL:
    """Return the URL of a setting, with the driver. Raises ConfigError."""
    try:
        url = sa.make_url(given)
        # Some hosts still hand out the old short name.
        if url.drivername in {"postgres", "postgresql"}:
            url = url.set(drivername="postgresql+psycopg")
    except (sa.exc.ArgumentError, ValueError):  # the latter of a port that is no number
        message = f"{name} is no address of a database, like sqlite:////srv/trackflow.sqlite3."
        raise ConfigError(message) from None
    if url.drivername not in {"sqlite", "postgresql+psycopg"}:
        message = f"{name} names {url.drivername}; TrackFlow knows sqlite and postgresql."
        raise ConfigError(message)
    return url


def pooler(environ: Mapping[str, str]) -> str:
    """Return what pools connections in front of PostgreSQL: `none`, or one in transaction mode."""
    found = one_of(environ, "DATABASE_POOLER", ("none", "transaction"))
    if found == "none":
        return found
    if not environ.get("DATABASE_URL", "").startswith("postgres"):
        message = "DATABASE_POOLER is 'transaction'; DATABASE_URL must then name a PostgreSQL."
        raise ConfigError(message)
    if live_streams(environ) and not environ.get("DATABASE_DIRECT_URL"):
        message = "LIVE_STREAMS needs DATABASE_DIRECT_URL: signals do not pass through a pooler."
        raise ConfigError(message)
    return found


def direct_url(environ: Mapping[str, str]) -> str:
    """Return the URL of PostgreSQL past the pooler; empty if DATABASE_URL is that."""
    return _postgresql(environ, "DATABASE_DIRECT_URL")


def replica_url(environ: Mapping[str, str]) -> str:
    """Return the URL of a standby for pages that may lag; empty without one."""
    found = _postgresql(environ, "DATABASE_REPLICA_URL")
    if found and not environ.get("DATABASE_URL", "").startswith("postgres"):
        message = "DATABASE_REPLICA_URL needs a DATABASE_URL that names its PostgreSQL."
        raise ConfigError(message)
    return found


def _postgresql(environ: Mapping[str, str], name: str) -> str:
    """Return the URL of a PostgreSQL beside DATABASE_URL; empty if not set."""
    given = environ.get(name, "")
    if not given:
        return ""
    url = _database(given, name)
    if url.drivername == "sqlite":
        message = f"{name} names sqlite; it is for PostgreSQL only."
        raise ConfigError(message)
    return url.render_as_string(hide_password=False)


def _check_folder(url: sa.URL, instance: Path) -> None:
    """Raise ConfigError if the folder of an SQLite database does not exist."""
    if url.drivername != "sqlite" or "uri" in url.query:
        return
    folder = (
        instance.absolute() / (url.database or "")
    ).parent  # the directory that Flask-SQLAlchemy uses
    if not folder.is_dir():
        message = f"DATABASE_URL is in {str(folder)!r}; there is no such folder."
        raise ConfigError(message)


def web_address(environ: Mapping[str, str], name: str) -> str:
    """Return a URL with https:// or http:// and a host; or nothing."""
    value = environ.get(name, "")
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    printable = value.isprintable() and " " not in value
    if parts.scheme not in {"https", "http"} or not parts.hostname or not printable:
        message = f"{name} is {value!r}; it must begin with https:// or http:// and name a host."
        raise ConfigError(message)
    return value


def trusted_hosts(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the accepted host names; `.example.org` includes all subdomains."""
    hosts = words(environ, "TRUSTED_HOSTS")
    for host in hosts:
        if not HOST.fullmatch(host):
            message = f"TRUSTED_HOSTS names {host!r}; it must list host names, without wildcards."
            raise ConfigError(message)
    return hosts


def site_url(environ: Mapping[str, str]) -> str:
    """The URL of the site, without a path or trailing slash; empty if not set."""
    value = environ.get("SITE_URL", "").rstrip("/")
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    plain = parts.scheme in {"https", "http"} and parts.hostname and not parts.path
    plain = plain and value.isprintable() and NOT_IN_HOSTS.isdisjoint(value)
    if not plain or "@" in parts.netloc or parts.query or parts.fragment:
        message = f"SITE_URL is {value!r}; it must be like https://trackflow.example."
        raise ConfigError(message)
    return value


def mail_url(environ: Mapping[str, str]) -> str:
    """The mail server: `smtp://`, `smtps://` or `file:///folder`; empty if not set.

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
    server = server and value.isprintable() and NOT_IN_HOSTS.isdisjoint(parts.hostname or "")
    folder = parts.scheme == "file" and not parts.netloc and len(parts.path) > 1
    if not (server or folder):
        raise ConfigError(message)
    return value


def mail_from(environ: Mapping[str, str], site_url: str) -> str:
    """The sender of mails; derived from the host name unless MAIL_FROM is set."""
    host = urlsplit(site_url).hostname or "localhost"
    value = environ.get("MAIL_FROM") or f"TrackFlow <no-reply@{host}>"
    name, _, domain = parseaddr(value)[1].rpartition("@")
    if not (name and domain and value.isprintable()):
        message = f"MAIL_FROM is {value!r}; it must be like TrackFlow <no-reply@trackflow.example>."
        raise ConfigError(message)
    return value
