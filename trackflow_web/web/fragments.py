"""The fragments that may be added to any response; see `out_of_band.py`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trackflow_web.achievements import toasts
from trackflow_web.notifications import bell, preferences
from trackflow_web.notifications import toasts as notices
from trackflow_web.notifications.models import Channel
from trackflow_web.notifications.types import Type
from trackflow_web.web import out_of_band
from trackflow_web.web.notifications import bell_of_request, is_bell_changed, is_bell_due
from trackflow_web.web.out_of_band import Fragment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.achievements.level_toasts import Batch
    from trackflow_web.achievements.toasts import Toasts
    from trackflow_web.domain.people.models import Announced, User
    from trackflow_web.kernel.events import Event
    from trackflow_web.notifications.bell import Bell
    from trackflow_web.notifications.inbox import Item


@dataclass(frozen=True)
class PendingToasts:
    """The pending toasts of a user with this preference."""

    user_id: int
    wanted: Announced
    batch: Batch


def _find_toasts(user: User, _events: Sequence[Event]) -> PendingToasts | None:
    if not bell_of_request(user).has_awards:
        return None
    bell.forget(user.id)  # shown, they wait no longer, and no version changes
    batch = toasts.waiting(user.id)
    return None if batch is None else PendingToasts(user.id, user.toasts, batch)


def _reserve_toasts(pending: PendingToasts) -> Toasts | None:
    reserved = toasts.reserve(pending.user_id, pending.wanted, batch=pending.batch)
    if reserved.level is not None and not preferences.is_on(
        pending.user_id, Type.LEVEL_REACHED, Channel.TOAST
    ):
        toasts.confirm_level(pending.user_id, reserved.level)
        reserved = replace(reserved, level=None)
    if reserved.categories and not preferences.is_on(
        pending.user_id, Type.CATEGORY_COMPLETED, Channel.TOAST
    ):
        toasts.confirm_categories(pending.user_id, reserved.categories)
        reserved = replace(reserved, categories=())
    return reserved if reserved.award_ids else None


def _confirm_toasts(shown: Toasts) -> None:
    toasts.confirm(
        shown.award_ids, user_id=shown.user_id, level=shown.level, categories=shown.categories
    )


def _find_notices(user: User, _events: Sequence[Event]) -> int | None:
    return user.id if bell_of_request(user).has_toasts else None


def _reserve_notices(user_id: int) -> list[Item] | None:
    bell.forget(user_id)
    return notices.reserve(user_id) or None


def _find_bell(user: User, _events: Sequence[Event]) -> Bell | None:
    current = bell_of_request(user)
    is_page = out_of_band.has_place("bell")
    return current if is_page or is_bell_changed(user, current) else None


FRAGMENTS = (
    Fragment(
        "toasts",
        "partials/_toasts.html",
        find=_find_toasts,
        reserve=_reserve_toasts,
        confirm=_confirm_toasts,
    ),
    Fragment(
        "notices",
        "partials/_notification_toasts.html",
        find=_find_notices,
        reserve=_reserve_notices,
    ),
    Fragment("bell", "partials/_bell_button.html", find=_find_bell, is_due=is_bell_due),
)
