"""Names of levels, for administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, render_template, url_for

from trackflow_web.achievements.awards import level_names
from trackflow_web.achievements.levels import NAMES, points_of_level
from trackflow_web.kernel.errors import Invalid
from trackflow_web.pages.admin.rechecks import pages
from trackflow_web.web import htmx, typed_fields
from trackflow_web.web.caller import admin_or_404
from trackflow_web.web.forms import refused, sent_fields
from trackflow_web.web.session import login_required, recently_confirmed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response


@pages.get("/levels")
@login_required
def levels() -> str:
    """Show the names of the levels in a form."""
    admin_or_404()
    return _page(typed_fields.fields_before(), {})


@pages.post("/levels")
@login_required
def rename_levels() -> str | Response:
    """Rename levels; an empty name is the usual one again."""
    admin_or_404()
    fields = sent_fields(map(level_names.field_of, NAMES))
    if not recently_confirmed():
        return typed_fields.confirm_first(url_for("admin.levels"), fields)
    try:
        level_names.change(fields)
    except Invalid as refusal:
        return refused(_page(fields, refusal.errors), refusal)
    flash("Saved.")
    return htmx.redirect_after_post(url_for("admin.levels"))


def _page(typed: Mapping[str, str], errors: Mapping[str, str]) -> str:
    in_force = level_names.names()
    rungs = [
        (field, level, points_of_level(level), typed.get(field, in_force[level]))
        for level in NAMES
        for field in [level_names.field_of(level)]
    ]
    return render_template("admin/levels.html", rungs=rungs, errors=errors)
