"""The privacy settings: visibility, personal export, account deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, render_template, request, url_for

from trackflow_web.accounts import deletion
from trackflow_web.accounts.export import export_within
from trackflow_web.achievements.awards import visibility
from trackflow_web.domain.people import administration, profile
from trackflow_web.domain.people.models import Audience, Shown
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Invalid, TooMany
from trackflow_web.kernel.text import YesOrNo, count_of
from trackflow_web.pages.settings.views import pages
from trackflow_web.web import htmx, streaming
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import settings
from trackflow_web.web.forms import errors_of, refused, sent_fields
from trackflow_web.web.passwords import check_own_password
from trackflow_web.web.session import forget_session, login_required
from trackflow_web.web.urls import HOME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response as BaseResponse

PRIVACY_FIELDS = tuple(profile.PRIVACY)
AUDIENCES = (
    (Audience.EVERYONE, "Everyone, even signed out"),
    (Audience.MEMBERS, "Members"),
    (Audience.ME, "Only me"),
)


@pages.get("/privacy")
@login_required
def privacy() -> str:
    """Show the visibility settings, and the links to the export and the deletion."""
    return _page({})


@pages.post("/privacy")
@login_required
def save_privacy() -> str | BaseResponse:
    """Change the visibility of the profile and future achievements; missing fields stay."""
    try:
        profile.change_privacy(get_current_user(), **sent_fields(PRIVACY_FIELDS))
    except Invalid as refusal:
        page = htmx.block("settings/privacy.html", "audience", **_context(refusal.errors))
        return refused(page if htmx.is_htmx() else _page(refusal.errors), refusal)
    if htmx.is_htmx():
        return htmx.block("settings/privacy.html", "audience", **_context({}, saved="Saved."))
    flash("Saved.")
    return htmx.redirect_after_post(url_for("settings.privacy"))


@pages.post("/privacy/achievements")
@login_required
def set_all_visibility() -> str | BaseResponse:
    """Make all earned achievements public or private."""
    public = text.choice(request.form.get("public"), "public", YesOrNo) is YesOrNo.YES
    changed = visibility.set_all_visibility(get_current_user(), public=public)
    done = f"{count_of(changed, 'achievement')} made {'public' if public else 'private'}."
    if htmx.is_htmx():
        return htmx.block("settings/privacy.html", "at_once", **(_context({}) | {"made": done}))
    flash(done)
    return htmx.redirect_after_post(url_for("settings.privacy"))


@pages.get("/privacy/export")
@login_required
def export() -> BaseResponse:
    """Return everything that is stored about the user, as one file."""
    answer = streaming.respond(
        export_within(get_current_user(), settings().limit_export), mimetype="application/json"
    )
    name = f"trackflow-{get_current_user().username}.json"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@pages.get("/privacy/delete")
@login_required
def confirm_delete() -> str:
    """Show what is deleted with the account, and the form that deletes it."""
    return _confirmation({})


@pages.post("/privacy/delete")
@login_required
def delete_account() -> str | BaseResponse:
    """Delete the account, given its name and password."""
    form = request.form
    try:
        deletion.check_name(get_current_user(), form.get("username"))
        deletion.delete_account(check_own_password(form.get("password")))
    except (Invalid, TooMany) as refusal:
        return refused(_confirmation(errors_of(refusal, field="password")), refusal)
    forget_session()
    flash("Your account and everything in it have been deleted.")
    return htmx.redirect_after_post(HOME)


def _page(errors: Mapping[str, str]) -> str:
    return render_template("settings/privacy.html", **_context(errors))


def _context(errors: Mapping[str, str], saved: str = "") -> dict[str, object]:
    user = get_current_user()
    choices = visibility.choices_of(user.id).values()
    return {
        "draft": {
            "profile": user.audience,
            "new_achievements": Shown.of(public=user.shows_new_achievements),
            "days": int(user.shows_days),
            "boards": int(user.on_boards),
            "feed": int(user.in_feed),
            **(request.form if errors else {}),
        },
        "audiences": AUDIENCES,
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
        last_administrator=administration.is_last_administrator(get_current_user(), lock=False),
        last_administrator_text=deletion.LAST_ADMINISTRATOR,
    )
