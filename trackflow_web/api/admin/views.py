"""Administration: follow and cancel rechecks, revoke and restore achievements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.achievements.awards import revoke as revocations
from trackflow_web.achievements.recheck import runs
from trackflow_web.api.admin import schemas
from trackflow_web.api.core import bodies
from trackflow_web.api.core.auth import confirmed_admin_or_404
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.kernel.errors import NotFound
from trackflow_web.web.caller import admin_or_404
from trackflow_web.web.loaders import user_or_404

if TYPE_CHECKING:
    from trackflow_web.achievements.models import RecheckRun
    from trackflow_web.domain.people.models import User


@api.get("/achievements/check/<id:run_id>")
@described(schemas.RecheckRun)
def show_recheck(run_id: int) -> schemas.RecheckRun:
    """Show a recheck; for administrators."""
    admin_or_404()
    return schemas.RecheckRun.of(_run_or_404(run_id))


@api.post("/achievements/check/<id:run_id>/cancel")
@described(schemas.RecheckRun)
def cancel_recheck(run_id: int) -> schemas.RecheckRun:
    """Cancel a recheck of everyone; what is done stays, and one that has ended is unchanged."""
    confirmed_admin_or_404()
    _run_or_404(run_id)
    runs.cancel(run_id)
    return schemas.RecheckRun.of(_run_or_404(run_id))


@api.get("/admin/users/<username>")
@described(schemas.HeldAchievements)
def list_held_achievements(username: str) -> schemas.HeldAchievements:
    """List a user's achievements, current and revoked; for administrators."""
    admin_or_404()
    person = user_or_404(username)
    return schemas.HeldAchievements(
        username=person.username,
        items=[schemas.HeldAchievement.of(award) for award in revocations.awards_of(person.id)],
    )


@api.post("/admin/users/<username>/achievements/<code>/revoke")
@described(schemas.HeldAchievement, body=schemas.RevocationWanted)
def revoke_achievement(username: str, code: str) -> schemas.HeldAchievement:
    """Revoke a user's achievement; one that was revoked already keeps its reason."""
    admin, person = confirmed_admin_or_404(), user_or_404(username)
    revocations.revoke(
        admin, person, code, reason=bodies.parse_body(schemas.RevocationWanted).reason
    )
    return _award(person, code)


@api.post("/admin/users/<username>/achievements/<code>/restore")
@described(schemas.HeldAchievement)
def restore_achievement(username: str, code: str) -> schemas.HeldAchievement:
    """Restore a revoked achievement; one that was not revoked is unchanged."""
    admin, person = confirmed_admin_or_404(), user_or_404(username)
    revocations.restore(admin, person, code)
    return _award(person, code)


def _run_or_404(run_id: int) -> RecheckRun:
    run = runs.find(run_id)
    if run is None:
        raise NotFound
    return run


def _award(person: User, code: str) -> schemas.HeldAchievement:
    awards = revocations.awards_of(person.id)
    return schemas.HeldAchievement.of(next(award for award in awards if award.code == code))
