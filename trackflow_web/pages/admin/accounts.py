"""Accounts, for administrators: search, and decisions with a stored reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import abort, current_app, flash, make_response, render_template, request, url_for

from trackflow_web.accounts import deletion
from trackflow_web.domain.people import administration, queries, recovery
from trackflow_web.kernel import clock
from trackflow_web.kernel.errors import Forbidden, Invalid
from trackflow_web.pages.admin.rechecks import pages
from trackflow_web.web import htmx, typed_fields
from trackflow_web.web.caller import admin_or_404
from trackflow_web.web.forms import sent_fields
from trackflow_web.web.listing import ListArguments, requested
from trackflow_web.web.loaders import user_or_404
from trackflow_web.web.session import login_required, recently_confirmed
from trackflow_web.web.urls import site_url

if TYPE_CHECKING:
    from flask import Response as FlaskResponse
    from werkzeug.wrappers import Response

    from trackflow_web.domain.people.models import User

USERS_SHOWN = 50
FIELDS = ("reason", "username")
DECISIONS = {
    "ban": (administration.ban, "Banned."),
    "unban": (administration.unban, "Unbanned."),
    "promote": (administration.promote, "Now an administrator."),
    "demote": (administration.demote, "No longer an administrator."),
}


@pages.get("/users/")
@login_required
def users() -> str:
    """Show the newest accounts, or those whose username or email contains `q`."""
    admin_or_404()
    q = requested(ListArguments.search)
    found = queries.search_users(q, limit=USERS_SHOWN)
    return render_template("admin/users.html", users=found, q=q, most=USERS_SHOWN, now=clock.now())


@pages.get("/users/<username>/account")
@login_required
def account(username: str) -> str:
    """Show an account, what was decided about it, and the forms for further decisions."""
    admin_or_404()
    return _page(user_or_404(username), {})


@pages.post("/users/<username>/<any(ban, unban, promote, demote):action>")
@login_required
def decide(username: str, action: str) -> Response | FlaskResponse:
    """Ban, unban, promote or demote a user, with a reason."""
    admin, person = admin_or_404(), user_or_404(username)
    if not recently_confirmed():
        return _confirm_first(person, action)
    decision, done = DECISIONS[action]
    try:
        decision(person, by=admin, why=administration.reason(request.form.get("reason")))
    except (Invalid, Forbidden) as refusal:
        return _refused(person, action, refusal)
    flash(done)
    return htmx.redirect_after_post(url_for("admin.account", username=person.username))


@pages.post("/users/<username>/rename")
@login_required
def rename(username: str) -> Response | FlaskResponse:
    """Rename a user, with a reason."""
    admin, person = admin_or_404(), user_or_404(username)
    if not recently_confirmed():
        return _confirm_first(person, "rename")
    try:
        why = administration.reason(request.form.get("reason"))
        administration.rename(person, to=request.form.get("username"), by=admin, why=why)
    except Invalid as refusal:
        return _refused(person, "rename", refusal)
    flash("Renamed.")
    return htmx.redirect_after_post(url_for("admin.account", username=person.username))


@pages.post("/users/<username>/reset-link")
@login_required
def reset_link(username: str) -> Response | FlaskResponse:
    """Show a link with which the user can choose a new password; only this response shows it."""
    admin, person = admin_or_404(), user_or_404(username)
    if not recently_confirmed():
        return _confirm_first(person, "reset-link")
    try:
        why = administration.reason(request.form.get("reason"))
    except Invalid as refusal:
        return _refused(person, "reset-link", refusal)
    administration.note_reset_link(person, by=admin, why=why)
    token = recovery.reset_token(person, current_app.config["SECRET_KEY"])
    link = site_url() + url_for("people.reset_password_form", token=token)
    return make_response(_page(person, {}, link=link))


@pages.post("/users/<username>/delete")
@login_required
def delete_user(username: str) -> Response | FlaskResponse:
    """Delete an account with everything in it."""
    admin, person = admin_or_404(), user_or_404(username)
    if person.id == admin.id:
        abort(403)  # administrators delete their own account in the settings
    if not recently_confirmed():
        return _confirm_first(person, "delete")
    try:
        administration.reason(request.form.get("reason"))
        deletion.check_name(person, request.form.get("username"))
        deletion.delete_account(person)
    except Invalid as refusal:
        return _refused(person, "delete", refusal)
    flash("The account has been deleted.")
    return htmx.redirect_after_post(url_for("admin.users"))


def _confirm_first(person: User, action: str) -> Response:
    """Ask for the password, and keep what was typed."""
    typed = sent_fields(FIELDS) | {"action": action}
    return typed_fields.confirm_first(url_for("admin.account", username=person.username), typed)


def _refused(person: User, action: str, refusal: Invalid | Forbidden) -> FlaskResponse:
    """Show the page with the errors beside the form that was sent."""
    errors = refusal.errors if isinstance(refusal, Invalid) else {"form": str(refusal)}
    status = 422 if isinstance(refusal, Invalid) else 403
    return make_response(_page(person, errors, action=action), status)


def _page(person: User, errors: dict[str, str], *, action: str = "", link: str = "") -> str:
    decisions = administration.decisions_about(person)
    admins = queries.usernames([d.admin_id for d in decisions if d.admin_id is not None])
    typed = sent_fields(FIELDS) or typed_fields.fields_before()
    return render_template(
        "admin/account.html",
        person=person,
        now=clock.now(),
        decisions=decisions,
        admins=admins,
        errors=errors,
        action=action or typed.get("action", ""),
        is_stale=bool(errors) and action not in _offered(person),
        link=link,
        typed=typed,
    )


def _offered(person: User) -> set[str]:
    """Return the decisions that the page has forms for."""
    if person.banned_at is not None:
        return {"unban", "rename", "delete"}
    return {"ban", "demote" if person.is_admin else "promote", "reset-link", "rename", "delete"}
