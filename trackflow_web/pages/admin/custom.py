"""Custom achievements: create, preview, change, revert, retire, grant, undo; for administrators."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import flash, render_template, request, url_for

from trackflow_web.achievements import catalogue, metrics
from trackflow_web.achievements.awards import holder_counts
from trackflow_web.achievements.catalogue.ladders import Rarity
from trackflow_web.achievements.custom import actions, effects, grants, rules
from trackflow_web.achievements.recheck import runs
from trackflow_web.achievements.recheck.start import recheck_after_change
from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.text import count_of
from trackflow_web.pages.admin.rechecks import pages
from trackflow_web.web import htmx, typed_fields
from trackflow_web.web.caller import admin_or_404
from trackflow_web.web.extensions import jobs
from trackflow_web.web.forms import is_ticked, refused, sent_fields
from trackflow_web.web.session import login_required, recently_confirmed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.wrappers import Response

    from trackflow_web.achievements.custom.effects import Effect
    from trackflow_web.achievements.custom.grants import Recipient
    from trackflow_web.domain.people.models import User

NEW_FIELDS = ("code", *actions.FIELDS, "metric")
GRANT_FIELDS = ("usernames", "note")


@dataclass(frozen=True)
class Shown:
    """What a page shows beside its object: what was typed, what is wrong with it, a preview."""

    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    effect: Effect | None = None
    is_preview: bool = False
    recipients: Sequence[Recipient] = ()


@pages.get("/achievements/custom")
@login_required
def custom_achievements() -> str:
    """List the custom achievements, with the form for another one."""
    admin_or_404()
    return _list(Shown(typed_fields.fields_before()))


@pages.post("/achievements/custom")
@login_required
def create_custom_achievement() -> str | Response:
    """Create a custom achievement; with `preview` only show how many would get it."""
    admin, typed = admin_or_404(), sent_fields(NEW_FIELDS)
    try:
        if is_ticked("preview"):
            draft = actions.check_new(typed)
            effect = effects.of_threshold(draft.metric, draft.threshold) if draft.metric else None
            return _list(Shown(typed, effect=effect, is_preview=True))
        if not recently_confirmed():
            return typed_fields.confirm_first(url_for("admin.custom_achievements"), typed)
        entry = actions.create(admin, typed)
    except Invalid as refusal:
        return refused(_list(Shown(typed, refusal.errors)), refusal)
    flash("Created." if entry.metric is None else "Created. Everybody who has earned it gets it.")
    _award(admin, is_due=entry.metric is not None)
    return _back_to(entry.code)


@pages.get("/achievements/custom/<code>")
@login_required
def custom_achievement(code: str) -> str:
    """Show a custom achievement with its forms, grants and changes."""
    admin_or_404()
    return _page(code, Shown(typed_fields.fields_before()))


@pages.post("/achievements/custom/<code>")
@login_required
def change_custom_achievement(code: str) -> str | Response:
    """Change a custom achievement; with `preview` only show what that would do."""
    admin, typed = admin_or_404(), sent_fields((*actions.FIELDS, "metric"))
    try:
        if is_ticked("preview"):
            draft = actions.check_changed(code, typed)
            effect = (
                effects.of_threshold(draft.metric, draft.threshold, catalogue.id_of(code))
                if draft.metric
                else None
            )
            return _page(code, Shown(typed, effect=effect, is_preview=True))
        if not recently_confirmed():
            return typed_fields.confirm_first(_address(code), typed)
        before = actions.get(code)
        saved = actions.change(admin, code, typed, seen=request.form.get("seen"))
    except Invalid as refusal:
        return refused(_page(code, Shown(typed, refusal.errors)), refusal)
    flash("Saved. Everybody keeps what they have." if saved else "Nothing has changed.")
    _award(admin, is_due=saved and actions.get(code).threshold < before.threshold)
    return _back_to(code)


@pages.post("/achievements/custom/<code>/revert")
@login_required
def revert_custom_achievement(code: str) -> str | Response:
    """Revert the latest change; users keep what they have."""
    admin = admin_or_404()
    actions.get(code)
    if not recently_confirmed():
        return typed_fields.confirm_first(_address(code), {})
    try:
        actions.revert(admin, code, request.form.get("change"))
    except Invalid as refusal:
        return refused(_page(code, Shown(errors=refusal.errors)), refusal)
    flash("Reverted. Everybody keeps what they have.")
    _award(admin, is_due=actions.get(code).metric is not None)
    return _back_to(code)


@pages.post("/achievements/custom/<code>/retire")
@login_required
def retire_custom_achievement(code: str) -> Response:
    """Retire a custom achievement; its holders keep it."""
    admin = admin_or_404()
    actions.get(code)
    if not recently_confirmed():
        return typed_fields.confirm_first(_address(code), {})
    done = actions.retire(admin, code)
    flash("Retired. Its holders keep it." if done else "It is retired already.")
    return _back_to(code)


@pages.post("/achievements/custom/<code>/grant")
@login_required
def grant_custom_achievement(code: str) -> str | Response:
    """Grant an achievement to the users on a list; with `preview` only show who would get it."""
    admin, typed = admin_or_404(), sent_fields(GRANT_FIELDS)
    try:
        if is_ticked("preview"):
            found = grants.preview(code, typed.get("usernames"))
            return _page(code, Shown(typed, recipients=found))
        actions.get(code)
        if not recently_confirmed():
            return typed_fields.confirm_first(_address(code), typed)
        done = grants.grant(admin, code, usernames=typed.get("usernames"), note=typed.get("note"))
    except Invalid as refusal:
        return refused(_page(code, Shown(typed, refusal.errors)), refusal)
    new = len(done.new)
    flash(f"Granted to {count_of(new, 'user')}." if new else "Nobody is left to get it.")
    return _back_to(code)


@pages.post("/achievements/custom/<code>/grant/undo")
@login_required
def undo_grant(code: str) -> str | Response:
    """Undo a grant within 24 hours: the latest one, or that with the id in `grant`."""
    admin = admin_or_404()
    actions.get(code)
    if not recently_confirmed():
        return typed_fields.confirm_first(_address(code), {})
    try:
        users = grants.undo(admin, code, request.form.get("grant"))
    except Invalid as refusal:
        return refused(_page(code, Shown(errors=refusal.errors)), refusal)
    flash(f"Undone: taken back from {count_of(users, 'user')}.")
    return _back_to(code)


def _award(admin: User, *, is_due: bool) -> None:
    """Start the job that awards what a change made due."""
    if is_due:
        jobs().start_recheck(recheck_after_change(admin).id)


def _address(code: str) -> str:
    return url_for("admin.custom_achievement", code=code)


def _back_to(code: str) -> Response:
    return htmx.redirect_after_post(_address(code))


def _options() -> dict[str, Any]:
    return {
        "rarities": [(str(each), each.capitalize()) for each in Rarity],
        "metrics": [
            ("", "Nothing: I grant it"),
            *(
                (each.name, f"{each.plural.capitalize()} \N{EM DASH} {each.counts}")
                for each in metrics.METRICS
            ),
        ],
    }


def _list(shown: Shown) -> str:
    return render_template(
        "admin/custom.html",
        entries=actions.every(),
        holders=holder_counts.of_each().by_code,
        metric_names=metrics.BY_NAME,
        shown=shown,
        most_points=rules.MOST_POINTS,
        **_options(),
    )


def _page(code: str, shown: Shown) -> str:
    entry = actions.get(code)
    now = {name: getattr(entry, name) for name in actions.FIELDS}
    latest = actions.revertible(code)
    return render_template(
        "admin/custom_one.html",
        entry=entry,
        fields=now | dict(shown.typed),
        shown=shown,
        metric=metrics.BY_NAME.get(entry.metric or ""),
        holders=holder_counts.of_each().by_code.get(code, 0),
        grants=grants.grants_of(code),
        changes=actions.changes_of(code),
        revertible=latest,
        run=runs.unfinished(),
        most_points=rules.MOST_POINTS,
        least_note=rules.SHORTEST_NOTE,
        **_options(),
    )
