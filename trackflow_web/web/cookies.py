"""Signed session cookies that tolerate clocks that differ and do not grow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flask import request
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import SignatureExpired, TimestampSigner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask, Response
    from flask.sessions import SessionMixin
    from itsdangerous import URLSafeTimedSerializer


# The session key of Flask's `flash`, and the limit of stored messages.
MESSAGES = "_flashes"
MOST_MESSAGES = 5
LONGEST_MESSAGE = 250
# The blueprints of what other sites embed.
EMBEDS = frozenset({"badges", "share_images"})
# Of all messages as JSON: a browser keeps cookies of up to 4,096 bytes.
MOST_BYTES_OF_MESSAGES = 2_000


def latest_messages(messages: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the latest messages, shortened, that a cookie has room for; at least the last one.

    Otherwise they would accumulate for users who never open a page that shows them.
    """
    kept: list[tuple[str, str]] = []
    for category, message in reversed(messages[-MOST_MESSAGES:]):
        is_long = len(message) > LONGEST_MESSAGE
        shown = f"{message[:LONGEST_MESSAGE]}…" if is_long else message
        if kept and len(json.dumps([*kept, (category, shown)])) > MOST_BYTES_OF_MESSAGES:
            break
        kept.insert(0, (category, shown))
    return kept


class TolerantSigner(TimestampSigner):
    """Accepts a cookie that was signed by a clock ahead of this one.

    Clocks are set back, and those of two servers differ by seconds: otherwise a session of one
    would be invalid on the other.
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
    """Flask's sessions, with that signer, and as many messages as fit."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie; keep only the latest messages for the next page.

        What other sites embed is the same for everybody: it sets none and does not vary on it.
        """
        if request.blueprint in EMBEDS:
            return
        if len(session.get(MESSAGES, ())) > 0 and session.modified:
            session[MESSAGES] = latest_messages(session[MESSAGES])
        super().save_session(app, session, response)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what signs and opens the cookies of an application."""
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.signer = TolerantSigner
        return serializer
