"""The catalogue: built-in ladders, the versioned registry, and the rows of the database."""

from __future__ import annotations

from trackflow_web.achievements.catalogue.loading import (
    HELD_VERSION,
    VERSION,
    at,
    changed,
    current,
    forget,
    id_of,
    latest,
)

__all__ = ["HELD_VERSION", "VERSION", "at", "changed", "current", "forget", "id_of", "latest"]
