"""Seasons for administrators: plan them, announce them, add achievements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, render_template, url_for

from trackflow_web.achievements.catalogue.ladders import Rarity
from trackflow_web.achievements.metrics import BY_NAME
from trackflow_web.achievements.recheck import seasons as counting
from trackflow_web.achievements.standings import season_editing, seasons
from trackflow_web.achievements.standings.season_rules import COUNTED, PROMISES, State
from trackflow_web.kernel.errors import Invalid, NotFound
from trackflow_web.pages.admin.rechecks import pages
from trackflow_web.web import htmx, typed_fields
from trackflow_web.web.caller import admin_or_404
from trackflow_web.web.forms import refused, sent_fields
from trackflow_web.web.session import login_required, recently_confirmed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from trackflow_web.achievements.models import Season
    from trackflow_web.achievements.standings.seasons import ShownSeason

FIELDS = ("slug", "name", "starts_at", "ends_at", "rerun", "draft")
ACHIEVEMENT_FIELDS = ("code", "name", "description", "icon", "metric", "threshold", "rarity")
NOTHING: Mapping[str, str] = {}


@pages.get("/seasons/")
@login_required
def seasons_list() -> str:
    """List all seasons, drafts included, with the form for another one."""
    admin_or_404()
    return _list(typed_fields.fields_before() or {"rerun": "once", "draft": "1"}, NOTHING)


@pages.post("/seasons/")
@login_required
def add_season() -> str | Response:
    """Add a season, as a draft or announced."""
    admin_or_404()
    fields = sent_fields(FIELDS)
    if not recently_confirmed():
        return typed_fields.confirm_first(url_for("admin.seasons_list"), fields)
    try:
        season = season_editing.add(fields)
    except Invalid as refusal:
        return refused(_list(fields, refusal.errors), refusal)
    flash("Season added. Now add its achievements.")
    return htmx.redirect_after_post(url_for("admin.season", slug=season.slug))


@pages.get("/seasons/<slug>")
@login_required
def season(slug: str) -> str:
    """Show a season with its forms."""
    admin_or_404()
    shown = _season_or_404(slug)
    typed = typed_fields.fields_before()
    if "code" in typed:  # the form of an achievement waited for the password
        return _page(shown, fields_of(shown), NOTHING, draft=typed)
    return _page(shown, fields_of(shown) | typed, NOTHING)


@pages.post("/seasons/<slug>")
@login_required
def change_season(slug: str) -> str | Response:
    """Change a season; what is not sent stays, but a box that is not ticked."""
    admin_or_404()
    shown = _season_or_404(slug)
    fields = fields_of(shown) | {"draft": ""} | sent_fields(FIELDS)
    if not recently_confirmed():
        return typed_fields.confirm_first(url_for("admin.season", slug=slug), fields)
    try:
        changed = season_editing.change(slug, fields)
        _count(changed)
    except Invalid as refusal:
        return refused(_page(shown, fields, refusal.errors), refusal)
    flash("Saved.")
    return htmx.redirect_after_post(url_for("admin.season", slug=changed.slug))


@pages.post("/seasons/<slug>/achievements")
@login_required
def save_season_achievement(slug: str) -> str | Response:
    """Add an achievement to a season, or change one before the start."""
    admin_or_404()
    shown = _season_or_404(slug)
    draft = sent_fields(ACHIEVEMENT_FIELDS)
    if not recently_confirmed():
        return typed_fields.confirm_first(url_for("admin.season", slug=slug), draft)
    try:
        changed = season_editing.save_achievement(slug, draft)
        _count(changed)
    except Invalid as refusal:
        page = _page(shown, fields_of(shown), NOTHING, draft=draft, draft_errors=refusal.errors)
        return refused(page, refusal)
    flash("Achievement saved.")
    return htmx.redirect_after_post(url_for("admin.season", slug=changed.slug))


@pages.post("/seasons/<slug>/achievements/<code>/delete")
@login_required
def remove_season_achievement(slug: str, code: str) -> str | Response:
    """Remove an achievement from a draft."""
    admin_or_404()
    shown = _season_or_404(slug)
    if all(each.code != code for each in shown.achievements):
        raise NotFound
    if not recently_confirmed():
        return typed_fields.confirm_first(url_for("admin.season", slug=slug), NOTHING)
    try:
        season_editing.remove_achievement(slug, code)
    except Invalid as refusal:
        page = _page(shown, fields_of(shown), NOTHING, draft_errors=refusal.errors)
        return refused(page, refusal)
    flash("Achievement removed.")
    return htmx.redirect_after_post(url_for("admin.season", slug=slug))


def _count(changed: Season) -> None:
    """Count at once what was done in the season so far, or say that a job does."""
    is_due = changed.counted_upto is not None and not changed.draft
    if is_due and not counting.count_at_once(changed):
        flash("Earlier work is being counted in the background.")


def _season_or_404(slug: str) -> ShownSeason:
    found = seasons.find(slug, drafts_too=True)
    if found is None:
        raise NotFound
    return found


def fields_of(shown: ShownSeason) -> dict[str, str]:
    """Return a season as its form has it."""
    return {
        "slug": shown.slug,
        "name": shown.name,
        "starts_at": f"{shown.starts_at:%Y-%m-%dT%H:%M}",
        "ends_at": f"{shown.ends_at:%Y-%m-%dT%H:%M}",
        "rerun": shown.rerun.value,
        "draft": "1" if shown.draft else "",
    }


def _list(draft: Mapping[str, str], errors: Mapping[str, str]) -> str:
    return render_template(
        "admin/seasons.html",
        seasons=seasons.listed(drafts_too=True),
        draft=draft,
        errors=errors,
        promises=_promises(),
    )


def _page(
    shown: ShownSeason,
    fields: Mapping[str, str],
    errors: Mapping[str, str],
    *,
    draft: Mapping[str, str] = NOTHING,
    draft_errors: Mapping[str, str] = NOTHING,
) -> str:
    return render_template(
        "admin/season.html",
        season=shown,
        fields=fields,
        errors=errors,
        draft=draft,
        draft_errors=draft_errors,
        promises=_promises(),
        metrics=[(name, BY_NAME[name].counts) for name in COUNTED],
        metric_names=BY_NAME,
        rarities=[str(rarity) for rarity in Rarity],
        may_change=shown.state in {State.DRAFT, State.ANNOUNCED},
        is_over=shown.state is State.OVER,
    )


def _promises() -> list[tuple[str, str]]:
    return [(rerun.value, promise) for rerun, promise in PROMISES.items()]
