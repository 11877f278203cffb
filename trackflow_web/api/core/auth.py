"""Authorisation of administrators in the API, with a recent password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.kernel.errors import Forbidden
from trackflow_web.web.caller import admin_or_404, get_caller
from trackflow_web.web.session import recently_confirmed

if TYPE_CHECKING:
    from trackflow_web.domain.people.models import User

CONFIRM_FIRST = "Confirm your password first: it must have been given in the last ten minutes."
ONLY_ADMINISTRATORS = "Only administrators may do this, with a session or an admin token."


def confirmed_admin_or_404() -> User:
    """Return the administrator who makes the request; in a session the password is confirmed.

    A token needs no confirmation. Raises NotFound, Forbidden.
    """
    admin = admin_or_404()
    _check_confirmation()
    return admin


def confirmed_admin_or_403() -> User:
    """Return the administrator, for actions whose existence is public. Raises Forbidden."""
    if not get_caller().may_administer:
        raise Forbidden(ONLY_ADMINISTRATORS)
    _check_confirmation()
    return get_caller().user


def _check_confirmation() -> None:
    if get_caller().scope is None and not recently_confirmed():
        raise Forbidden(CONFIRM_FIRST)
