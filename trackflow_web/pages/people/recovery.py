"""Forgotten passwords and the confirmation of email addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, render_template, request, url_for

from trackflow_web.domain.people import recovery
from trackflow_web.domain.people.sign_in import TOO_MANY_TRIES
from trackflow_web.kernel import rate_limits
from trackflow_web.kernel.errors import Invalid, TooMany
from trackflow_web.pages.people.views import pages
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import jobs, settings, signing_keys
from trackflow_web.web.forms import errors_of, refused
from trackflow_web.web.passwords import client_address
from trackflow_web.web.session import login_required, sign_in
from trackflow_web.web.urls import HOME, site_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

SENT = "If an account has this email, we've sent a link to it. It works for an hour."
NO_MAIL = "This site doesn't send email. Ask an administrator for a reset link."


@pages.get("/password/forgot")
def forgot_password_form() -> str:
    """Show the form to request a reset link."""
    return _forgot({})


@pages.post("/password/forgot")
def forgot_password() -> str | Response:
    """Queue a reset link. The response never reveals whether an account has the email address."""
    try:
        _count_request("password reset", client_address())
        if settings().mail_url:
            recovery.request_reset(email=request.form.get("email"), base_url=site_url())
            jobs().start_mails()
    except (Invalid, TooMany) as refusal:
        return refused(_forgot(errors_of(refusal)), refusal)
    flash(SENT if settings().mail_url else NO_MAIL)
    return htmx.redirect_after_post(url_for("people.login"))


@pages.get("/password/reset/<token>")
def reset_password_form(token: str) -> str:
    """Show the form to choose a new password, or 404 for a link that is no longer valid."""
    user = recovery.user_of_reset(token, signing_keys())
    return render_template("people/reset.html", username=user.username, token=token, errors={})


@pages.post("/password/reset/<token>")
def reset_password(token: str) -> str | Response:
    """Set the new password, end every other session and sign in, unless the user is suspended."""
    user = recovery.user_of_reset(token, signing_keys())
    try:
        recovery.reset_password(user, new=request.form.get("password"))
    except Invalid as refusal:
        page = render_template(
            "people/reset.html", username=user.username, token=token, errors=refusal.errors
        )
        return refused(page, refusal)
    if not user.is_suspended:
        sign_in(user, remember=False)
    flash("Your password has been changed.")
    return htmx.redirect_after_post(url_for("people.login") if user.is_suspended else HOME)


@pages.get("/email/confirm/<token>")
def confirm_email_form(token: str) -> str:
    """Ask for a click, because link checkers of mail programs must not confirm anything."""
    recovery.address_of_confirmation(token, signing_keys())
    return render_template("people/confirm_email.html", token=token)


@pages.post("/email/confirm/<token>")
def confirm_email(token: str) -> Response:
    """Confirm the email address of the link."""
    recovery.confirm_email(token, signing_keys())
    flash("Your email is confirmed.")
    return htmx.redirect_after_post(HOME)


@pages.post("/settings/profile/confirm")
@login_required
def send_confirmation() -> Response:
    """Send the confirmation link once more."""
    user = get_current_user()
    _count_request("email confirmation", str(user.id))
    if settings().mail_url and (user.new_email or user.email_confirmed_at is None):
        recovery.request_confirmation(user, base_url=site_url())
        jobs().start_mails()
        flash("We've sent you a link.")
    return htmx.redirect_after_post(url_for("settings.profile"))


def _count_request(scope: str, key: str) -> None:
    rate_limits.enforce(scope, key, settings().limit_register, TOO_MANY_TRIES)


def _forgot(errors: Mapping[str, str]) -> str:
    return render_template("people/forgot.html", email=request.form.get("email", ""), errors=errors)
