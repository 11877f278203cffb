"""Achievements: the catalogue, the caller's achievements and progress, rechecks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for

from trackflow_web.achievements import catalogue, progress
from trackflow_web.achievements.awards import holder_counts
from trackflow_web.achievements.awards import revoke as revocations
from trackflow_web.achievements.catalogue.entries import State
from trackflow_web.achievements.progress import categories, listing, queries
from trackflow_web.achievements.progress.listing import Filters, Sort
from trackflow_web.achievements.progress.tile_data import observed_rarity
from trackflow_web.achievements.recheck import start as actions
from trackflow_web.api.achievements import schemas
from trackflow_web.api.admin.schemas import RecheckRun
from trackflow_web.api.core import bodies, pagination
from trackflow_web.api.core.auth import confirmed_admin_or_404
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.core.schemas import Paging
from trackflow_web.kernel.errors import NotFound
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import jobs

if TYPE_CHECKING:
    from trackflow_web.achievements.awards.holder_counts import Holders
    from trackflow_web.achievements.catalogue.entries import Entry
    from trackflow_web.achievements.progress.categories import CategoryProgress
    from trackflow_web.achievements.progress.tile_data import AchievementProgress


@api.get("/achievements/")
@described(schemas.Achievements, query=Paging)
def list_achievements() -> schemas.Achievements:
    """List all achievements."""
    entries, following = pagination.piece(_synced_entries(), lambda entry: entry.code)
    counted = holder_counts.of_each()
    return schemas.Achievements(
        items=[
            schemas.Achievement(**entry_fields(entry) | _counted(entry, counted))
            for entry in entries
        ],
        next=following,
    )


@api.get("/achievements/<code>")
@described(schemas.AchievementInFull)
def show_achievement(code: str) -> schemas.AchievementInFull:
    """Show an achievement, your progress and its number of holders."""
    tile = progress.of_user(get_current_user().id).find(code)
    if tile is None or not catalogue.id_of(code):
        raise NotFound
    user_id = get_current_user().id
    revoked = {each.entry.code: each for each in revocations.revoked_of(user_id)}.get(code)
    return schemas.AchievementInFull(
        **entry_fields(tile.entry) | _progress(tile) | _rarity(tile.holders, tile.users),
        place=queries.place_of(user_id, code) if tile.state is State.EARNED else None,
        note=queries.notes_of(user_id, [code]).get(code, "") if tile.metric is None else "",
        revoked_at=revoked.at if revoked else None,
        revoked_reason=revoked.reason if revoked else "",
    )


@api.get("/achievements/me")
@described(schemas.EarnedAchievements, query=Paging)
def list_earned_achievements() -> schemas.EarnedAchievements:
    """List your earned achievements, newest first."""
    own = progress.of_user(get_current_user().id)
    earned = [tile for tile in own.all if tile.state is State.EARNED]
    newest = [
        tile for group in listing.groups(earned, Filters(sort=Sort.RECENT)) for tile in group.tiles
    ]
    tiles, following = pagination.piece(newest, lambda tile: tile.code)
    return schemas.EarnedAchievements(
        items=[
            schemas.EarnedAchievement(**entry_fields(tile.entry), earned_at=tile.earned_at)
            for tile in tiles
        ],
        next=following,
    )


@api.get("/achievements/me/progress")
@described(schemas.AchievementsProgress, query=Paging)
def list_progress() -> schemas.AchievementsProgress:
    """List your progress with each achievement."""
    own = progress.of_user(get_current_user().id)
    tiles, following = pagination.piece(own.tiles, lambda tile: tile.code)
    return schemas.AchievementsProgress(
        items=[schemas.AchievementProgress(code=tile.code, **_progress(tile)) for tile in tiles],
        next=following,
    )


@api.get("/achievements/categories")
@described(schemas.Categories, query=Paging)
def list_categories() -> schemas.Categories:
    """List the categories, with your progress and what completing them is worth."""
    user_id = get_current_user().id
    own = progress.of_user(user_id, with_holders=False)
    found = categories.of_user(user_id, own.tiles)
    shown, following = pagination.piece(found, lambda each: each.category)
    return schemas.Categories(items=[_category(each) for each in shown], next=following)


@api.post("/achievements/check")
@described(schemas.Rechecked, or_else={202: RecheckRun}, body=schemas.RecheckWanted)
def check_achievements() -> schemas.Rechecked | tuple[RecheckRun, int, dict[str, str]]:
    """Recheck one user or everyone; for administrators who gave their password just now.

    Everyone of a large community is a job: 202 with its address, also when it is under way already.
    """
    admin = confirmed_admin_or_404()
    started = actions.start_recheck(admin, bodies.parse_body(schemas.RecheckWanted).user)
    run, result = started.run, started.result
    if run.is_unfinished:
        jobs().start_recheck(run.id)
        address = url_for("api.show_recheck", run_id=run.id)
        return RecheckRun.of(run), 202, {"Location": address}
    return schemas.Rechecked(users=result.users, awards=result.awards, drift=result.corrections)


def _synced_entries() -> list[Entry]:
    """The catalogue as far as the table has it; one that was not synced yet has no id."""
    registry = catalogue.latest()
    return [entry for entry in registry.entries if entry.code in registry.ids]


def entry_fields(entry: Entry) -> dict[str, Any]:
    """Return the fields of a catalogue entry."""
    return {
        "id": catalogue.id_of(entry.code),
        "code": entry.code,
        "name": entry.name,
        "description": entry.description,
        "icon": entry.icon,
        "category": entry.category,
        "group": entry.group,
        "points": entry.points,
        "rarity": entry.rarity,
        "threshold": entry.threshold,
        "metric": entry.metric,
        "kind": entry.kind,
    }


def _category(each: CategoryProgress) -> schemas.CategoryProgress:
    done = each.completed
    return schemas.CategoryProgress(
        id=each.category,
        category=each.category,
        edition=each.edition,
        current_edition=each.current.edition,
        earned=each.earned,
        total=each.total,
        complete=done is not None,
        completed_at=done.completed_at if done else None,
        bonus=each.bonus,
        new_since=each.new,
        under_review=done.is_under_review if done else False,
    )


def _counted(entry: Entry, counted: Holders) -> dict[str, Any]:
    return _rarity(counted.by_code.get(entry.code, 0), counted.users)


def _rarity(holders: int, users: int) -> dict[str, Any]:
    """Return the observed rarity, beside the designed one."""
    return {
        "holders": holders,
        "users": users,
        "observed_rarity": observed_rarity(holders, users),
    }


def _progress(tile: AchievementProgress) -> dict[str, Any]:
    """Return the progress of a tile: an earned one is full, whatever was undone since."""
    return {
        "earned": tile.state is State.EARNED,
        "earned_at": tile.earned_at,
        "current": tile.shown,
        "target": tile.target,
        "percent": tile.percent,
    }
