"""The fragments that may be added to any response; see `out_of_band.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackflow_web.achievements import toasts
from trackflow_web.web.out_of_band import Fragment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.achievements.toasts import Batch, Toasts
    from trackflow_web.domain.people.models import Announced, User
    from trackflow_web.kernel.events import Event


@dataclass(frozen=True)
class PendingToasts:
    """The pending toasts of a user with this preference."""

    user_id: int
    wanted: Announced
    batch: Batch


def _find_toasts(user: User, _events: Sequence[Event]) -> PendingToasts | None:
    batch = toasts.waiting(user.id)
    return None if batch is None else PendingToasts(user.id, user.toasts, batch)


def _reserve_toasts(pending: PendingToasts) -> Toasts | None:
    reserved = toasts.reserve(pending.user_id, pending.wanted, batch=pending.batch)
    return reserved if reserved.award_ids else None


def _confirm_toasts(shown: Toasts) -> None:
    toasts.confirm(shown.award_ids)


FRAGMENTS = (
    Fragment(
        "toasts",
        "partials/_toasts.html",
        find=_find_toasts,
        reserve=_reserve_toasts,
        confirm=_confirm_toasts,
    ),
)
