"""The settings of notifications: one table of types and channels, digests, grouping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, render_template, request, url_for

from trackflow_web.kernel.errors import Invalid
from trackflow_web.notifications import preferences
from trackflow_web.notifications.models import Channel, Digest
from trackflow_web.notifications.types import TYPES
from trackflow_web.pages.settings.views import pages
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import settings
from trackflow_web.web.forms import refused
from trackflow_web.web.session import login_required
from trackflow_web.web.urls import site_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response


@pages.get("/notifications")
@login_required
def notifications() -> str:
    """Show which notifications the user gets where."""
    return _page({})


@pages.post("/notifications")
@login_required
def save_notifications() -> str | Response:
    """Change which notifications the user gets; fields that are not sent stay."""
    # A browser leaves an empty box out: a hidden field before it says 0, and the last one counts.
    sent = {name: request.form.getlist(name)[-1] for name in request.form}
    try:
        preferences.change(get_current_user(), sent, base_url=site_url())
    except Invalid as refusal:
        return refused(_page(refusal.errors), refusal)
    flash("Saved.")
    return htmx.redirect_after_post(url_for("settings.notifications"))


def _page(errors: Mapping[str, str]) -> str:
    user = get_current_user()
    return render_template(
        "settings/notifications.html",
        types=TYPES,
        channels=Channel,
        digests=Digest,
        switches=preferences.switches_of(user),
        preferences=preferences.preferences_of(user.id),
        errors=errors,
        has_mail=bool(settings().mail_url),
        is_confirmed=user.email_confirmed_at is not None,
    )
