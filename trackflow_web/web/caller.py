"""The user a request is made for: identified by the session cookie or by a personal token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import sqlalchemy as sa
from flask import g, request
from flask_login import current_user

from trackflow_web.domain.audit import SecurityEvent
from trackflow_web.domain.people import queries
from trackflow_web.domain.people.models import Scope
from trackflow_web.kernel import transactions
from trackflow_web.kernel.errors import NotFound

if TYPE_CHECKING:
    from trackflow_web.domain.people.models import User

# As RFC 9110 has it, without TRACE.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# By which browsers say that nobody looks at a page yet; those behind the first are older.
PREFETCH_HEADERS = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")


@dataclass(frozen=True)
class Caller:
    """The user of a request; `scope` is that of their token, None for a session."""

    user: User
    scope: Scope | None

    @property
    def may_write(self) -> bool:
        """Whether this may change anything."""
        return self.scope is not Scope.READ

    @property
    def may_administer(self) -> bool:
        """Whether this is an administrator's session or token with the scope `admin`."""
        return self.user.is_admin and self.scope in {None, Scope.ADMIN}


def is_write() -> bool:
    """Return whether the method of the request may change something."""
    return request.method not in SAFE_METHODS


def is_prefetch() -> bool:
    """Return whether a browser only prepares for a page that the user may go to."""
    return any("prefetch" in request.headers.get(name, "").lower() for name in PREFETCH_HEADERS)


def get_caller() -> Caller:
    """Return the caller: of a page behind `login_required`, or of any view of the API."""
    caller: Caller | None = g.get("caller")
    return caller or Caller(cast("User", current_user.user), scope=None)


def known_user_id() -> int | None:
    """Return the id of the caller as far as the request has loaded them; queries nothing."""
    user = getattr(g.get("caller") or g.get("_login_user"), "user", None)
    # The key it was loaded with: a rollback has expired all other attributes.
    return cast("tuple[int]", sa.inspect(user).identity)[0] if user else None


def is_caller_deleted() -> bool:
    """Return whether the caller's account was deleted meanwhile; rolls back what is open."""
    user_id = known_user_id()
    if user_id is None:
        return False
    transactions.rollback()
    return queries.find_user(user_id) is None


def get_current_user() -> User:
    """Return the caller's user."""
    return get_caller().user


def viewer_id() -> int | None:
    """Return the caller's id, also where no session is needed; None when signed out."""
    known = "caller" in g or current_user.is_authenticated
    return get_current_user().id if known else None


def admin_or_404() -> User:
    """Return the administrator who makes the request. Raise NotFound for other callers.

    A token needs the scope `admin`.
    """
    caller = get_caller()
    if not caller.may_administer:
        g.refused_as = SecurityEvent.NOT_ALLOWED
        raise NotFound
    g.administrator_acts = is_write()
    return caller.user
