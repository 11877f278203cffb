"""The settings' tab of privacy: what others see, all of one's data, the end of the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, flash, make_response, render_template, request, url_for

from trackflow_web.accounts import deletion
from trackflow_web.accounts.export import as_json, export_within
from trackflow_web.achievements.awards import visibility
from trackflow_web.domain.people import actions
from trackflow_web.domain.people.models import Audience
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Invalid, TooMany
from trackflow_web.kernel.text import YesOrNo, count_of
from trackflow_web.pages.people.views import _address, _bounds
from trackflow_web.pages.settings.views import pages
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import settings
from trackflow_web.web.session import forget_session, login_required
from trackflow_web.web.urls import HOME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response as BaseResponse

NOT_YOUR_PASSWORD = "This is not your password."  # noqa: S105 -- a sentence


@pages.get("/privacy")
@login_required
def privacy() -> str:
    """What others see, the copy of one's data, the way out."""
    return _page({})


@pages.post("/privacy")
@login_required
def save_privacy() -> str | BaseResponse:
    """Choose who sees the profile and what will be earned."""
    form = request.form
    try:
        actions.change_privacy(
            get_current_user(),
            profile=form.get("profile"),
            new_achievements=form.get("new_achievements"),
        )
    except Invalid as refusal:
        page = htmx.block("settings/privacy.html", "audience", **_context(refusal.errors))
        return make_response(page if htmx.is_htmx() else _page(refusal.errors), 422)
    if htmx.is_htmx():
        return htmx.block("settings/privacy.html", "audience", **_context({}, saved="Saved."))
    flash("Saved.")
    return htmx.redirect_after_post(url_for("settings.privacy"))


@pages.post("/privacy/achievements")
@login_required
def set_all_visibility() -> str | BaseResponse:
    """Let others see all that one has earned, or nothing of it."""
    public = text.choice(request.form.get("public"), "public", YesOrNo) is YesOrNo.YES
    changed = visibility.set_all_visibility(get_current_user(), public=public)
    done = f"{count_of(changed, 'achievement')} made {'public' if public else 'private'}."
    if htmx.is_htmx():
        return htmx.block("settings/privacy.html", "at_once", **(_context({}) | {"made": done}))
    flash(done)
    return htmx.redirect_after_post(url_for("settings.privacy"))


@pages.get("/privacy/export")
@login_required
def export() -> Response:
    """All that is kept about oneself, as one file."""
    document = export_within(get_current_user(), settings().limit_export)
    answer = Response(as_json(document), mimetype="application/json")
    name = f"trackflow-{get_current_user().username}.json"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@pages.get("/privacy/delete")
@login_required
def confirm_delete() -> str:
    """What goes with the account, and the form that ends it."""
    return _confirmation({})


@pages.post("/privacy/delete")
@login_required
def delete_account() -> str | BaseResponse:
    """End the account, for who knows its name and its password."""
    form = request.form
    try:
        deletion.check_name(get_current_user(), form.get("username"))
        user = actions.check_password(
            name=get_current_user().username,
            password=form.get("password"),
            address=_address(),
            bounds=_bounds(),
        )
        deletion.delete_account(user)
    except TooMany as refusal:
        answer = make_response(_confirmation({"password": str(refusal)}), 429)
        answer.headers["Retry-After"] = str(refusal.retry_after)
        return answer
    except Invalid as refusal:
        return make_response(_confirmation(_said(refusal.errors)), 422)
    forget_session()
    flash("Your account is deleted, and everything that belonged to it.")
    return htmx.redirect_after_post(HOME)


def _said(errors: Mapping[str, str]) -> Mapping[str, str]:
    """Whose account it is is known here: only the password can have been wrong."""
    wrong = errors.get("form") == actions.WRONG_CREDENTIALS
    return {"password": NOT_YOUR_PASSWORD} if wrong else errors


def _page(errors: Mapping[str, str]) -> str:
    return render_template("settings/privacy.html", **_context(errors))


def _context(errors: Mapping[str, str], saved: str = "") -> dict[str, object]:
    def audience(*, public: bool) -> str:
        return Audience.PUBLIC if public else Audience.PRIVATE

    user = get_current_user()
    choices = visibility.choices_of(user.id).values()
    return {
        "draft": {
            "profile": audience(public=user.is_profile_public),
            "new_achievements": audience(public=user.shows_new_achievements),
            **request.form,
        },
        "errors": errors,
        "saved": saved,
        "made": "",
        "public_count": sum(each.is_public for each in choices),
        "private_count": sum(not each.is_public for each in choices),
    }


def _confirmation(errors: Mapping[str, str]) -> str:
    return render_template(
        "settings/delete.html",
        draft=request.form,
        errors=errors,
        last_administrator=deletion.is_last_administrator(get_current_user()),
        last_administrator_text=deletion.LAST_ADMINISTRATOR,
    )
