"""How many rows an account may have: one setting for each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.config.values import count

if TYPE_CHECKING:
    from collections.abc import Mapping

# Far above manual use: the limits stop programs, not users.
DEFAULTS = {
    "MAX_SONGS": 100_000,
    "MAX_PACKS": 10_000,
    "MAX_ALBUMS": 10_000,
    "MAX_COLLABORATORS": 100,
    "MAX_COMMENTS": 50_000,
    "MAX_REQUESTS": 10_000,
    "MAX_TOKENS": 50,
    "MAX_TEMPLATES": 30,
    "MAX_IMPORTS": 500,
    "MAX_IMPORT_ROWS": 30_000,
    "MAX_PREVIEWS": 5,
    "MAX_WEBHOOKS": 5,
    # Queued within a day.
    "MAX_DELIVERIES": 1_000,
}


def row_limits(environ: Mapping[str, str]) -> dict[str, int]:
    """Return the limits by setting. Raises ConfigError naming one that is not understood."""
    return {name: count(environ, name, str(most), least=1) for name, most in DEFAULTS.items()}
