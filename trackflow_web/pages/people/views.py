"""Accounts: register, sign in, sign out, confirm the password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, make_response, render_template, request
from flask_login import current_user

from trackflow_web.domain.moderation.appeals import suspension_of
from trackflow_web.domain.people import actions, recovery
from trackflow_web.domain.people.profile import change_profile
from trackflow_web.domain.people.sign_in import TOO_MANY_TRIES, Suspended
from trackflow_web.kernel import rate_limits
from trackflow_web.kernel.errors import Invalid, TooMany
from trackflow_web.web import htmx, theme
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import jobs, settings, signing_keys
from trackflow_web.web.forms import errors_of, is_ticked, refused
from trackflow_web.web.passwords import check_credentials, client_address
from trackflow_web.web.session import login_required, note_confirmation, sign_in, sign_out
from trackflow_web.web.urls import HOME, safe_next_url, site_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from trackflow_web.web.forms import Refusal

pages = Blueprint("people", __name__)

DRAFT_FIELDS = ("username", "email", "timezone", "remember")


@pages.get("/register")
def register_form() -> str | Response:
    """Show the form for a new account."""
    if current_user.is_authenticated:
        return htmx.redirect_after_post(HOME)
    return _form("register", {})


@pages.post("/register")
def register() -> str | Response:
    """Create an account and sign in; a signed-in user already has one."""
    if current_user.is_authenticated:
        return htmx.redirect_after_post(HOME)
    form = request.form
    try:
        rate_limits.enforce("register", client_address(), settings().limit_register, TOO_MANY_TRIES)
        user = actions.register(
            username=form.get("username"),
            email=form.get("email"),
            password=form.get("password"),
            timezone=form.get("timezone"),
        )
    except (Invalid, TooMany) as refusal:
        return _refuse("register", refusal)
    if settings().mail_url:
        recovery.request_confirmation(user, base_url=site_url())
        jobs().start_mails()
    change_profile(user, theme=theme.kept())  # what they chose before they had an account
    sign_in(user, remember=False)
    return htmx.redirect_after_post(safe_next_url(form.get("next")))


@pages.get("/login")
def login_form() -> str | Response:
    """Show the form to sign in."""
    if current_user.is_authenticated:
        return htmx.redirect_after_post(safe_next_url(request.args.get("next")))
    return _form("login", {})


@pages.post("/login")
def login() -> str | Response:
    """Sign in and redirect to `next`."""
    form = request.form
    try:
        user = check_credentials(form.get("username"), form.get("password"))
    except Suspended as refusal:
        appeal = suspension_of(refusal.user_id, signing_keys()[0])
        return refused(_form("login", refusal.errors, appeal=appeal), refusal)
    except (Invalid, TooMany) as refusal:
        return _refuse("login", refusal)
    sign_in(user, remember=is_ticked("remember"))
    response = make_response(htmx.redirect_after_post(safe_next_url(form.get("next"))))
    return theme.remember(response, user.theme)


@pages.post("/logout")
@login_required
def logout() -> Response:
    """Sign out on every device."""
    sign_out()
    return htmx.redirect_after_post(HOME)


@pages.get("/confirm")
@login_required
def confirm_form() -> str:
    """Show the form to confirm the password."""
    return _form("confirm", {})


@pages.post("/confirm")
@login_required
def confirm() -> str | Response:
    """Check the password again and redirect to `next`."""
    try:
        check_credentials(get_current_user().username, request.form.get("password"))
    except (Invalid, TooMany) as refusal:
        return _refuse("confirm", refusal)
    note_confirmation()
    return htmx.redirect_after_post(safe_next_url(request.form.get("next")))


def _form(name: str, errors: Mapping[str, str], **more: object) -> str:
    draft = {field: request.form.get(field, "") for field in DRAFT_FIELDS}
    next_ = request.values.get("next", "")
    return render_template(f"people/{name}.html", draft=draft, errors=errors, next=next_, **more)


def _refuse(name: str, refusal: Refusal) -> Response:
    return refused(_form(name, errors_of(refusal)), refusal)
