"""Registering, signing in and out, confirming that it is oneself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request
from flask_login import current_user

from trackflow_web.domain.people import actions
from trackflow_web.kernel import rate_limits
from trackflow_web.kernel.errors import Invalid, TooMany
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import settings
from trackflow_web.web.forms import errors_of, refused
from trackflow_web.web.session import login_required, note_confirmation, sign_in, sign_out
from trackflow_web.web.urls import HOME, safe_next_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from trackflow_web.web.forms import Refusal

pages = Blueprint("people", __name__)

DRAFT_FIELDS = ("username", "email", "timezone", "remember")


@pages.get("/register")
def register_form() -> str | Response:
    """The form for a new account."""
    if current_user.is_authenticated:
        return htmx.redirect_after_post(HOME)
    return _form("register", {})


@pages.post("/register")
def register() -> str | Response:
    """Create an account and sign in to it; who is signed in has one."""
    if current_user.is_authenticated:
        return htmx.redirect_after_post(HOME)
    form = request.form
    try:
        rate_limits.enforce(
            "register", _address(), settings().limit_register, actions.TOO_MANY_TRIES
        )
        user = actions.register(
            username=form.get("username"),
            email=form.get("email"),
            password=form.get("password"),
            timezone=form.get("timezone"),
        )
    except (Invalid, TooMany) as refusal:
        return _refuse("register", refusal)
    sign_in(user, remember=False)
    return htmx.redirect_after_post(safe_next_url(form.get("next")))


@pages.get("/login")
def login_form() -> str | Response:
    """The form to sign in."""
    if current_user.is_authenticated:
        return htmx.redirect_after_post(safe_next_url(request.args.get("next")))
    return _form("login", {})


@pages.post("/login")
def login() -> str | Response:
    """Sign in and go on to where the person wanted to go."""
    form = request.form
    try:
        user = actions.check_password(
            name=form.get("username"),
            password=form.get("password"),
            address=_address(),
            bounds=_bounds(),
        )
    except (Invalid, TooMany) as refusal:
        return _refuse("login", refusal)
    sign_in(user, remember=bool(form.get("remember")))
    return htmx.redirect_after_post(safe_next_url(form.get("next")))


@pages.post("/logout")
@login_required
def logout() -> Response:
    """Sign out, on every device."""
    sign_out()
    return htmx.redirect_after_post(HOME)


@pages.get("/confirm")
@login_required
def confirm_form() -> str:
    """The form that asks for the password once more."""
    return _form("confirm", {})


@pages.post("/confirm")
@login_required
def confirm() -> str | Response:
    """Take the password once more and go on."""
    try:
        actions.check_password(
            name=get_current_user().username,
            password=request.form.get("password"),
            address=_address(),
            bounds=_bounds(),
        )
    except (Invalid, TooMany) as refusal:
        return _refuse("confirm", refusal)
    note_confirmation()
    return htmx.redirect_after_post(safe_next_url(request.form.get("next")))


def _form(name: str, errors: Mapping[str, str]) -> str:
    draft = {field: request.form.get(field, "") for field in DRAFT_FIELDS}
    return render_template(
        f"people/{name}.html", draft=draft, errors=errors, next=request.values.get("next", "")
    )


def _refuse(name: str, refusal: Refusal) -> Response:
    return refused(_form(name, errors_of(refusal)), refusal)


def _address() -> str:
    return request.remote_addr or "unknown"


def _bounds() -> actions.SignInLimits:
    return actions.SignInLimits(settings().limit_sign_in, settings().limit_sign_in_all)
