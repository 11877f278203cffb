"""Editing seasons: administrators plan and announce them, and add achievements.

A change of what counts is a change of the catalogue: actions that commit later are evaluated by it.
What was done before, within the season, is recounted: see `recheck.seasons`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements import catalogue
from trackflow_web.achievements.catalogue import loading, lookalikes, rows
from trackflow_web.achievements.catalogue.entries import Entry, Kind, Period
from trackflow_web.achievements.catalogue.ladders import Category
from trackflow_web.achievements.models import Achievement, Season
from trackflow_web.achievements.standings import season_rules, seasons
from trackflow_web.achievements.standings.season_rules import (
    IS_OVER,
    STARTED,
    AchievementFields,
    State,
    is_slug,
)
from trackflow_web.domain.audit import SecurityEvent, note_if_committed
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trackflow_web.achievements.standings.seasons import ShownSeason

# Behind the built-in achievements and the custom ones.
POSITION = 100_000
MOST_ACHIEVEMENTS = 50
TAKEN = "There's a season with this address already."
ANNOUNCED = "This season was announced, so its achievements stay."


def add(fields: Mapping[str, object]) -> Season:
    """Add a season. Raises Invalid naming the fields."""
    wanted = season_rules.season_fields(fields)
    _require_free(wanted.slug)
    period = Period(f"season:{wanted.slug}", wanted.starts_at, wanted.ends_at)
    # A renamed season keeps its period, so that another one may have its first name.
    if db.session.scalar(sa.select(Season.id).where(Season.period == period.id)) is not None:
        period = Period(f"{period.id}:{clock.now():%Y%m%d%H%M%S}", period.starts_at, period.ends_at)
    rows.save_period(period)
    season = Season(
        slug=wanted.slug,
        name=wanted.name,
        period=period.id,
        draft=wanted.draft,
        rerun=wanted.rerun,
        sequence=0,
        changed_at=clock.now(),
    )
    db.session.add(season)
    db.session.flush()
    note_if_committed(SecurityEvent.SEASON_CHANGED, season=season.id)
    return season


def change(slug: str, fields: Mapping[str, object]) -> Season:
    """Change a season. Raises NotFound, Invalid naming the fields that may not change now."""
    season, old = _locked(slug)
    new = season_rules.season_fields({"slug": slug, **fields})
    season_rules.check_change(old, new, clock.now())
    if new.slug != old.slug:
        _require_free(new.slug)
    season.slug, season.name = new.slug, new.name
    season.draft, season.rerun = new.draft, new.rerun
    season.sequence += 1
    season.changed_at = clock.now()
    rows.save_period(Period(season.period, new.starts_at, new.ends_at))
    db.session.execute(
        sa.update(Achievement)
        .where(Achievement.period == season.period)
        .values(group=_group(new.name), edition=season_rules.edition_of(new.starts_at, new.ends_at))
    )
    if not new.draft and (old.draft, old.starts_at) != (new.draft, new.starts_at):
        _recount_later(season)
    db.session.flush()
    note_if_committed(SecurityEvent.SEASON_CHANGED, season=season.id)
    return season


def announce(slug: str) -> Season:
    """Announce a draft as it is. Raises NotFound."""
    _season, shown = _locked(slug)
    fields = {name: getattr(shown, name) for name in ("name", "rerun")}
    times = {name: getattr(shown, name).isoformat() for name in ("starts_at", "ends_at")}
    return change(slug, {**fields, **times, "draft": False})


def save_achievement(slug: str, fields: Mapping[str, object]) -> Season:
    """Add an achievement to a season, or change it before the start. Raises NotFound, Invalid."""
    season, shown = _locked(slug)
    wanted = season_rules.achievement_fields(fields)
    if shown.state is State.OVER:
        raise Invalid(code=IS_OVER)
    _require_own_code(shown, wanted.code)
    # A season that returns may have the names of its earlier editions, but not built-in ones.
    registry = catalogue.latest()
    built_in = tuple(entry for entry in registry.entries if entry.kind is Kind.BUILTIN)
    lookalikes.reject(
        replace(registry, entries=built_in), name=wanted.name, code=wanted.code, but=wanted.code
    )
    rows.save(_entry(shown, wanted))
    _recount_later(season)
    season.sequence += 1
    season.changed_at = clock.now()
    note_if_committed(SecurityEvent.SEASON_CHANGED, season=season.id, code=wanted.code)
    return season


def remove_achievement(slug: str, code: str) -> Season:
    """Remove an achievement from a draft, where nobody has it. Raises NotFound, Invalid."""
    season, shown = _locked(slug)
    found = next((each for each in shown.achievements if each.code == code), None)
    if found is None:
        raise NotFound
    if shown.state is not State.DRAFT or found.holders:
        raise Invalid(achievement=ANNOUNCED)
    rows.delete(code, season.period)
    season.sequence += 1
    season.changed_at = clock.now()
    note_if_committed(SecurityEvent.SEASON_CHANGED, season=season.id, code=code, removed=True)
    return season


def _locked(slug: str) -> tuple[Season, ShownSeason]:
    if not is_slug(slug):
        raise NotFound
    season = db.session.scalar(
        sa.select(Season)
        .where(Season.slug == slug)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    shown = seasons.find(slug, drafts_too=True) if season else None
    if season is None or shown is None:
        raise NotFound
    return season, shown


def _require_free(slug: str) -> None:
    if db.session.scalar(sa.select(Season.id).where(Season.slug == slug)) is not None:
        raise Invalid(slug=TAKEN)


def _require_own_code(season: ShownSeason, code: str) -> None:
    """Raise Invalid naming `code` where it belongs to something else or may not change any more."""
    period = db.session.execute(
        sa.select(Achievement.period).where(Achievement.code == code)
    ).one_or_none()
    if period is None:
        if len(season.achievements) >= MOST_ACHIEVEMENTS:
            raise Invalid(code=f"A season has at most {MOST_ACHIEVEMENTS} achievements.")
        return
    if period[0] != season.period:
        raise Invalid(code="Another achievement has this code.")
    if season.state is State.RUNNING:
        raise Invalid(code=STARTED)


def _entry(season: ShownSeason, wanted: AchievementFields) -> Entry:
    return Entry(
        code=wanted.code,
        name=wanted.name,
        description=wanted.description,
        icon=wanted.icon,
        category=Category.SPECIAL,
        group=_group(season.name),
        metric=wanted.metric,
        threshold=wanted.threshold,
        rarity=wanted.rarity,
        position=POSITION + season.id,
        kind=Kind.SEASONAL,
        period=season.period,
        edition=season.edition,
    )


def _group(name: str) -> str:
    return name[:40]


def _recount_later(season: Season) -> None:
    """Let what was done in the season so far be counted; nothing before its start."""
    season.counted_upto = 0
    loading.changed()
