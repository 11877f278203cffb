"""What can be reported, for pages and the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from trackflow_web.domain import evidence
from trackflow_web.domain.moderation import reporting
from trackflow_web.domain.moderation.reporting import Reported
from trackflow_web.domain.people.queries import find_user
from trackflow_web.domain.relations.queries import relation_to
from trackflow_web.domain.releases.queries import find_public_series
from trackflow_web.domain.subjects import LARGEST_ID, SubjectType, describe
from trackflow_web.domain.visibility import Held
from trackflow_web.kernel.errors import NotFound
from trackflow_web.web.caller import get_current_user, viewer_id
from trackflow_web.web.extensions import settings
from trackflow_web.web.loaders import person_or_404
from trackflow_web.web.subjects import subject_or_404, subject_url

if TYPE_CHECKING:
    from trackflow_web.domain.evidence import Evidence
    from trackflow_web.domain.people.models import User

LONGEST_EXCERPT = 120


def profile_or_404(username: str) -> Reported:
    """Return a profile that the caller may report, also after having blocked its owner."""
    person = person_or_404(username, may_be_blocked=True)
    return Reported(Held.PROFILE, person.id, person.id)


def reported_or_404(type_: str, id_: int) -> Reported:
    """Return a subject that the caller may report.

    That is what they see, and what users have made whom they have blocked.
    """
    if type_ == Held.SERIES:
        return _album_or_404(id_)
    found = subject_or_404(type_, id_, blocked_too=True)
    return Reported(found.type, found.id, found.owner_id)


def page_of(reported: Reported) -> str:
    """Return the address of what was reported; of its owner's profile if the caller has a block."""
    owner = find_user(reported.owner_id)
    if owner is None:
        raise NotFound
    profile = url_for("profiles.show", username=owner.username)
    if relation_to(get_current_user().id, owner.id).blocks:
        return profile
    if reported.type == Held.SERIES:
        return url_for("series.show", series_id=reported.id)
    return subject_url(reported.type, reported.id)


def posted_by(person: User) -> list[tuple[str, str, str]]:
    """Return what the caller may report of a blocked user: type, text, address of the form."""
    keys = [(SubjectType(type_), id_) for type_, id_ in evidence.latest_by(person.id)]
    shown = describe(keys, viewer_id(), blocked_too=True)
    said = evidence.of(key for key in keys if key in shown)
    return [
        (type_.replace("_", " "), _excerpt(said[type_, id_]), _form_of(type_, id_))
        for type_, id_ in keys
        if (type_, id_) in said
    ]


def _excerpt(what: Evidence) -> str:
    text = what.text if what.title == evidence.A_COMMENT else what.title
    if len(text) <= LONGEST_EXCERPT:
        return text
    return f"{text[:LONGEST_EXCERPT]}\N{HORIZONTAL ELLIPSIS}"


def _form_of(type_: str, id_: int) -> str:
    if type_ == SubjectType.COMMENT:
        return url_for("moderation.report_comment", comment_id=id_)
    return url_for("moderation.report", subject=type_, subject_id=id_)


def _album_or_404(series_id: int) -> Reported:
    found = None
    if 0 < series_id <= LARGEST_ID:
        found = find_public_series(series_id, viewer_id(), blocked_too=True)
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
