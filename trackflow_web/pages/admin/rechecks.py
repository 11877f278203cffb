"""What administrators see: the recheck page."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import (
    Blueprint,
    abort,
    flash,
    make_response,
    render_template,
    request,
    session,
    url_for,
)

from trackflow_web.achievements import queries
from trackflow_web.achievements.recheck import reconcile as recheck
from trackflow_web.achievements.recheck import runs
from trackflow_web.achievements.recheck import start as actions
from trackflow_web.domain.people import queries as people
from trackflow_web.kernel.errors import Invalid
from trackflow_web.web import htmx
from trackflow_web.web.caller import admin_or_404
from trackflow_web.web.session import login_required, recently_confirmed

if TYPE_CHECKING:
    from flask import Response as FlaskResponse
    from werkzeug.wrappers import Response

    from trackflow_web.achievements.recheck.reconcile import Plan

pages = Blueprint("admin", __name__, url_prefix="/admin")

LINES_SHOWN = 200


@dataclass(frozen=True)
class Line:
    """What a recheck would do for one user."""

    username: str
    names: list[str]
    drift: int


@pages.get("/achievements")
@login_required
def achievements() -> str | FlaskResponse:
    """Recheck one user or everyone: first what it would do, then the button that does it.

    For htmx how far the latest recheck of everyone is: a fragment that asks again until it ended.
    """
    admin_or_404()
    if htmx.is_htmx():
        return htmx.block("admin/achievements.html", "live", run=runs.latest())
    done = session.pop("recheck", None)
    draft, errors, preview = {"user": request.args.get("user", "")}, {}, None
    if done is not None:
        draft = {"user": done["user"]}
        preview = {**done, "as_job": False, "lines": []}
    elif "user" in request.args:
        try:
            preview = _preview(actions.user_ids_named(draft["user"]))
        except Invalid as refusal:
            errors = refusal.errors
    page = render_template(
        "admin/achievements.html",
        draft=draft,
        errors=errors,
        preview=preview,
        confirmed=done is not None,
        run=runs.latest(),
        history=queries.recheck_runs(),
    )
    return make_response(page, 422 if errors else 200)


@pages.post("/achievements/runs/<id:run_id>/cancel")
@login_required
def cancel_run(run_id: int) -> Response:
    """Stop a recheck of everyone; what it has done stays."""
    admin_or_404()
    if runs.find(run_id) is None:
        abort(404)
    if not recently_confirmed():
        return htmx.redirect_after_post(
            url_for("people.confirm_form", next=url_for("admin.achievements"))
        )
    stopped = runs.cancel(run_id)
    flash("Cancelled. What was done stays." if stopped else "It had ended already.")
    return htmx.redirect_after_post(url_for("admin.achievements"))


def _preview(user_ids: list[int] | None) -> dict[str, object]:
    """What a recheck would do; of too many people only how many they are."""
    if user_ids is None and (number := runs.count_users()) > actions.MOST_AT_ONCE:
        return {"users": number, "as_job": True, "lines": []}
    return _told(recheck.plan(user_ids))


def _told(plan: Plan) -> dict[str, object]:
    names: dict[int, list[str]] = defaultdict(list)
    drift: dict[int, int] = defaultdict(int)
    for award in plan.awards:
        names[award.user_id].append(award.entry.name)
    for found in plan.drift:
        drift[found.user_id] += 1
    touched = sorted({*names, *drift})[:LINES_SHOWN]
    usernames = people.usernames(touched)
    return {
        "users": plan.users,
        "awards": len(plan.awards),
        "drift": plan.corrections,
        "as_job": False,
        "lines": [Line(usernames[user_id], names[user_id], drift[user_id]) for user_id in touched],
    }
