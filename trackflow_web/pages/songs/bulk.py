"""Actions on selected songs of the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import render_template, request, url_for

from trackflow_web.domain.authoring.rules import Part, State
from trackflow_web.domain.bulk import actions as bulk
from trackflow_web.domain.bulk.actions import Action
from trackflow_web.domain.packs.actions import own_pack
from trackflow_web.domain.songs.rules import Status
from trackflow_web.kernel.errors import Invalid
from trackflow_web.pages.songs import responses, told
from trackflow_web.pages.songs.context import list_context
from trackflow_web.pages.songs.filters import Filters, list_of_form
from trackflow_web.pages.songs.views import pages
from trackflow_web.web import htmx, messages
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.forms import refused, sent_fields
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from trackflow_web.domain.bulk.actions import Outcome
    from trackflow_web.web.messages import Message

FIELDS = ("action", "status", "pack_id", "part", "state", "template")


@pages.post("/bulk")
@login_required
def change_many() -> str | Response:
    """Move, place, mark or delete the selected songs; say once what was done."""
    fields = sent_fields(FIELDS)
    try:
        outcome = bulk.perform(get_current_user(), request.form.getlist("songs"), fields)
    except Invalid as refusal:
        return refused(_render_list(bulk_error=" ".join(refusal.errors.values())), refusal)
    message = _message(outcome, fields)
    if htmx.is_htmx():
        return _render_list() + messages.toast(message)
    messages.show_on_next_page(message)
    return htmx.redirect_after_post(responses.next_page(url_for("songs.index")))


def _message(outcome: Outcome, fields: Mapping[str, str]) -> Message:
    action = Action(fields["action"])
    if action is Action.MOVE:
        return told.moved(outcome, Status(fields["status"]))
    if action is Action.PACK:
        pack = own_pack(get_current_user(), fields.get("pack_id"))
        return told.placed(outcome, pack.name if pack else None)
    if action is Action.PART:
        return told.marked(outcome, Part(fields["part"]), State(fields["state"]))
    if action is Action.TEMPLATE:
        return told.templated(outcome)
    return told.deleted(outcome)


def _render_list(*, bulk_error: str = "") -> str:
    context = list_context(list_of_form() or Filters(), bulk_error=bulk_error)
    if htmx.is_htmx():
        return htmx.block("songs/index.html", "list", **context)
    return render_template("songs/index.html", **context)
