"""Issuing and verifying badges on request; for pages, the API and the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from trackflow_web.achievements import metrics
from trackflow_web.achievements.progress.shown_award import find_award
from trackflow_web.credentials import actions, queries
from trackflow_web.credentials.documents import list_document
from trackflow_web.credentials.verification import parsed, verify
from trackflow_web.kernel import clock
from trackflow_web.kernel.errors import Invalid, NotFound
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import issuer

if TYPE_CHECKING:
    from trackflow_web.achievements.progress.public_badges import Badge
    from trackflow_web.credentials.keys import Issuer
    from trackflow_web.credentials.models import Credential
    from trackflow_web.credentials.verification import Verified
    from trackflow_web.domain.people.models import User

OFF = "This site doesn't issue badges."


def issuer_or_404() -> Issuer:
    """Return the issuer of this site. Raises NotFound where badges are off."""
    found = issuer()
    if found is None:
        raise NotFound
    return found


def issue_own(code: str) -> tuple[Credential, bool]:
    """Return the badge of one of the caller's own awards, and whether it was issued now.

    Raises NotFound, Invalid.
    """
    return issue_of(get_current_user(), code)


def issue_of(user: User, code: str) -> tuple[Credential, bool]:
    """Return the badge of an award of a user, and whether it was issued now.

    Raises NotFound, Invalid.
    """
    site = issuer_or_404()
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


def verified(content: bytes) -> Verified:
    """Verify a credential with the list of revoked ones as it is now. Raises Invalid, Rejected."""
    site = issuer()
    if site is None:
        raise Invalid(form=OFF)
    now = clock.now()
    revoked = list_document(queries.revoked_indexes(), site, now)
    return verify(parsed(content), site, revoked, now)


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
