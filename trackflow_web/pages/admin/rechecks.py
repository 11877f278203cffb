"""Rechecks: preview one, start one, follow one, cancel one; for administrators."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, abort, flash, render_template, request, url_for

from trackflow_web.achievements.recheck import reconcile, runs, start
from trackflow_web.domain.people import queries as people
from trackflow_web.kernel.errors import Invalid
from trackflow_web.web import htmx
from trackflow_web.web.caller import admin_or_404
from trackflow_web.web.extensions import jobs
from trackflow_web.web.forms import errors_of, refused
from trackflow_web.web.session import (
    login_required,
    recently_confirmed,
    redirect_to_confirmation,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from trackflow_web.achievements.models import RecheckRun
    from trackflow_web.achievements.recheck.result import Findings

pages = Blueprint("admin", __name__, url_prefix="/admin")

MOST_LINES = 200


@dataclass(frozen=True)
class PreviewLine:
    """The preview of a recheck for one user: the names of awards, the number of corrections."""

    username: str
    names: list[str]
    drift: int


@dataclass(frozen=True)
class Preview:
    """The preview of a recheck; for a job, only the number of users is known."""

    users: int
    awards: int = 0
    drift: int = 0
    lines: tuple[PreviewLine, ...] = ()
    as_job: bool = False


@pages.get("/rechecks/")
@login_required
def rechecks() -> str | Response:
    """Show the recheck page and, for `user` in the query, what rechecking them would do."""
    admin_or_404()
    user = request.args.get("user")
    if user is None:
        return _render(runs.latest())
    try:
        preview = _preview(start.user_ids_named(user))
    except Invalid as refusal:
        return refused(_render(runs.latest(), user, errors=errors_of(refusal)), refusal)
    return _render(runs.latest(), user, preview)


@pages.post("/rechecks/")
@login_required
def start_recheck() -> Response:
    """Recheck one user, or everyone; for administrators with a recent password."""
    admin, user = admin_or_404(), request.form.get("user", "")
    if not recently_confirmed():
        return redirect_to_confirmation(url_for("admin.rechecks", user=user))
    started = start.start_recheck(admin, user)
    run = started.run
    if run.is_unfinished:
        jobs().start_recheck(run.id)
        flash("Recheck started." if started.is_new else "A recheck is already running.")
    else:
        flash(f"Done: {started.result.text}")
    return htmx.redirect_after_post(url_for("admin.recheck", run_id=run.id))


@pages.get("/rechecks/<id:run_id>")
@login_required
def recheck(run_id: int) -> str:
    """Show one recheck; for htmx a fragment that polls until the recheck has ended."""
    admin_or_404()
    run = _run_or_404(run_id)
    if htmx.is_htmx():
        return render_template("admin/_recheck.html", run=run)
    return _render(run)


@pages.post("/rechecks/<id:run_id>/cancel")
@login_required
def cancel_recheck(run_id: int) -> Response:
    """Cancel a recheck of everyone; what is done stays."""
    admin_or_404()
    address = url_for("admin.recheck", run_id=_run_or_404(run_id).id)
    if not recently_confirmed():
        return redirect_to_confirmation(address)
    stopped = runs.cancel(run_id)
    flash("Cancelled. What has been done so far stays." if stopped else "It had already ended.")
    return htmx.redirect_after_post(address)


@pages.get("/achievements")
@login_required
def achievements() -> Response:
    """Redirect the former URL of the recheck page."""
    admin_or_404()
    return htmx.redirect_after_post(url_for("admin.rechecks", user=request.args.get("user")))


def _run_or_404(run_id: int) -> RecheckRun:
    run = runs.find(run_id)
    if run is None:
        abort(404)
    return run


def _render(
    run: RecheckRun | None,
    user: str = "",
    preview: Preview | None = None,
    *,
    errors: Mapping[str, str] | None = None,
) -> str:
    return render_template(
        "admin/rechecks.html",
        run=run,
        user=user,
        preview=preview,
        errors=errors or {},
        history=runs.ended(),
    )


def _preview(user_ids: list[int] | None) -> Preview:
    if user_ids is None and (users := runs.count_users()) > start.MOST_AT_ONCE:
        return Preview(users, as_job=True)
    found = reconcile.find(user_ids)
    result = found.result
    return Preview(result.users, result.awards, result.corrections, tuple(_lines(found)))


def _lines(findings: Findings) -> list[PreviewLine]:
    names: dict[int, list[str]] = defaultdict(list)
    drift: dict[int, int] = defaultdict(int)
    for award in findings.awards:
        names[award.user_id].append(award.entry.full_name)
    for user_id in findings.users_with_drift:
        drift[user_id] += 1
    user_ids = sorted({*names, *drift})[:MOST_LINES]
    usernames = people.usernames(user_ids)
    return [PreviewLine(usernames[id_], names[id_], drift[id_]) for id_ in user_ids]
