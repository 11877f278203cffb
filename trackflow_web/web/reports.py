"""What can be reported, for pages and the API."""

from __future__ import annotations

from flask import url_for

from trackflow_web.domain.moderation import reporting
from trackflow_web.domain.moderation.reporting import Reported
from trackflow_web.domain.releases.queries import find_public_series
from trackflow_web.domain.subjects import LARGEST_ID
from trackflow_web.domain.visibility import Held
from trackflow_web.kernel.errors import NotFound
from trackflow_web.web.caller import get_current_user, viewer_id
from trackflow_web.web.extensions import settings
from trackflow_web.web.loaders import person_or_404
from trackflow_web.web.subjects import subject_or_404, subject_url


def profile_or_404(username: str) -> Reported:
    """Return a profile that the caller may report, also after having blocked its owner."""
    person = person_or_404(username, may_be_blocked=True)
    return Reported(Held.PROFILE, person.id, person.id)


def reported_or_404(type_: str, id_: int) -> Reported:
    """Return a subject that the caller may see, and so may report."""
    if type_ == Held.SERIES:
        return _album_or_404(id_)
    found = subject_or_404(type_, id_)
    return Reported(found.type, found.id, found.owner_id)


def page_of(reported: Reported) -> str:
    """Return the address of what was reported."""
    if reported.type == Held.SERIES:
        return url_for("series.show", series_id=reported.id)
    return subject_url(reported.type, reported.id)


def _album_or_404(series_id: int) -> Reported:
    found = find_public_series(series_id, viewer_id()) if 0 < series_id <= LARGEST_ID else None
    if found is None:
        raise NotFound
    return Reported(Held.SERIES, series_id, found[1].id)


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
