"""Cost of a credential: signing it, and verifying it as the page does, with a new signed list."""

from __future__ import annotations

import json
import statistics
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trackflow_web.credentials import verification
from trackflow_web.credentials.documents import Awarded, badge_document, list_document
from trackflow_web.credentials.keys import issuer_of

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "only for measuring, and long enough for a key"  # noqa: S105 -- of no site
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
TIMES, TIMES_QUICK = 100, 2
REVOKED = 1_000
GOALS = {
    "credential signed, ms": "<= 20",
    "credential verified, ms": "<= 50",
}


def measure(*, quick: bool) -> dict[str, object]:
    """Return the median times; the contexts are loaded before, as in a process that has issued."""
    issuer = issuer_of([SECRET], "https://trackflow.example")
    if issuer is None:
        raise LookupError(SECRET)
    awarded = Awarded(
        public_id="0" * 32,
        status_index=REVOKED,
        user_id=7,
        code="chart_topper",
        name="Chart Topper",
        description="Release 100 songs",
        criteria="Release 100 songs. Counted by TrackFlow: 100 releases.",
        earned_at=NOW,
    )
    content = json.dumps(badge_document(awarded, issuer, NOW)).encode()

    def sign() -> None:
        badge_document(awarded, issuer, NOW)

    def verify() -> None:
        revoked = list_document(range(REVOKED), issuer, NOW)
        verification.verify(verification.parsed(content), issuer, revoked, NOW)

    verify()
    times = TIMES_QUICK if quick else TIMES
    return {
        "revoked credentials in the list": f"{REVOKED:,}",
        "credential signed, ms": _median_of(sign, times),
        "credential verified, ms": _median_of(verify, times),
        "credential, bytes": len(content),
    }


def _median_of(act: Callable[[], None], times: int) -> float:
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - start)
    return round(statistics.median(seconds) * 1000, 1)
