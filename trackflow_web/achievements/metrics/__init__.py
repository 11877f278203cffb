"""Metrics: their definitions, source rows, distinct values, period counters and recount."""

from __future__ import annotations

from trackflow_web.achievements.metrics.definitions import (
    BY_NAME,
    CURRENT,
    DELTAS,
    DISTINCT,
    METRICS,
    RECOUNTED,
    TOTAL_POINTS,
    Metric,
    assigned_columns,
)

__all__ = [
    "BY_NAME",
    "CURRENT",
    "DELTAS",
    "DISTINCT",
    "METRICS",
    "RECOUNTED",
    "TOTAL_POINTS",
    "Metric",
    "assigned_columns",
]
