"""Issuing badges on request; for pages and the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from trackflow_web.achievements import metrics
from trackflow_web.achievements.progress.shown_award import find_award
from trackflow_web.credentials import actions, queries
from trackflow_web.kernel.errors import NotFound
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import issuer

if TYPE_CHECKING:
    from trackflow_web.achievements.progress.public_badges import Badge
    from trackflow_web.credentials.keys import Issuer
    from trackflow_web.credentials.models import Credential


def issuer_or_404() -> Issuer:
    """Return the issuer of this site. Raises NotFound where badges are off."""
    found = issuer()
    if found is None:
        raise NotFound
    return found


def issue_own(code: str) -> Credential:
    """Issue the badge of one of the caller's own awards. Raises NotFound, Invalid."""
    site = issuer_or_404()
    user = get_current_user()
    award = find_award(user.id, code, hidden_too=True)
    if award is None:
        raise NotFound
    return actions.issue(user, award, _criteria(award.badge), site)


def withdraw_own(code: str) -> None:
    """Revoke the badge of one of the caller's own awards. Raises NotFound."""
    credential = queries.find_of_award(get_current_user().id, code, for_update=True)
    if credential is None:
        raise NotFound
    actions.withdraw(credential)


def address_of(credential: Credential) -> str:
    """Return the address of the page of a badge."""
    return url_for("credentials.show", public_id=credential.public_id)


def _criteria(badge: Badge) -> str:
    """Return what the achievement takes, in a sentence that stays true."""
    metric = metrics.BY_NAME.get(badge.metric or "")
    if metric is None:
        return f"{badge.description}. Granted by an administrator."
    return (
        f"{badge.description}. Counted by TrackFlow: {badge.target:,} {metric.unit(badge.target)}."
    )
