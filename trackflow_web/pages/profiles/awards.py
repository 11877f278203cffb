"""The page of one user's award: the evidence, the date, how rare it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template, url_for

from trackflow_web.achievements import metrics
from trackflow_web.achievements.awards import holder_counts
from trackflow_web.achievements.progress.shown_award import evidence_of, find_award
from trackflow_web.achievements.progress.tile_data import share
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.kernel.errors import NotFound
from trackflow_web.web import menus
from trackflow_web.web.caller import viewer_id
from trackflow_web.web.comments import talk_of
from trackflow_web.web.extensions import issuer
from trackflow_web.web.held import held_in
from trackflow_web.web.loaders import person_or_404
from trackflow_web.web.shared_pages import award_page

if TYPE_CHECKING:
    from trackflow_web.achievements.progress.public_badges import Badge
    from trackflow_web.achievements.progress.shown_award import Evidence

pages = Blueprint("awards", __name__, url_prefix="/users")

# The pages of what counts as evidence; for a distinct value, that of its release.
PLACES = {
    **dict.fromkeys(("song", "artist", "year", "decade"), ("releases.show", "song_id")),
    "pack": ("packs.show", "pack_id"),
    "series": ("series.show", "series_id"),
}


@pages.get("/<username>/achievements/<code>")
def show(username: str, code: str) -> str:
    """Show an award that a user shows to the viewer; to its owner also a hidden one."""
    person = person_or_404(username)
    is_me = person.id == viewer_id()
    award = find_award(person.id, code, hidden_too=is_me)
    if award is None:
        raise NotFound
    evidence = evidence_of(person.id, award.badge)
    talk = talk_of(SubjectType.ACHIEVEMENT, award.id, person.id)
    return render_template(
        "profiles/award.html",
        person=person,
        is_me=is_me,
        has_issuer=issuer() is not None,
        award=award,
        badge=award.badge,
        worth=_worth(award.badge),
        share_text=_share_of_users(award.badge),
        evidence=[(line.label, _address_of(line), line.at) for line in evidence],
        shared=award_page(person, award),
        talk=talk,
        menu=menus.of_award(award.id, person.id),
        held=held_in(talk.thread),
    )


def _worth(badge: Badge) -> str:
    """Return what it took: `10 songs`; empty for an achievement that is granted."""
    metric = metrics.BY_NAME.get(badge.metric or "")
    return f"{badge.target:,} {metric.unit(badge.target)}" if metric else ""


def _share_of_users(badge: Badge) -> str:
    """Return the observed rarity with both numbers: `7% (3 of 41)`."""
    holders = holder_counts.of_each()
    number = holders.by_code.get(badge.code, 0)
    return f"{share(number, holders.users)} ({number:,} of {holders.users:,})"


def _address_of(line: Evidence) -> str:
    endpoint, argument = PLACES[line.subject_type]
    return url_for(endpoint, **{argument: line.subject_id})  # type: ignore[arg-type]
