"""The ids of everything that visitors may see, in ranges: the pages of a sitemap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.models import User
from trackflow_web.domain.releases.queries import is_public
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.visibility import Held, not_held, visible_to
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence

# A file may have 50,000 addresses.
IDS_A_FILE = 10_000


class Kind(StrEnum):
    """The kinds of public pages."""

    PROFILES = "profiles"
    RELEASES = "releases"
    PACKS = "packs"


@dataclass(frozen=True)
class PublicPage:
    """A public page; `name` is the username of a profile."""

    id: int
    name: str
    changed_at: datetime | None


def largest_ids() -> dict[Kind, int]:
    """Return the largest id of each kind, in one statement; 0 where there is none."""
    columns = {Kind.PROFILES: User.id, Kind.RELEASES: Song.id, Kind.PACKS: Pack.id}
    row = db.session.execute(
        sa.select(*(sa.select(sa.func.max(id_)).scalar_subquery() for id_ in columns.values()))
    ).one()
    return {kind: largest or 0 for kind, largest in zip(columns, row, strict=True)}


def pages_of(kind: Kind, part: int) -> Sequence[PublicPage]:
    """Return what visitors may see of one kind, in one range of ids."""
    first = part * IDS_A_FILE
    id_, found = _SELECTS[kind]()
    rows = db.session.execute(
        found.where(id_ >= first, id_ < first + IDS_A_FILE, visible_to(None)).order_by(id_)
    )
    return [PublicPage(*row) for row in rows]


def _profiles() -> tuple[Any, sa.Select[*tuple[Any, ...]]]:
    return User.id, sa.select(User.id, User.username, sa.null())


def _releases() -> tuple[Any, sa.Select[*tuple[Any, ...]]]:
    found = sa.select(Song.id, sa.literal(""), Song.updated_at)
    return Song.id, found.join(User, User.id == Song.user_id).where(is_public(None))


def _packs() -> tuple[Any, sa.Select[*tuple[Any, ...]]]:
    found = sa.select(Pack.id, sa.literal(""), Pack.completed_at)
    return Pack.id, found.join(User, User.id == Pack.user_id).where(
        not_held(Held.PACK, Pack.id),
        sa.exists().where(Song.pack_id == Pack.id, is_public(None)),
    )


_SELECTS = {Kind.PROFILES: _profiles, Kind.RELEASES: _releases, Kind.PACKS: _packs}
