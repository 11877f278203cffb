"""Creating, changing, retiring and reverting custom achievements, as an administrator.

Each change is a row with the fields before and after. It takes nothing from anybody: who has the
achievement keeps it. A recheck of everyone, which the caller starts, awards what became due.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements import catalogue
from trackflow_web.achievements.catalogue import lookalikes, rows
from trackflow_web.achievements.catalogue.entries import Entry, Kind
from trackflow_web.achievements.catalogue.ladders import Rarity
from trackflow_web.achievements.custom import rules
from trackflow_web.achievements.custom_models import CatalogueChange
from trackflow_web.achievements.events import CustomAchievementChanged
from trackflow_web.achievements.models import Achievement
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid, NotFound
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.achievements.catalogue.registry import Registry
    from trackflow_web.achievements.custom.rules import Draft
    from trackflow_web.domain.people.models import User

TAKEN = "This code is taken. Codes are never used again."
CHANGED_MEANWHILE = "Somebody has changed this meanwhile. Check it, and save again."
NOTHING_TO_REVERT = "There is no change to revert."
# The fields that a change may have.
FIELDS = ("name", "description", "icon", "rarity", "points", "threshold")


def check_new(fields: dict[str, Any]) -> Draft:
    """Return the checked fields of a new achievement. Raise Invalid naming every wrong one."""
    checked = rules.draft(fields)
    registry = catalogue.latest()
    _reject_taken(registry, checked)
    return checked


def create(admin: User, fields: dict[str, Any]) -> Entry:
    """Create a custom achievement. Raise Invalid naming every wrong field."""
    _lock_catalogue()
    checked = check_new(fields)
    entry = checked.entry(_next_position())
    rows.save(entry)
    _note(admin, entry.code, "created", before=None, after=_state(entry))
    return entry


def check_changed(code: str, fields: dict[str, Any]) -> Draft:
    """Return the checked fields of a changed achievement.

    Raise NotFound without such a custom achievement, Invalid naming every wrong field.
    """
    entry = get(code)
    checked = rules.changed(entry, fields)
    if checked.name != entry.name:
        lookalikes.reject(catalogue.latest(), name=checked.name, code=code, but=code)
    return checked


def change(admin: User, code: str, fields: dict[str, Any], *, seen: object = None) -> bool:
    """Change a custom achievement; return False if nothing differs.

    `seen` is the id of the latest change that the administrator has seen, if the form had it.
    Raise NotFound, or Invalid naming every wrong field, or `form` if it was changed meanwhile.
    """
    _lock_catalogue()
    entry = get(code)
    if seen not in {None, "", str(_latest_id(code))}:
        raise Invalid(form=CHANGED_MEANWHILE)
    checked = check_changed(code, fields)
    before = _state(entry)
    after = _state(checked.entry(entry.position)) | {"retired": entry.retired}
    if before == after:
        return False
    _apply(entry, after)
    _note(admin, code, "changed", before=before, after=after)
    return True


def retire(admin: User, code: str) -> bool:
    """Take a custom achievement out of force; its holders keep it. Return False if it was."""
    _lock_catalogue()
    entry = get(code)
    if entry.retired:
        return False
    before = _state(entry)
    rows.retire(code)
    _note(admin, code, "retired", before=before, after=before | {"retired": True})
    return True


def revert(admin: User, code: str, change_id: object = None) -> None:
    """Undo the latest change of an achievement that is not reverted yet; nobody loses anything.

    `change_id` is the one that the administrator saw. Raise NotFound, or Invalid naming `form`.
    """
    _lock_catalogue()
    entry = get(code)
    latest = db.session.scalar(_standing(code).limit(1))
    if latest is None or latest.before is None:
        raise Invalid(form=NOTHING_TO_REVERT)
    if change_id not in {None, "", str(latest.id)}:
        raise Invalid(form=CHANGED_MEANWHILE)
    latest.reverted_at = clock.now()
    _apply(entry, latest.before)
    _record(admin, code, "reverted")


def get(code: str) -> Entry:
    """Return the custom achievement with this code, in force or retired; raise NotFound."""
    entry = catalogue.latest().find(code)
    if entry is None or entry.kind is not Kind.CUSTOM:
        raise NotFound
    return entry


def every() -> list[Entry]:
    """Return the custom achievements, in their order, retired ones last."""
    registry = catalogue.latest()
    return [e for e in (*registry.entries, *registry.retired) if e.kind is Kind.CUSTOM]


def changes_of(code: str) -> Sequence[CatalogueChange]:
    """Return the changes of an achievement, newest first."""
    return db.session.scalars(_changes(code)).all()


def revertible(code: str) -> CatalogueChange | None:
    """Return the change that `revert` would undo, or None."""
    latest = db.session.scalar(_standing(code).limit(1))
    return latest if latest is not None and latest.before is not None else None


def _changes(code: str) -> sa.Select[CatalogueChange]:
    return (
        sa.select(CatalogueChange)
        .where(CatalogueChange.achievement_id == catalogue.id_of(code))
        .order_by(CatalogueChange.id.desc())
        .execution_options(populate_existing=True)
    )


def _standing(code: str) -> sa.Select[CatalogueChange]:
    return _changes(code).where(CatalogueChange.reverted_at.is_(None))


def _latest_id(code: str) -> int | None:
    latest = db.session.scalar(_standing(code).limit(1))
    return latest.id if latest else None


def _lock_catalogue() -> None:
    """Let one change of the catalogue run at a time; awards do not wait for it."""
    every_row = sa.select(Achievement.id).order_by(Achievement.id)
    db.session.execute(every_row.with_for_update(key_share=True)).all()


def _reject_taken(registry: Registry, checked: Draft) -> None:
    if checked.code in registry.ids or registry.find(checked.code):
        raise Invalid(code=TAKEN)
    lookalikes.reject(registry, name=checked.name, code=checked.code)


def _next_position() -> int:
    highest = db.session.scalar(sa.select(sa.func.max(Achievement.position))) or 0
    return max(highest + 1, rules.FIRST_POSITION)


def _state(entry: Entry) -> dict[str, Any]:
    values = asdict(entry) | {"points": entry.points, "rarity": str(entry.rarity)}
    return {name: values[name] for name in FIELDS} | {"retired": entry.retired}


def _apply(entry: Entry, state: dict[str, Any]) -> None:
    draft = rules.Draft(
        code=entry.code,
        metric=entry.metric,
        **{name: state[name] for name in FIELDS if name != "rarity"},
        rarity=Rarity(state["rarity"]),
    )
    rows.save(draft.entry(entry.position))
    if state["retired"]:
        rows.retire(entry.code)


def _note(
    admin: User,
    code: str,
    status: str,
    *,
    before: dict[str, Any] | None,
    after: dict[str, Any],
) -> None:
    db.session.add(
        CatalogueChange(
            achievement_id=catalogue.id_of(code),
            admin_id=admin.id,
            admin_name=admin.username,
            at=clock.now(),
            before=before,
            after=after,
        )
    )
    _record(admin, code, status)


def _record(admin: User, code: str, status: str) -> None:
    payload = CustomAchievementChanged(code=code, status=status)
    record(payload, user_id=admin.id, actor_id=admin.id, subject_id=catalogue.id_of(code))
