"""Badges that can be verified, of one's own achievements."""

from __future__ import annotations

from trackflow_web.api.core.blueprint import NO_CONTENT, api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.credentials import schemas
from trackflow_web.web.credentials import address_of, issue_own, withdraw_own


@api.post("/achievements/<code:code>/badge")
@described(schemas.IssuedBadge, status=201, or_else={200: schemas.IssuedBadge})
def issue_badge(code: str) -> tuple[schemas.IssuedBadge, int, dict[str, str]]:
    """Issue a badge (Open Badges 3.0) of one of your achievements, or return the one that stands.

    201 for a new badge, 200 for one that was issued before. 404 if you don't have the achievement,
    and where the site issues no badges.
    """
    credential, is_new = issue_own(code)
    address = address_of(credential)
    badge = schemas.IssuedBadge.of(credential, address)
    return badge, 201 if is_new else 200, {"Location": address} if is_new else {}


@api.delete("/achievements/<code:code>/badge")
@described(None, status=204)
def withdraw_badge(code: str) -> tuple[str, int]:
    """Revoke the badge of one of your achievements, for good."""
    withdraw_own(code)
    return NO_CONTENT
