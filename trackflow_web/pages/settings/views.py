"""The account's settings: profile, password, access tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, render_template, request, url_for

from trackflow_web.domain.people import actions, identity, queries, rules
from trackflow_web.kernel.errors import Invalid, TooMany
from trackflow_web.web import htmx, typed_fields
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import jobs, settings
from trackflow_web.web.forms import errors_of, refused, sent_fields
from trackflow_web.web.passwords import check_own_password
from trackflow_web.web.session import (
    login_required,
    recently_confirmed,
    redirect_to_confirmation,
    sign_in,
)
from trackflow_web.web.urls import site_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

pages = Blueprint("settings", __name__, url_prefix="/settings")


@pages.get("/")
@login_required
def index() -> Response:
    """Redirect to the first tab."""
    return htmx.redirect_after_post(url_for("settings.profile"))


@pages.get("/profile")
@login_required
def profile() -> str:
    """Show the forms for email, time zone and password."""
    return _profile(typed_fields.fields_before(), {})


@pages.post("/profile")
@login_required
def update_profile() -> str | Response:
    """Save the email address and the time zone."""
    form, user = request.form, get_current_user()
    if form.get("email", user.email) != user.email and not recently_confirmed():
        # A new email address gives access to the account, so it needs the password.
        return typed_fields.confirm_first(
            url_for("settings.profile"), sent_fields(("email", "timezone"))
        )
    try:
        mailed = identity.change_profile(
            user,
            email=form.get("email", user.email),
            timezone=form.get("timezone", user.timezone),
            mail_from_site=site_url() if settings().mail_url else "",
        )
    except Invalid as refusal:
        return refused(_profile(form, refusal.errors), refusal)
    if mailed:
        jobs().start_mails()
    flash(f"Saved. Confirm {user.new_email} with the link we've sent." if mailed else "Saved.")
    return htmx.redirect_after_post(url_for("settings.profile"))


@pages.post("/password")
@login_required
def password() -> str | Response:
    """Change the password and end every other session."""
    form = request.form
    try:
        rules.password(form.get("password"))
        user = check_own_password(form.get("current"), field="current")
        actions.change_password(user, new=form.get("password"))
    except (Invalid, TooMany) as refusal:
        return refused(_profile({}, errors_of(refusal, field="current")), refusal)
    sign_in(user, remember=False)
    flash("Your password is changed, and every other session has ended.")
    return htmx.redirect_after_post(url_for("settings.profile"))


@pages.get("/tokens")
@login_required
def tokens() -> str:
    """Show the access tokens and the form for a new one."""
    return _tokens({}, {})


@pages.post("/tokens")
@login_required
def create_token() -> str | Response:
    """Create a token; only this response shows its secret."""
    form = request.form
    if not recently_confirmed():
        return redirect_to_confirmation(url_for("settings.tokens"))
    try:
        secret = actions.create_token(
            get_current_user(),
            name=form.get("name"),
            scope=form.get("scope"),
            days=form.get("days"),
        )
    except Invalid as refusal:
        return refused(_tokens(form, refusal.errors), refusal)
    return _tokens({}, {}, new_token=secret)


@pages.post("/tokens/<id:token_id>/delete")
@login_required
def revoke_token(token_id: int) -> Response:
    """Revoke a token."""
    actions.revoke_token(get_current_user(), token_id)
    flash("The token is revoked.")
    return htmx.redirect_after_post(url_for("settings.tokens"))


def _profile(form: Mapping[str, str], errors: Mapping[str, str]) -> str:
    user = get_current_user()
    unconfirmed = user.email_confirmed_at is None or user.new_email is not None
    return render_template(
        "settings/profile.html",
        draft={"email": user.email, "timezone": user.timezone, **form},
        errors=errors,
        zones=sorted(rules.zone_names()),
        can_confirm=bool(settings().mail_url) and unconfirmed,
    )


def _tokens(
    form: Mapping[str, str], errors: Mapping[str, str], new_token: str | None = None
) -> str:
    return render_template(
        "settings/tokens.html",
        draft=dict(form),
        errors=errors,
        tokens=queries.tokens_of(get_current_user().id),
        new_token=new_token,
    )
