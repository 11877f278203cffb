"""The settings of profile and account: picture, bio, theme, email, password, access tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, make_response, render_template, request, url_for

from trackflow_web.domain.people import actions, avatars, identity, queries, rules
from trackflow_web.domain.people import profile as people
from trackflow_web.domain.people.sign_in import TOO_MANY_TRIES
from trackflow_web.kernel import rate_limits
from trackflow_web.kernel.errors import Checks, Invalid, TooMany
from trackflow_web.kernel.text import YesOrNo
from trackflow_web.web import htmx, theme, typed_fields
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import jobs, settings
from trackflow_web.web.forms import errors_of, refused, sent_fields
from trackflow_web.web.passwords import check_own_password
from trackflow_web.web.session import (
    login_required,
    recently_confirmed,
    sign_in,
)
from trackflow_web.web.uploads import sent_picture
from trackflow_web.web.urls import current_page, site_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from trackflow_web.domain.people.models import User

pages = Blueprint("settings", __name__, url_prefix="/settings")

TOKEN_FIELDS = ("name", "scope", "days")
ACCOUNT_FIELDS = ("email", "timezone")
PROFILE_FIELDS = tuple(people.PROFILE)


@pages.get("/")
@login_required
def index() -> Response:
    """Redirect to the first tab."""
    return htmx.redirect_after_post(url_for("settings.profile"))


@pages.get("/profile")
@login_required
def profile() -> str:
    """Show the forms for profile, picture, theme, email, time zone and password."""
    return _profile(typed_fields.fields_before(), {})


@pages.post("/profile")
@login_required
def update_profile() -> str | Response:
    """Save profile, picture, email and time zone; what is not sent stays."""
    form, user = request.form, get_current_user()
    waits = form.get("email", user.email) != user.email and not recently_confirmed()
    check = Checks()
    check(people.change_profile, user, **sent_fields(PROFILE_FIELDS))
    check(_change_picture, user)
    mailed = False if waits else check(_change_account, user)
    try:
        check.finish()
    except Invalid as refusal:
        return refused(_profile(form, refusal.errors), refusal)
    if waits:
        # A new address is a way into the account: it needs the password, and keeps what was typed.
        return typed_fields.confirm_first(url_for("settings.profile"), sent_fields(ACCOUNT_FIELDS))
    if mailed:
        jobs().start_mails()
    flash(f"Saved. Confirm {user.new_email} with the link we've sent." if mailed else "Saved.")
    response = htmx.redirect_after_post(url_for("settings.profile"))
    return theme.remember(response, user.theme) if "theme" in form else response


def _change_picture(user: User) -> None:
    """Take or remove the user's picture, if the form says so. Raises Invalid naming `avatar`."""
    content = sent_picture("avatar", most_bytes=avatars.MOST_BYTES)
    if content is not None:
        avatars.upload(user, content)
        jobs().start_avatar(user.id)
    elif request.form.get("avatar_remove") == YesOrNo.YES:
        avatars.remove(user)


def _change_account(user: User) -> bool:
    """Change email and time zone; return whether a mail was queued. Raises Invalid, TooMany."""
    if not sent_fields(ACCOUNT_FIELDS):
        return False
    if settings().mail_url and request.form.get("email", user.email) != user.email:
        # Each new address gets a mail: nobody is to send them to strangers by the hundred.
        rate_limits.enforce_within(
            "email confirmation", str(user.id), settings().limit_register, TOO_MANY_TRIES
        )
    return identity.change_profile(
        user,
        email=request.form.get("email", user.email),
        timezone=request.form.get("timezone", user.timezone),
        mail_from_site=site_url() if settings().mail_url else "",
    )


@pages.post("/theme")
@login_required
def set_theme() -> str | Response:
    """Choose light or dark from any page; for htmx the switch comes back."""
    user = get_current_user()
    people.change_profile(user, theme=request.form.get("theme"))
    if htmx.is_htmx():
        response = make_response(render_template("settings/_theme.html"))
    else:
        response = make_response(htmx.redirect_after_post(current_page()))
    return theme.remember(response, user.theme)


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
    flash("Password changed. You're signed out on other devices.")
    return htmx.redirect_after_post(url_for("settings.profile"))


@pages.get("/tokens")
@login_required
def tokens() -> str:
    """Show the access tokens and the form for a new one."""
    return _tokens(typed_fields.fields_before(), {})


@pages.post("/tokens")
@login_required
def create_token() -> str | Response:
    """Create a token; only this response shows its secret."""
    form = request.form
    if not recently_confirmed():
        return typed_fields.confirm_first(url_for("settings.tokens"), sent_fields(TOKEN_FIELDS))
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
    flash("Token revoked.")
    return htmx.redirect_after_post(url_for("settings.tokens"))


def _profile(form: Mapping[str, str], errors: Mapping[str, str]) -> str:
    user = get_current_user()
    unconfirmed = user.email_confirmed_at is None or user.new_email is not None
    return render_template(
        "settings/profile.html",
        draft={
            "email": user.email,
            "timezone": user.timezone,
            "display_name": user.display_name,
            "bio": user.bio,
            "links": user.links,
            "charter_names": user.charter_names,
            "theme": user.theme,
            "shortcuts": "1" if user.uses_shortcuts else "0",
            **form,
        },
        errors=errors,
        upload=avatars.upload_state(user.id),
        most_links=people.MOST_LINKS,
        longest_bio=people.LONGEST_BIO,
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
