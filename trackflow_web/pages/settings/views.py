"""One's own account: profile, password, tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, make_response, render_template, request, url_for

from trackflow_web.domain.people import actions, queries, rules
from trackflow_web.kernel.errors import Invalid, TooMany
from trackflow_web.pages.people.views import _address, _bounds
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.session import login_required, sign_in

if TYPE_CHECKING:
    from flask import Response as FlaskResponse
    from werkzeug.wrappers import Response

pages = Blueprint("settings", __name__, url_prefix="/settings")


@pages.get("/")
@login_required
def index() -> Response:
    """The first tab."""
    return htmx.redirect_after_post(url_for("settings.profile"))


@pages.get("/profile")
@login_required
def profile() -> str:
    """E-mail address, time zone and password."""
    return _profile({}, {})


@pages.post("/profile")
@login_required
def update_profile() -> str | Response:
    """Save the e-mail address and the time zone."""
    form = request.form
    try:
        actions.change_profile(
            get_current_user(), email=form.get("email"), timezone=form.get("timezone")
        )
    except Invalid as refusal:
        return make_response(_profile(form, refusal.errors), 422)
    flash("Saved.")
    return htmx.redirect_after_post(url_for("settings.profile"))


@pages.post("/password")
@login_required
def password() -> str | Response:
    """Change the password; every session but this one ends."""
    form, user_name = request.form, get_current_user().username
    try:
        rules.password(form.get("password"))
        user = actions.check_password(
            name=user_name,
            password=form.get("current"),
            address=_address(),
            bounds=_bounds(),
        )
        actions.change_password(user, new=form.get("password"))
    except TooMany as refusal:
        answer = make_response(_profile({}, {"current": str(refusal)}), 429)
        answer.headers["Retry-After"] = str(refusal.retry_after)
        return answer
    except Invalid as refusal:
        wrong = {"current": "This is not your password."} if "form" in refusal.errors else {}
        return make_response(_profile({}, wrong or refusal.errors), 422)
    sign_in(user, remember=False)
    flash("Your password is changed, and every other session has ended.")
    return htmx.redirect_after_post(url_for("settings.profile"))


@pages.get("/tokens")
@login_required
def tokens() -> str:
    """The access tokens and the form for a new one."""
    return _tokens({}, {})


@pages.post("/tokens")
@login_required
def create_token() -> str | FlaskResponse:
    """Make a token; this answer is the only one that shows its secret."""
    form = request.form
    try:
        secret = actions.create_token(
            get_current_user(),
            name=form.get("name"),
            scope=form.get("scope"),
            days=form.get("days"),
        )
    except Invalid as refusal:
        return make_response(_tokens(form, refusal.errors), 422)
    return _tokens({}, {}, new_token=secret)


@pages.post("/tokens/<id:token_id>/delete")
@login_required
def revoke_token(token_id: int) -> Response:
    """Make a token useless."""
    actions.revoke_token(get_current_user(), token_id)
    flash("The token is revoked.")
    return htmx.redirect_after_post(url_for("settings.tokens"))


def _profile(form: dict[str, str], errors: dict[str, str]) -> str:
    draft = {"email": get_current_user().email, "timezone": get_current_user().timezone, **form}
    return render_template(
        "settings/profile.html", draft=draft, errors=errors, zones=sorted(rules.zone_names())
    )


def _tokens(form: dict[str, str], errors: dict[str, str], new_token: str | None = None) -> str:
    return render_template(
        "settings/tokens.html",
        draft=dict(form),
        errors=errors,
        tokens=queries.tokens_of(get_current_user().id),
        new_token=new_token,
    )
