"""Custom achievements, for administrators who gave their password just now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trackflow_web.achievements import catalogue
from trackflow_web.achievements.custom import actions, effects, grants
from trackflow_web.achievements.recheck.start import recheck_after_change
from trackflow_web.api.achievements import custom_schemas as schemas
from trackflow_web.api.achievements.schemas import Achievement, Achievements
from trackflow_web.api.achievements.views import entry_fields
from trackflow_web.api.core import bodies, pagination
from trackflow_web.api.core.auth import confirmed_admin_or_404
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.core.schemas import Paging
from trackflow_web.web.caller import admin_or_404
from trackflow_web.web.extensions import jobs

if TYPE_CHECKING:
    from trackflow_web.achievements.custom.rules import Draft
    from trackflow_web.domain.people.models import User


@api.get("/achievements/custom")
@described(Achievements, query=Paging)
def list_custom_achievements() -> Achievements:
    """List the custom achievements, retired ones last; for administrators."""
    admin_or_404()
    entries, following = pagination.piece(actions.every(), lambda entry: entry.code)
    return Achievements(
        items=[Achievement(**entry_fields(entry)) for entry in entries], next=following
    )


@api.post("/achievements/custom")
@described(Achievement, status=201, or_else={200: schemas.Effect}, body=schemas.CustomAchievement)
def create_custom_achievement() -> tuple[Achievement, int] | schemas.Effect:
    """Create a custom achievement; with `preview` only say who would get it.

    With a metric and a threshold a job awards it to everybody who has earned it, with true dates
    and without toasts; with neither it is granted.
    """
    admin, body = confirmed_admin_or_404(), bodies.parse_body(schemas.CustomAchievement)
    fields = _fields(body)
    if body.preview:
        return _effect(actions.check_new(fields))
    entry = actions.create(admin, fields)
    _award(admin, is_due=entry.metric is not None)
    return Achievement(**entry_fields(entry)), 201


@api.patch("/achievements/custom/<code>")
@described(Achievement, body=schemas.CustomAchievementChange)
def change_custom_achievement(code: str) -> Achievement:
    """Change a custom achievement; fields that are not sent stay. Nobody loses anything."""
    admin, body = confirmed_admin_or_404(), bodies.parse_body(schemas.CustomAchievementChange)
    before = actions.get(code)
    actions.change(admin, code, _fields(body))
    entry = actions.get(code)
    _award(admin, is_due=entry.threshold < before.threshold)
    return Achievement(**entry_fields(entry))


@api.post("/achievements/custom/<code>/preview")
@described(schemas.Effect, body=schemas.CustomAchievementChange)
def preview_custom_achievement(code: str) -> schemas.Effect:
    """Say what a change of a custom achievement would do; nothing is saved."""
    admin_or_404()
    fields = _fields(bodies.parse_body(schemas.CustomAchievementChange))
    return _effect(actions.check_changed(code, fields), catalogue.id_of(code))


@api.post("/achievements/custom/<code>/revert")
@described(Achievement)
def revert_custom_achievement(code: str) -> Achievement:
    """Revert the latest change of a custom achievement. Nobody loses anything."""
    admin = confirmed_admin_or_404()
    actions.revert(admin, code)
    entry = actions.get(code)
    _award(admin, is_due=entry.metric is not None)
    return Achievement(**entry_fields(entry))


@api.post("/achievements/custom/<code>/retire")
@described(Achievement)
def retire_custom_achievement(code: str) -> Achievement:
    """Retire a custom achievement; its holders keep it."""
    actions.retire(confirmed_admin_or_404(), code)
    return Achievement(**entry_fields(actions.get(code)))


@api.post("/achievements/custom/<code>/grant")
@described(
    schemas.Granted, status=201, or_else={200: schemas.GrantPreview}, body=schemas.GrantWanted
)
def grant_custom_achievement(
    code: str,
) -> tuple[schemas.Granted, int] | schemas.GrantPreview:
    """Grant an achievement to users, with a note that they can read.

    With `preview` nothing is granted, and the response says how each name stands.
    """
    admin, body = confirmed_admin_or_404(), bodies.parse_body(schemas.GrantWanted)
    if body.preview:
        found = grants.preview(code, body.usernames)
        return schemas.GrantPreview(recipients=[schemas.Recipient.of(each) for each in found])
    done = grants.grant(admin, code, usernames=body.usernames, note=body.note)
    return schemas.Granted.of(code, done), 201


@api.post("/achievements/custom/<code>/grant/undo")
@described(schemas.GrantUndone, body=schemas.GrantUndoWanted)
def undo_grant(code: str) -> schemas.GrantUndone:
    """Undo a grant within 24 hours: the latest one, or that with the id in `grant`."""
    admin, body = confirmed_admin_or_404(), bodies.parse_body(schemas.GrantUndoWanted)
    return schemas.GrantUndone(users=grants.undo(admin, code, body.grant))


def _fields(body: schemas.CustomAchievementChange) -> dict[str, Any]:
    return {name: value for name, value in bodies.sent(body).items() if name != "preview"}


def _effect(draft: Draft, achievement_id: int = 0) -> schemas.Effect:
    if draft.metric is None:
        return schemas.Effect(users=0, usernames=[], holders=0, below=0)
    found = effects.of_threshold(draft.metric, draft.threshold, achievement_id)
    return schemas.Effect(
        users=found.users,
        usernames=list(found.usernames),
        holders=found.holders,
        below=found.below,
    )


def _award(admin: User, *, is_due: bool) -> None:
    """Start the job that awards what a change made due."""
    if is_due:
        jobs().start_recheck(recheck_after_change(admin).id)
