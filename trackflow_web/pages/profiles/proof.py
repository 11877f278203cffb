"""The charter proof: one page to print of what a user has charted, as everyone may see it."""

from __future__ import annotations

from flask import Blueprint, render_template

from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.people.charter_names import plain_names
from trackflow_web.domain.people.models import Audience
from trackflow_web.domain.releases.proof import MOST_CHARTS, proof_of
from trackflow_web.domain.releases.rules import FULL_BAND
from trackflow_web.domain.visibility.profiles import is_visible_to_visitors
from trackflow_web.kernel import clock
from trackflow_web.kernel.errors import NotFound
from trackflow_web.web.caller import viewer_id
from trackflow_web.web.loaders import person_or_404
from trackflow_web.web.shared_pages import proof_page

pages = Blueprint("proof", __name__, url_prefix="/users")


@pages.get("/<username>/proof")
def show(username: str) -> str:
    """Show the charter proof of a user whom everyone may see; to its owner in any case."""
    person = person_or_404(username)
    is_me, is_public = person.id == viewer_id(), is_visible_to_visitors(person.id)
    if not (is_me or is_public):
        raise NotFound
    proof = proof_of(person.id, viewer_id())
    return render_template(
        "profiles/proof.html",
        person=person,
        is_me=is_me,
        is_public=is_public and person.audience == Audience.EVERYONE,
        proof=proof,
        most_charts=MOST_CHARTS,
        full_band=[part.word for part in Part if part in FULL_BAND],
        charter_names=plain_names(person),
        made_at=clock.now(),
        shared=proof_page(person, proof),
    )
