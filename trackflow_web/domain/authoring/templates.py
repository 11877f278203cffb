"""Part templates: those that are built in, and those that users save under a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.authoring.models import PartTemplate
from trackflow_web.domain.authoring.rules import (
    LONGEST_TEMPLATE_NAME,
    OWN_TEMPLATE,
    Part,
    Template,
)
from trackflow_web.domain.people.row_limits import RowLimit, require_room
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.database import db, upsert
from trackflow_web.kernel.errors import Invalid, NotFound

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from trackflow_web.domain.people.models import User

NO_SUCH_TEMPLATE = "Choose one of the templates."
ALREADY_EXISTS = "You already have a template with this name."
NOTHING_TO_SAVE = "Mark at least one part as not needed first."


def templates_of(user_id: int) -> Sequence[PartTemplate]:
    """Return the user's own templates, by name."""
    return db.session.scalars(
        sa.select(PartTemplate)
        .where(PartTemplate.user_id == user_id)
        .order_by(PartTemplate.name_key, PartTemplate.id)
    ).all()


def find_template(user_id: int, template_id: int) -> PartTemplate | None:
    """Return the user's template with this id."""
    return db.session.scalar(
        sa.select(PartTemplate).where(
            PartTemplate.user_id == user_id, PartTemplate.id == template_id
        )
    )


def not_needed_by(user_id: int, template: object) -> frozenset[Part]:
    """Return the parts that a template does without: a built-in one, or `own-` and an id.

    Raises Invalid naming `template`.
    """
    if not isinstance(template, str) or not template.startswith(OWN_TEMPLATE):
        return text.choice(template, "template", Template).not_needed
    number = text.whole_number(
        template.removeprefix(OWN_TEMPLATE), "template", least=1, most=text.LARGEST_ID
    )
    found = find_template(user_id, number) if number else None
    if found is None:
        raise Invalid(template=NO_SUCH_TEMPLATE)
    return found.parts


def save_template(owner: User, *, name: object, not_needed: Collection[Part]) -> PartTemplate:
    """Save a set of parts under a name. Raises Invalid naming `name`, LimitReached."""
    cleaned = text.line(name, "name", longest=LONGEST_TEMPLATE_NAME)
    if not not_needed:
        raise Invalid(name=NOTHING_TO_SAVE)
    require_room(RowLimit.TEMPLATES, owner.id, PartTemplate.user_id == owner.id, field="name")
    template_id = db.session.scalar(
        upsert(PartTemplate)
        .values(
            user_id=owner.id,
            name=cleaned,
            name_key=text.comparison_key(cleaned),
            not_needed=",".join(part for part in Part if part in not_needed),
            created_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(PartTemplate.id)
    )
    if template_id is None:
        raise Invalid(name=ALREADY_EXISTS)
    return db.session.get_one(PartTemplate, template_id)


def delete_template(owner: User, template_id: int) -> None:
    """Delete a template; songs keep their parts. Raises NotFound."""
    deleted = db.session.scalar(
        sa.delete(PartTemplate)
        .where(PartTemplate.user_id == owner.id, PartTemplate.id == template_id)
        .returning(PartTemplate.id)
    )
    if deleted is None:
        raise NotFound
