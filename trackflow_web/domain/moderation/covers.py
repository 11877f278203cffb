"""Uploaded covers that are reported as wrong, and taken away by moderators."""

from __future__ import annotations

import sqlalchemy as sa

from trackflow_web.domain.covers import actions as covers
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.visibility import Held
from trackflow_web.kernel.database import db, get_for_update

_TABLES: dict[str, type[Song | Pack]] = {Held.RELEASE: Song, Held.PACK: Pack}


def has_cover(subject_type: str, subject_id: int) -> bool:
    """Return whether a subject has an uploaded cover; a generated one cannot be wrong."""
    table = _TABLES.get(subject_type)
    if table is None:
        return False
    found = sa.select(table.id).where(table.id == subject_id, table.cover.is_not(None))
    return db.session.scalar(found) is not None


def take_away(subject_type: str, subject_id: int) -> bool:
    """Show the generated cover of a subject again; return whether it had an uploaded one."""
    table = _TABLES.get(subject_type)
    subject = get_for_update(table, subject_id) if table else None
    if subject is None or subject.cover is None:
        return False
    covers.remove(subject)
    return True
