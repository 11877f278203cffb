"""Appeals: the owner of what was decided about may ask once to look at it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.domain.audit import SecurityEvent, note_if_committed
from trackflow_web.domain.moderation import rules
from trackflow_web.domain.moderation.actions import log_reply, take_back
from trackflow_web.domain.moderation.events import ModerationDecided
from trackflow_web.domain.moderation.rules import Action
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.database import get_for_update
from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from trackflow_web.domain.moderation.models import ModerationAction

ALREADY_APPEALED = "You've already appealed. There's one appeal."
NOT_APPEALABLE = "There's nothing to appeal here."


def may_appeal(entry: ModerationAction) -> bool:
    """Return whether its owner may appeal against a decision."""
    is_decision = entry.action in rules.UPHOLDING and entry.undone_at is None
    return is_decision and entry.appealed_at is None


def appeal(entry: ModerationAction, *, text_: object) -> None:
    """Appeal against a decision, once. Raises Invalid."""
    if entry.appealed_at is not None:
        raise Invalid(form=ALREADY_APPEALED)
    if not may_appeal(entry):
        raise Invalid(form=NOT_APPEALABLE)
    entry.appeal = text.lines(text_, "text", longest=rules.LONGEST_TEXT)
    entry.appealed_at = clock.now()


def answer_appeal(
    entry: ModerationAction, admin: User, *, is_upheld: bool, statement: object
) -> ModerationAction:
    """Answer an appeal: one that is upheld undoes the decision. Raises Invalid."""
    if entry.appealed_at is None or entry.appeal_answered_at is not None:
        raise Invalid(form=NOT_APPEALABLE)
    said = text.lines(statement, "statement", longest=rules.LONGEST_STATEMENT)
    entry.appeal_answered_at = clock.now()
    owner = get_for_update(User, entry.owner_id, key_share=True)
    if is_upheld and owner is not None:
        take_back(entry, owner)
    what = Action.RESTORE if is_upheld else Action.DISMISS
    reply = log_reply(entry, admin, what, said)
    record(
        ModerationDecided(action_id=reply.id, action="upheld" if is_upheld else "kept"),
        user_id=entry.owner_id,
        actor_id=admin.id,
        subject_id=entry.owner_id,
    )
    note_if_committed(SecurityEvent.MODERATED, of=entry.owner_id, action=f"appeal_{what}")
    return reply
