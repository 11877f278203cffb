"""Reactions in pages and the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.domain.reactions import actions, rules
from trackflow_web.domain.reactions.queries import reactions_of
from trackflow_web.domain.subjects import Subject, find_subject
from trackflow_web.kernel.errors import NotFound
from trackflow_web.web.caller import get_current_user, viewer_id
from trackflow_web.web.extensions import settings

if TYPE_CHECKING:
    from trackflow_web.domain.reactions.queries import Reactions
    from trackflow_web.domain.reactions.rules import Kind


def subject_or_404(type_: object, id_: int) -> Subject:
    """Return a subject that can have reactions and that the caller may see.

    Raises Invalid naming `subject` for another type, NotFound.
    """
    found = find_subject(rules.subject_type(type_), id_, viewer_id())
    if found is None:
        raise NotFound
    return found


def react(subject: Subject, kind: Kind | None) -> Reactions:
    """Set the caller's reaction; return all reactions to the subject."""
    actions.react(get_current_user(), subject, kind, limits=settings().limit_reactions)
    return reactions_of([subject.key], viewer_id())[subject.key]
