"""What can be reported, for pages and the API."""

from __future__ import annotations

from trackflow_web.domain.moderation import reporting
from trackflow_web.domain.moderation.reporting import Reported
from trackflow_web.domain.visibility import Held
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import settings
from trackflow_web.web.loaders import person_or_404
from trackflow_web.web.subjects import subject_or_404


def profile_or_404(username: str) -> Reported:
    """Return a profile that the caller may report, also after having blocked its owner."""
    person = person_or_404(username, may_be_blocked=True)
    return Reported(Held.PROFILE, person.id, person.id)


def reported_or_404(type_: str, id_: int) -> Reported:
    """Return a subject that the caller may see, and so may report."""
    found = subject_or_404(type_, id_)
    return Reported(found.type, found.id, found.owner_id)


def send_report(subject: Reported, *, reason: object, text: object) -> int:
    """Report a subject as the caller; return the id. Raises Invalid, TooMany."""
    return reporting.report(
        get_current_user(),
        subject,
        reason=reason,
        text_=text,
        limits=settings().limit_reports,
        newcomer_days=settings().newcomer_days,
    ).id
