"""The settings of webhooks: add, change, pause, rotate, delete, test, and what was delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, render_template, request, url_for

from trackflow_web.domain.people.models import Audience
from trackflow_web.domain.people.row_limits import RowLimit, most
from trackflow_web.domain.webhooks import actions, queries
from trackflow_web.domain.webhooks.models import EventName, Kind, State
from trackflow_web.kernel.errors import Invalid, TooMany
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import jobs, settings
from trackflow_web.web.forms import errors_of, refused, sent_fields
from trackflow_web.web.loaders import delivery_or_404, webhook_or_404
from trackflow_web.web.session import login_required
from trackflow_web.web.urls import site_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from trackflow_web.domain.webhooks.models import Webhook

pages = Blueprint("webhooks", __name__, url_prefix="/settings/webhooks")

EVENTS = {
    EventName.SONG_RELEASED: "You release a song",
    EventName.PACK_RELEASED: "The last song of a pack is released",
    EventName.SERIES_COMPLETED: "You complete an album",
    EventName.ACHIEVEMENT_UNLOCKED: "You unlock an achievement",
    EventName.LEVEL_REACHED: "You reach a level",
}
KINDS = {Kind.STANDARD: "Your own program (Standard Webhooks)", Kind.DISCORD: "Discord channel"}
DELIVERIES_SHOWN = 50


@pages.get("")
@login_required
def index() -> str:
    """Show the user's webhooks and the form for a new one."""
    return _index({}, {})


@pages.post("")
@login_required
def create() -> str | Response:
    """Add a webhook; only this response shows its secret."""
    sent = {**sent_fields(("url", "kind")), "events": request.form.getlist("events")}
    try:
        webhook, secret = actions.create(
            get_current_user(),
            jobs().tools.vault,
            base_url=site_url(),
            loopback=settings().webhook_loopback,
            **sent,
        )
    except Invalid as refusal:
        return refused(_index(sent, refusal.errors), refusal)
    if not secret:
        flash("Webhook added.")
        return htmx.redirect_after_post(url_for("webhooks.show", webhook_id=webhook.id))
    return _show(webhook, {}, secret=secret)


@pages.get("/<id:webhook_id>")
@login_required
def show(webhook_id: int) -> str:
    """Show a webhook, its settings and its latest deliveries."""
    return _show(webhook_or_404(webhook_id), {})


@pages.post("/<id:webhook_id>")
@login_required
def change(webhook_id: int) -> str | Response:
    """Change the address and the events; an empty address stays."""
    webhook = webhook_or_404(webhook_id)
    fields: dict[str, object] = {**sent_fields(("url", "state"))}
    if "events" in request.form or "choose" in request.form:
        fields["events"] = request.form.getlist("events")
    try:
        actions.change(webhook, jobs().tools.vault, fields, loopback=settings().webhook_loopback)
    except Invalid as refusal:
        return refused(_show(webhook, refusal.errors, typed=fields), refusal)
    return _done(webhook, "Saved.")


@pages.post("/<id:webhook_id>/test")
@login_required
def test(webhook_id: int) -> str | Response:
    """Send a test delivery."""
    webhook = webhook_or_404(webhook_id)
    try:
        actions.send_test(webhook, settings().limit_webhook_tests)
    except (Invalid, TooMany) as refusal:
        return refused(_show(webhook, errors_of(refusal)), refusal)
    return _done(webhook, "Test on its way. Reload this page to see how it went.")


@pages.post("/<id:webhook_id>/rotate")
@login_required
def rotate(webhook_id: int) -> str | Response:
    """Make a new secret; only this response shows it."""
    webhook = webhook_or_404(webhook_id)
    try:
        secret = actions.rotate(webhook, jobs().tools.vault)
    except Invalid as refusal:
        return refused(_show(webhook, refusal.errors), refusal)
    return _show(webhook, {}, secret=secret)


@pages.post("/<id:webhook_id>/delete")
@login_required
def delete(webhook_id: int) -> Response:
    """Delete a webhook with its deliveries."""
    actions.delete(webhook_or_404(webhook_id))
    flash("Webhook deleted.")
    return htmx.redirect_after_post(url_for("webhooks.index"))


@pages.post("/<id:webhook_id>/deliveries/<id:delivery_id>/send")
@login_required
def send_again(webhook_id: int, delivery_id: int) -> str | Response:
    """Send a delivery that has ended once more."""
    webhook = webhook_or_404(webhook_id)
    delivery = delivery_or_404(webhook, delivery_id)
    try:
        actions.send_again(webhook, delivery, settings().limit_webhook_tests)
    except (Invalid, TooMany) as refusal:
        return refused(_show(webhook, errors_of(refusal)), refusal)
    return _done(webhook, "On its way again. Reload this page to see how it went.")


def _done(webhook: Webhook, message: str) -> Response:
    flash(message)
    return htmx.redirect_after_post(url_for("webhooks.show", webhook_id=webhook.id))


def _index(typed: Mapping[str, object], errors: Mapping[str, str]) -> str:
    user = get_current_user()
    webhooks = queries.webhooks_of(user.id)
    return render_template(
        "webhooks/index.html",
        webhooks=webhooks,
        latest=queries.latest_by_webhook(user.id) if webhooks else {},
        most_webhooks=most(RowLimit.WEBHOOKS),
        draft={"kind": Kind.STANDARD, "url": "", "events": list(EventName)} | dict(typed),
        kinds=KINDS,
        **_common(errors),
    )


def _show(
    webhook: Webhook,
    errors: Mapping[str, str],
    *,
    typed: Mapping[str, object] | None = None,
    secret: str = "",
) -> str:
    stored: dict[str, object] = {"url": "", "events": webhook.event_names}
    return render_template(
        "webhooks/show.html",
        webhook=webhook,
        deliveries=queries.deliveries_of(webhook.id, limit=DELIVERIES_SHOWN),
        draft=stored | dict(typed or {}),
        new_secret=secret,
        **_common(errors),
    )


def _common(errors: Mapping[str, str]) -> dict[str, object]:
    return {
        "events": EVENTS,
        "states": State,
        "errors": errors,
        "is_public": get_current_user().audience == Audience.EVERYONE,
        "limited_until": queries.limited_until(get_current_user().id),
        "most_deliveries": most(RowLimit.DELIVERIES),
    }
