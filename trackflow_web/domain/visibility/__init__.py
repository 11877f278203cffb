"""Visibility: the one definition of whose profile and which objects a viewer may see."""

from __future__ import annotations

from trackflow_web.domain.visibility.conditions import (
    VIEWER,
    blocked_between,
    has_blocked,
    may_deal_with,
    not_held,
    not_held_from,
    visible_to,
    visible_to_members,
)
from trackflow_web.domain.visibility.models import Held

__all__ = [
    "VIEWER",
    "Held",
    "blocked_between",
    "has_blocked",
    "may_deal_with",
    "not_held",
    "not_held_from",
    "visible_to",
    "visible_to_members",
]
