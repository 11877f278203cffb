"""Badges that can be verified, of one's own achievements."""

from __future__ import annotations

from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.credentials import schemas
from trackflow_web.web.credentials import address_of, issue_own, withdraw_own


@api.post("/achievements/<code:code>/badge")
@described(schemas.IssuedBadge)
def issue_badge(code: str) -> schemas.IssuedBadge:
    """Issue a badge (Open Badges 3.0) of one of your achievements, or return the one that stands.

    404 if you don't have the achievement, and where the site issues no badges.
    """
    credential = issue_own(code)
    return schemas.IssuedBadge.of(credential, address_of(credential))


@api.delete("/achievements/<code:code>/badge")
@described(None, status=204)
def withdraw_badge(code: str) -> tuple[str, int]:
    """Revoke the badge of one of your achievements, for good."""
    withdraw_own(code)
    return "", 204
