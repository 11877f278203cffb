"""A user's achievements for administrators: show, revoke, restore."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, render_template, request, url_for

from trackflow_web.achievements.awards import revoke as revocations
from trackflow_web.kernel.errors import Invalid
from trackflow_web.pages.admin.rechecks import pages
from trackflow_web.web import htmx, typed_fields
from trackflow_web.web.caller import admin_or_404
from trackflow_web.web.forms import refused
from trackflow_web.web.loaders import user_or_404
from trackflow_web.web.session import login_required, recently_confirmed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from trackflow_web.domain.people.models import User


@pages.get("/users/<username>")
@login_required
def user(username: str) -> str:
    """Show a user's achievements, current and revoked; also of banned and private users."""
    admin_or_404()
    return _page(user_or_404(username), typed_fields.fields_before(), {})


@pages.post("/users/<username>/achievements/<code>/revoke")
@login_required
def revoke(username: str, code: str) -> Response:
    """Revoke a user's achievement, with a reason that they can read."""
    admin, person = admin_or_404(), user_or_404(username)
    reason = request.form.get("reason", "")
    if not recently_confirmed():
        return _confirm_first(person, code=code, reason=reason)
    try:
        done = revocations.revoke(admin, person, code, reason=reason)
    except Invalid as refusal:
        draft = {"code": code, "reason": reason}
        return refused(_page(person, draft, refusal.errors), refusal)
    flash("Revoked." if done else "It has already been revoked.")
    return htmx.redirect_after_post(url_for("admin.user", username=person.username))


@pages.post("/users/<username>/achievements/<code>/restore")
@login_required
def restore(username: str, code: str) -> Response:
    """Restore a revoked achievement."""
    admin, person = admin_or_404(), user_or_404(username)
    if not recently_confirmed():
        return _confirm_first(person)
    done = revocations.restore(admin, person, code)
    flash("Restored." if done else "It isn't revoked.")
    return htmx.redirect_after_post(url_for("admin.user", username=person.username))


def _confirm_first(person: User, **typed: str) -> Response:
    """Redirect to the password confirmation and back, keeping the input."""
    return typed_fields.confirm_first(url_for("admin.user", username=person.username), typed)


def _page(person: User, draft: Mapping[str, str], errors: Mapping[str, str]) -> str:
    awards = revocations.awards_of(person.id)
    return render_template(
        "admin/user.html",
        person=person,
        held=[award for award in awards if award.revoked_at is None],
        revoked=[award for award in awards if award.revoked_at is not None],
        code=draft.get("code", ""),
        reason=draft.get("reason", ""),
        errors=errors,
    )
