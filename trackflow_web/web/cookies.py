"""Signed session cookies that tolerate clocks that differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask.sessions import SecureCookieSessionInterface
from itsdangerous import SignatureExpired, TimestampSigner

if TYPE_CHECKING:
    from flask import Flask
    from itsdangerous import URLSafeTimedSerializer


class TolerantSigner(TimestampSigner):
    """Accepts a cookie that was signed by a clock ahead of this one.

    Clocks are set back, and those of two servers never agree to the second: a user who signed in on
    one would be unknown to the other.
    """

    def unsign(  # type: ignore[override]  # one signature for its overloads
        self, signed_value: str | bytes, max_age: int | None = None, **options: bool
    ) -> Any:  # noqa: ANN401 -- with its time or without
        """Return the value as every signer does; only one that is too old has expired."""
        try:
            return super().unsign(signed_value, max_age, **options)  # type: ignore[call-overload]
        except SignatureExpired as expired:
            signed = expired.date_signed
            if signed is None or signed.timestamp() <= self.get_timestamp():
                raise
            return super().unsign(signed_value, None, **options)  # type: ignore[call-overload]


class TolerantSessions(SecureCookieSessionInterface):
    """Flask's sessions, with that signer."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what signs and opens the cookies of an application."""
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.signer = TolerantSigner
        return serializer
