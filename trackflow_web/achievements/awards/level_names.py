"""Names of levels, as administrators change them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements import catalogue
from trackflow_web.achievements.levels import NAMES
from trackflow_web.achievements.models import LevelName
from trackflow_web.domain.audit import SecurityEvent, note_if_committed
from trackflow_web.kernel import text
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Checks

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_NAME = 40


def field_of(level: int) -> str:
    """Return the name of the field of a level."""
    return f"level_{level}"


def names() -> dict[int, str]:
    """Return the names in force, by the first level that has them."""
    return NAMES | dict(catalogue.latest().level_names)


def change(fields: Mapping[str, object]) -> None:
    """Rename levels; an empty name is the usual one again, what is not sent stays.

    Raises Invalid naming the fields.
    """
    check = Checks()
    wanted = {
        level: check(text.line, value, field_of(level), longest=LONGEST_NAME, required=False)
        for level in NAMES
        if (value := fields.get(field_of(level))) is not None
    }
    check.finish()
    if not wanted:
        return
    db.session.execute(sa.delete(LevelName).where(LevelName.level.in_(list(wanted))))
    db.session.add_all(
        LevelName(level=level, name=name)
        for level, name in wanted.items()
        if name and name != NAMES[level]
    )
    catalogue.changed()
    note_if_committed(SecurityEvent.LEVELS_RENAMED, levels=sorted(wanted))
