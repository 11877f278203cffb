"""A user's connection to Spotify: created, renewed, ended. Tokens are stored encrypted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.imports.models import Connection
from trackflow_web.domain.imports.ports import GrantEnded
from trackflow_web.domain.imports.queries import find_connection
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, upsert

if TYPE_CHECKING:
    from trackflow_web.domain.imports.ports import Grant, Vault
    from trackflow_web.domain.people.models import User

RECONNECT = "Your connection to Spotify has expired. Reconnect your account, then import again."
# A token that expires during a request would be rejected.
SPARE_TIME = timedelta(seconds=30)
# Longer than an exchange may take: after this time the worker counts as dead.
RENEWING_TAKES = timedelta(seconds=30)


@dataclass(frozen=True)
class Tokens:
    """The current tokens of a connection. Its `repr` shows no token."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    usable: bool


def connect(user: User, grant: Grant, vault: Vault) -> None:
    """Keep what Spotify gave; it takes the place of an earlier connection."""
    now = clock.now()
    values = {
        "access_token": vault.seal(grant.access_token),
        "refresh_token": vault.seal(grant.refresh_token),
        "expires_at": grant.expires_at,
        "scopes": grant.scopes,
        "key_id": vault.key_id,
        "renewing_until": None,
        "updated_at": now,
    }
    db.session.execute(
        upsert(Connection)
        .values(user_id=user.id, created_at=now, **values)
        .on_conflict_do_update(index_elements=[Connection.user_id], set_=values)
    )


def disconnect(user: User) -> None:
    """Destroy the tokens and forget the connection."""
    db.session.execute(sa.delete(Connection).where(Connection.user_id == user.id))


def end(user_id: int) -> None:
    """Delete the tokens of a connection that Spotify has ended; the page offers a new one."""
    db.session.execute(
        sa.update(Connection)
        .where(Connection.user_id == user_id)
        .values(
            access_token=None,
            refresh_token=None,
            expires_at=None,
            renewing_until=None,
            updated_at=clock.now(),
        )
    )


def tokens_of(user_id: int, vault: Vault) -> Tokens:
    """Return the tokens of the user's connection. Raises GrantEnded without one."""
    connection = find_connection(user_id)
    if connection is None or connection.refresh_token is None or connection.access_token is None:
        raise GrantEnded(RECONNECT)
    access, refresh = vault.open(connection.access_token), vault.open(connection.refresh_token)
    if access is None or refresh is None:  # the key is lost: as good as no connection
        raise GrantEnded(RECONNECT)
    ends_at, soon = connection.expires_at, clock.now() + SPARE_TIME
    return Tokens(access, refresh, usable=ends_at is not None and ends_at > soon)


def claim_renewal(user_id: int) -> bool:
    """Acquire the right to exchange the tokens; return whether it was free.

    It is stored in the row instead of holding a lock: a request to Spotify may take seconds, in
    which other transactions must be able to write.
    """
    now = clock.now()
    claimed = db.session.scalar(
        sa.update(Connection)
        .where(
            Connection.user_id == user_id,
            sa.or_(Connection.renewing_until.is_(None), Connection.renewing_until <= now),
        )
        .values(renewing_until=now + RENEWING_TAKES)
        .returning(Connection.id)
    )
    return claimed is not None


def give_up_renewal(user_id: int) -> None:
    """Release the right to exchange the tokens."""
    db.session.execute(
        sa.update(Connection).where(Connection.user_id == user_id).values(renewing_until=None)
    )


def keep_renewed(user_id: int, grant: Grant, vault: Vault) -> None:
    """Store the new tokens, unless the connection was deleted meanwhile."""
    connection = find_connection(user_id, for_update=True)
    if connection is None or connection.has_ended:
        raise GrantEnded(RECONNECT)
    connection.access_token = vault.seal(grant.access_token)
    connection.refresh_token = vault.seal(grant.refresh_token)
    connection.expires_at, connection.key_id = grant.expires_at, vault.key_id
    connection.renewing_until, connection.updated_at = None, clock.now()
