"""Password checks of pages and the API, within the limits of signing in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from trackflow_web.domain.people import actions
from trackflow_web.kernel.errors import Invalid
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import settings

if TYPE_CHECKING:
    from trackflow_web.domain.people.models import User

NOT_YOUR_PASSWORD = "This is not your password."  # noqa: S105 -- a sentence


def client_address() -> str:
    """Return the address that limits count by."""
    return request.remote_addr or "unknown"


def check_credentials(name: object, password: object) -> User:
    """Return the user with this name and password. Raises Invalid naming `form`, TooMany."""
    return actions.check_password(
        name=name,
        password=password,
        address=client_address(),
        bounds=actions.SignInLimits(settings().limit_sign_in, settings().limit_sign_in_all),
    )


def check_own_password(password: object, *, field: str = "password") -> User:
    """Return the caller if this is their password. Raises Invalid naming `field`, TooMany."""
    try:
        return check_credentials(get_current_user().username, password)
    except Invalid:
        raise Invalid(**{field: NOT_YOUR_PASSWORD}) from None
