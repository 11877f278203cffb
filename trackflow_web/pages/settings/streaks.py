"""Streaks: why each day and week counted, freezes, planned breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, render_template, request, url_for

from trackflow_web.achievements.progress.queries import numbers_of
from trackflow_web.domain.people.rules import local_day
from trackflow_web.domain.streaks import actions, queries
from trackflow_web.kernel import clock
from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.text import count_of
from trackflow_web.pages.settings.views import pages
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.forms import refused, sent_fields
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

WEEKS_SHOWN = 26


@pages.get("/streaks")
@login_required
def streaks() -> str:
    """Show both streaks, their rules and the ledger of days and weeks."""
    return _page({}, {})


@pages.post("/streaks/break")
@login_required
def plan_break() -> str | Response:
    """Plan a break of the weekly streak."""
    typed = sent_fields(("from", "to"))
    try:
        weeks = actions.plan_break(
            get_current_user(), first=request.form.get("from"), last=request.form.get("to")
        )
    except Invalid as refusal:
        return refused(_page(typed, refusal.errors), refusal)
    flash(f"Break planned: {count_of(weeks, 'week')}." if weeks else "It was planned already.")
    return htmx.redirect_after_post(url_for("settings.streaks"))


@pages.post("/streaks/break/cancel")
@login_required
def cancel_break() -> str | Response:
    """Cancel the break of a week that has not begun."""
    try:
        was_planned = actions.cancel_break(get_current_user(), week=request.form.get("week"))
    except Invalid as refusal:
        return refused(_page({}, {"cancel": refusal.errors["week"]}), refusal)
    flash("Break cancelled." if was_planned else "There was no break in this week.")
    return htmx.redirect_after_post(url_for("settings.streaks"))


def _page(typed: Mapping[str, str], errors: Mapping[str, str]) -> str:
    user = get_current_user()
    ledger = queries.ledger_of(user)
    numbers = numbers_of(user.id)
    return render_template(
        "settings/streaks.html",
        ledger=ledger,
        lines=ledger.lines[:WEEKS_SHOWN],
        charted=queries.charted(user.id, WEEKS_SHOWN),
        breaks=queries.breaks_of(user.id),
        today=local_day(clock.now(), user.timezone),
        days=queries.latest_days(user.id),
        current_days=numbers["current_streak"],
        longest_days=numbers["login_streak"],
        draft=typed,
        errors=errors,
    )
