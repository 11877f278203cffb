"""Signed values with an age, by `kernel.clock`."""

from __future__ import annotations

import hashlib

from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from trackflow_web.kernel import clock


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
