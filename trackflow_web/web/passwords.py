"""Password checks of pages and the API, within the limits of signing in."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

from flask import request

from trackflow_web.domain.people import sign_in
from trackflow_web.kernel.errors import Invalid, SignedOut
from trackflow_web.web.caller import get_current_user, is_caller_deleted
from trackflow_web.web.extensions import settings

if TYPE_CHECKING:
    from trackflow_web.domain.people.models import User

UNKNOWN = "unknown"
# The smallest network that providers assign to one customer.
NETWORK_BITS = 64
NOT_YOUR_PASSWORD = "That's not your password."  # noqa: S105 -- a sentence


def client_address() -> str:
    """Return the key of rate limits: an IPv4 address, or the first 64 bits of an IPv6 address.

    A client with one IPv6 address has all that begin with the same 64 bits. Invalid values of a
    proxy become `unknown`.
    """
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return UNKNOWN
    if not isinstance(address, IPv6Address):
        return str(address)
    network = IPv6Network((int(address), NETWORK_BITS), strict=False)
    return str(address.ipv4_mapped or network)


def check_credentials(name: object, password: object) -> User:
    """Return the user with this name and password. Raises Invalid naming `form`, TooMany."""
    return sign_in.check_password(
        name=name,
        password=password,
        address=client_address(),
        bounds=sign_in.SignInLimits(settings().limit_sign_in, settings().limit_sign_in_all),
    )


def check_own_password(password: object, *, field: str = "password") -> User:
    """Return the caller if this is their password.

    Raises Invalid naming `field`, TooMany, SignedOut.
    """
    try:
        return check_credentials(get_current_user().username, password)
    except Invalid:
        if is_caller_deleted():
            raise SignedOut from None
        raise Invalid(**{field: NOT_YOUR_PASSWORD}) from None
