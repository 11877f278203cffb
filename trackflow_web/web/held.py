"""The notice with which owners see what is hidden from others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.domain.moderation.holding import hold_of
from trackflow_web.domain.visibility import Held
from trackflow_web.web.caller import viewer_id

if TYPE_CHECKING:
    from trackflow_web.domain.moderation.holding import HeldNow
    from trackflow_web.web.comments import ThreadView


def held_for(type_: Held, id_: int, owner_id: int) -> HeldNow | None:
    """Return how something of the caller's is hidden; None if it is not, and for others."""
    return hold_of(type_, id_) if viewer_id() == owner_id else None


def held_in(thread: ThreadView) -> HeldNow | None:
    """Return how the subject of a thread is hidden, where the caller owns it."""
    subject = thread.subject
    return held_for(Held(subject.type), subject.id, subject.owner_id) if thread.is_held else None
