"""The community page: the feed and what the community is proud of."""

from __future__ import annotations

from flask import render_template, request

from trackflow_web.achievements.standings import seasons
from trackflow_web.community import showcase
from trackflow_web.community.highlights import RULES
from trackflow_web.kernel.text import LARGEST_ID
from trackflow_web.pages.community.feed import feed_context
from trackflow_web.pages.leaderboards.views import pages
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.community import (
    EMPTY,
    FIGURES,
    HEADINGS,
    highlight_archive,
    highlights_of_week,
    reports,
)
from trackflow_web.web.feed import load, subject_url, wanted_by
from trackflow_web.web.listing import requested
from trackflow_web.web.session import login_required

SHOWN_IN_EXCERPT = 4


@pages.get("/")
@login_required
def index() -> str:
    """Show the community page."""
    part = load(wanted_by(request.args))
    context = feed_context(part, endpoint="community.index")
    if htmx.is_htmx():
        return render_template("community/_entries.html", **context)
    viewer = get_current_user()
    return render_template(
        "community/index.html",
        showcase=showcase.latest(viewer.id, limit=SHOWN_IN_EXCERPT).awards,
        highlights=highlights_of_week(viewer.id),
        reports=reports(viewer.id),
        labels=FIGURES,
        empty=EMPTY,
        seasons=seasons.running()[:1],
        **context,
    )


@pages.get("/showcase", endpoint="showcase")
@login_required
def show_showcase() -> str:
    """Show rare awards, the newest first."""
    before = requested(lambda arguments: arguments.number("before", most=LARGEST_ID))
    part = showcase.latest(get_current_user().id, before=before)
    return render_template("community/showcase.html", part=part, is_first=before is None)


@pages.get("/highlights", endpoint="highlights")
@login_required
def show_highlights() -> str:
    """Show the highlights of the week, the rule, and those of earlier weeks."""
    viewer_id = get_current_user().id
    current = highlights_of_week(viewer_id)
    return render_template(
        "community/highlights.html",
        current=current,
        archive=[each for each in highlight_archive(viewer_id) if each.start < current[0].start],
        rules=RULES,
        headings=HEADINGS,
        empty=EMPTY,
        subject_url=subject_url,
    )


@pages.get("/stats")
@login_required
def stats() -> str:
    """Show the figures of the community, and who and what stands out."""
    return render_template(
        "community/stats.html", reports=reports(get_current_user().id), labels=FIGURES
    )
