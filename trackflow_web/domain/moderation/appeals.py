"""Appeals: the owner of what was decided about may ask once to look at it again.

Who is suspended cannot sign in: a signed link, shown at sign-in, leads to their appeal and to its
answer, which is mailed as well if the site sends mail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.domain.audit import SecurityEvent, note_if_committed
from trackflow_web.domain.mail.actions import queue
from trackflow_web.domain.mail.models import MailKind
from trackflow_web.domain.moderation import rules
from trackflow_web.domain.moderation.actions import log, take_back
from trackflow_web.domain.moderation.events import ModerationDecided
from trackflow_web.domain.moderation.queries import find_action, standing_suspension
from trackflow_web.domain.moderation.rules import Action
from trackflow_web.domain.people.models import User
from trackflow_web.domain.people.queries import find_user
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.database import get_for_update
from trackflow_web.kernel.errors import Invalid, NotFound
from trackflow_web.kernel.events import record
from trackflow_web.kernel.signing import pair_in, serializer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.domain.moderation.models import ModerationAction

ALREADY_APPEALED = "You've already appealed. There's one appeal."
NOT_APPEALABLE = "There's nothing to appeal here."
EXPIRED = "This link has expired. Sign in again to get a new one."
# Seconds.
LINK_LASTS = 60 * 60
_PURPOSE = "appeal"


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
    owner = get_for_update(User, entry.owner_id, key_share=True)
    if is_upheld and owner is not None:
        take_back(entry, owner)
    what = Action.RESTORE if is_upheld else Action.DISMISS
    reply = log(entry, admin, what, said)
    entry.appeal_answered_at = reply.created_at
    record(
        ModerationDecided(action_id=reply.id, action="upheld" if is_upheld else "kept"),
        user_id=entry.owner_id,
        actor_id=admin.id,
        subject_id=entry.owner_id,
    )
    note_if_committed(SecurityEvent.MODERATED, of=entry.owner_id, action=f"appeal_{what}")
    return reply


def mail_answer(entry: ModerationAction, *, base_url: str) -> None:
    """Queue a mail with the answer to an appeal of somebody who cannot read it in the inbox."""
    owner = find_user(entry.owner_id)
    if entry.action != Action.SUSPEND or owner is None or owner.email_confirmed_at is None:
        return
    queue(MailKind.APPEAL_ANSWERED, address=owner.email, base_url=base_url, user_id=owner.id)


# --- of suspended users --------------------------------------------------------------------------


def suspension_of(user_id: int, secret: str) -> tuple[ModerationAction, str] | None:
    """Return the decision by which a user is suspended, with a token for `suspension_in`."""
    entry = standing_suspension(user_id)
    return None if entry is None else (entry, _token_of(entry, secret))


def suspension_in(token: str, keys: Sequence[str], *, for_update: bool) -> ModerationAction:
    """Return the suspension that a token names. Raises NotFound."""
    pair = pair_in(token, keys, _PURPOSE, max_age=LINK_LASTS)
    if pair is None or not isinstance(pair[1], int):
        raise NotFound(EXPIRED)
    entry = find_action(pair[1], for_update=for_update)
    if entry is None or entry.owner_id != pair[0] or entry.action != Action.SUSPEND:
        raise NotFound(EXPIRED)
    return entry


def _token_of(entry: ModerationAction, secret: str) -> str:
    return serializer(secret, _PURPOSE).dumps([entry.owner_id, entry.id])
