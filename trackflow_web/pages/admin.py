"""What administrators see: the recheck page."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, make_response, render_template, request, session

from trackflow_web.achievements import actions, queries, recheck
from trackflow_web.domain.people import queries as people
from trackflow_web.kernel.errors import Invalid
from trackflow_web.pages.session import admin_or_404, login_required

if TYPE_CHECKING:
    from flask import Response as FlaskResponse

    from trackflow_web.achievements.recheck import Plan

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
    """Recheck one user or everyone: first what it would do, then the button that does it."""
    admin_or_404()
    done = session.pop("recheck", None)
    draft, errors, preview = {"user": request.args.get("user", "")}, {}, None
    if done is not None:
        draft = {"user": done["user"]}
        preview = {**done, "lines": []}
    elif "user" in request.args:
        try:
            preview = _preview(recheck.plan(actions.user_ids_named(draft["user"])))
        except Invalid as refusal:
            errors = refusal.errors
    page = render_template(
        "admin/achievements.html",
        draft=draft,
        errors=errors,
        preview=preview,
        confirmed=done is not None,
        history=[
            {
                "at": run.at,
                "admin": run.admin_name,
                "target": run.target,
                "users": run.users,
                "awards": run.awards,
                "drift": run.drift,
            }
            for run in queries.recheck_runs()
        ],
    )
    return make_response(page, 422 if errors else 200)


def _preview(plan: Plan) -> dict[str, object]:
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
        "lines": [Line(usernames[user_id], names[user_id], drift[user_id]) for user_id in touched],
    }
