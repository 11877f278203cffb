"""Signed values with an age, by `kernel.clock`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer

from trackflow_web.kernel import clock

if TYPE_CHECKING:
    from collections.abc import Sequence

# No signed link is longer; longer ones are rejected unread.
LONGEST_TOKEN = 500


class _ClockSigner(TimestampSigner):
    """Reads the time from `kernel.clock`."""

    def get_timestamp(self) -> int:
        """Return the current time in seconds since 1970."""
        return int(clock.now().timestamp())


def serializer(key: str, purpose: str) -> URLSafeTimedSerializer:
    """Return what signs and checks values for one purpose; those of another one do not pass."""
    return URLSafeTimedSerializer(
        key,
        salt=f"trackflow {purpose}",
        signer=_ClockSigner,
        signer_kwargs={"digest_method": hashlib.sha256},
    )


def pair_in(
    token: str, keys: Sequence[str], purpose: str, *, max_age: int
) -> tuple[object, object] | None:
    """Return the two values of a token; None when it is forged, too old or too long."""
    for key in keys if len(token) <= LONGEST_TOKEN else ():
        try:
            found = serializer(key, purpose).loads(token, max_age=max_age)
        except BadSignature:
            continue
        if isinstance(found, list) and len(found) == 2:  # noqa: PLR2004 -- a pair
            return found[0], found[1]
    return None
