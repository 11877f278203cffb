"""Reading the counters, awards and source rows of one user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements import catalogue, metrics
from trackflow_web.achievements.custom_models import AwardGrant
from trackflow_web.achievements.levels import LEVEL_BEST
from trackflow_web.achievements.models import (
    Achievement,
    UserAchievement,
    UserPeriodStats,
    UserStats,
)
from trackflow_web.achievements.progress import next_up
from trackflow_web.achievements.progress.next_up import Opening
from trackflow_web.achievements.progress.public_badges import Badge, PublicBadges
from trackflow_web.domain.authoring import statistics as authoring
from trackflow_web.domain.packs import queries as packs
from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from trackflow_web.achievements.catalogue.registry import Registry

# Behind so many others a place is no distinction, and is not counted.
NO_PLACE = 1_000
# The subjects of source rows whose id is that of a song.
SONGS = frozenset({"song", "artist", "year", "decade"})
NUMBERS = (*metrics.BY_NAME, metrics.TOTAL_POINTS, "current_streak", LEVEL_BEST)

# Executed by every achievements page and built once: building takes longer than running.
_USER_ID: sa.BindParameter[int] = sa.bindparam("user_id")
# With the version of the catalogue, also where the user has no row.
_ONE_ROW = sa.select(sa.literal(1).label("one")).subquery()
_STATS = UserStats.__table__
_NUMBERS = sa.select(
    catalogue.VERSION,
    _STATS.c.last_login_date,
    *(sa.func.coalesce(_STATS.c[name], 0) for name in NUMBERS),
).join_from(_ONE_ROW, _STATS, _STATS.c.user_id == _USER_ID, isouter=True)
_PUBLIC_NUMBERS = _NUMBERS.add_columns(packs.count_released_complete(_USER_ID))
_WITHIN = sa.select(
    *(UserPeriodStats.__table__.c[name] for name in ("metric", "period", "n"))
).where(UserPeriodStats.__table__.c.user_id == _USER_ID)
# Days between two dates in any zones after which no streak continues without a visit between.
LONGEST_BETWEEN_VISITS = 2
_CATALOGUE, _AWARDS = Achievement.__table__, UserAchievement.__table__
_EARNED = (
    sa.select(_CATALOGUE.c.code, _AWARDS.c.earned_at)
    .join_from(_AWARDS, _CATALOGUE, _CATALOGUE.c.id == _AWARDS.c.achievement_id)
    .where(_AWARDS.c.user_id == _USER_ID, _AWARDS.c.revoked_at.is_(None))
)
_NEAREST = {next_up.SONGS: authoring.fewest_parts, next_up.PACKS: packs.fewest_parts}
_OPENINGS = sa.union_all(
    *(
        sa.select(
            sa.literal(metric).label("metric"),
            fewest_parts(_USER_ID, sa.bindparam(metric)).subquery(),
        )
        for metric, fewest_parts in _NEAREST.items()
    )
)


@dataclass(frozen=True)
class Receipt:
    """One source row of an award: what, which and since when; `imported` when by an import."""

    label: str
    subject_type: str
    subject_id: int
    at: datetime
    imported: bool


def numbers_of(user_id: int) -> dict[str, int]:
    """Return the user's counters by name, points and streak included; 0 without a row."""
    return registry_and_numbers(user_id)[1]


def public_numbers_of(user_id: int) -> dict[str, int]:
    """Return the counters as others see them: complete packs only if all of them is released."""
    found = db.session.execute(_PUBLIC_NUMBERS, {"user_id": user_id}).one()
    _, last_day, *counted, complete = found
    return _named(last_day, counted) | {"completed_packs": complete}


def registry_and_numbers(user_id: int) -> tuple[Registry, dict[str, int]]:
    """Return the catalogue and the user's counters by name, in one statement."""
    version, last_day, *found = db.session.execute(_NUMBERS, {"user_id": user_id}).one()
    return catalogue.at(version), _named(last_day, found)


def _named(last_day: date | None, found: Sequence[int]) -> dict[str, int]:
    numbers = dict(zip(NUMBERS, found, strict=True))
    # The stored streak is that of the last visit; without recent visits it has ended.
    if last_day is None or (clock.now().date() - last_day).days > LONGEST_BETWEEN_VISITS:
        numbers["current_streak"] = 0
    return numbers


def within_periods(user_id: int) -> dict[tuple[str, str], int]:
    """Return the user's period counters by metric and period."""
    rows = db.session.execute(_WITHIN, {"user_id": user_id})
    return {(row.metric, row.period): row.n for row in rows}


def earned_by(user_id: int) -> dict[str, datetime]:
    """Return when the user earned what, by code, without revoked awards."""
    return dict(db.session.execute(_EARNED, {"user_id": user_id}).all())


def badges_of(user_id: int, *, hidden_too: bool) -> Sequence[Badge]:
    """Return the awards of the user, newest first, `hidden_too` only for their owner.

    An award of a retired entry stays with its points, a revoked one is left out.
    """
    return public_badges_of(user_id, hidden_too=hidden_too).badges


def public_badges_of(user_id: int, *, hidden_too: bool = False) -> PublicBadges:
    """Return the awards that a user shows, with the points and level of all of them."""
    shown = [UserAchievement.user_id == User.id, UserAchievement.revoked_at.is_(None)]
    if not hidden_too:
        shown.append(UserAchievement.is_public.expression)
    rows = db.session.execute(
        sa.select(
            Achievement.code,
            UserAchievement.earned_at,
            UserAchievement.points,
            UserAchievement.pin,
            sa.func.coalesce(UserStats.total_points, 0).label("total_points"),
            sa.func.coalesce(UserStats.level_best, 1).label("level_best"),
            catalogue.VERSION,
        )
        .select_from(User)
        .outerjoin(UserStats, UserStats.user_id == User.id)
        .outerjoin(UserAchievement, sa.and_(*shown))
        .outerjoin(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(User.id == user_id)
        .order_by(UserAchievement.earned_at.desc(), Achievement.position)
    ).all()
    badges = [
        Badge(catalogue.at(row.catalogue_version).get(row.code), row.earned_at, row.points, row.pin)
        for row in rows
        if row.code is not None
    ]
    points, best = (rows[0].total_points, rows[0].level_best) if rows else (0, 1)
    return PublicBadges(badges, points, best)


def notes_of(user_id: int, codes: Iterable[str]) -> dict[str, str]:
    """Return what administrators wrote when they gave these achievements to the user, by code."""
    rows = db.session.execute(
        sa.select(Achievement.code, AwardGrant.note)
        .join(UserAchievement, UserAchievement.achievement_id == Achievement.id)
        .join(AwardGrant, AwardGrant.id == UserAchievement.grant_id)
        .where(
            UserAchievement.user_id == user_id,
            UserAchievement.revoked_at.is_(None),
            Achievement.code.in_(list(codes)),
        )
    )
    return {row.code: row.note for row in rows}


def place_of(user_id: int, code: str) -> int | None:
    """Return the how-manieth the user was to earn an achievement; None from NO_PLACE on.

    Who earned it at the same moment has the same place. Revoked awards and banned users are not
    counted, hidden awards are.
    """
    achievement_id = catalogue.id_of(code)
    mine = sa.select(UserAchievement.earned_at).where(
        UserAchievement.user_id == user_id,
        UserAchievement.achievement_id == achievement_id,
        UserAchievement.revoked_at.is_(None),
    )
    earlier = (
        sa.select(UserAchievement.id)
        .join(User, User.id == UserAchievement.user_id)
        .where(
            UserAchievement.achievement_id == achievement_id,
            UserAchievement.earned_at < mine.scalar_subquery(),
            UserAchievement.revoked_at.is_(None),
            User.banned_at.is_(None),
        )
        .limit(NO_PLACE)
        .subquery()
    )
    found = db.session.execute(
        sa.select(mine.exists(), sa.select(sa.func.count()).select_from(earlier).scalar_subquery())
    ).one()
    has_it, before = found
    return before + 1 if has_it and before < NO_PLACE else None


def openings(user_id: int, needed: Mapping[str, int]) -> list[Opening]:
    """Return the songs and packs with the fewest open parts, as many per metric as are needed."""
    if not needed:
        return []
    wanted = {metric: needed.get(metric, 0) for metric in _NEAREST}
    return [Opening(*row) for row in db.session.execute(_OPENINGS, {"user_id": user_id, **wanted})]


def receipt(user_id: int, metric: str, limit: int) -> Sequence[Receipt]:
    """Return the first `limit` source rows of the user for a metric, oldest first."""
    rows = metrics.BY_NAME[metric].rows
    counted = rows.where(rows.selected_columns.user_id == user_id).subquery()
    by_import = sa.and_(
        counted.c.subject_type.in_(SONGS),
        Song.id == counted.c.subject_id,
        Song.import_id.is_not(None),
        Song.created_at == counted.c.at,
    )
    found = (
        sa.select(
            counted.c.label,
            counted.c.subject_type,
            counted.c.subject_id,
            counted.c.at,
            sa.or_(Song.id.is_not(None), counted.c.subject_type == "import"),
        )
        .outerjoin_from(counted, Song, by_import)
        .order_by(counted.c.at, counted.c.subject_id)
        .limit(limit)
    )
    return [Receipt(*row) for row in db.session.execute(found)]
