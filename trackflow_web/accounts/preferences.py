"""Preferences that belong to several features, changed together; for pages and the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.achievements.awards import visibility
from trackflow_web.domain.people import identity
from trackflow_web.kernel.errors import Checks

if TYPE_CHECKING:
    from trackflow_web.domain.people.models import User


def change(user: User, **changes: object) -> None:
    """Change `timezone` and `toasts` (which achievements are announced); missing fields stay.

    Raises Invalid naming every invalid field.
    """
    check = Checks()
    if "timezone" in changes:
        check(identity.change_time_zone, user, changes["timezone"])
    if "toasts" in changes:
        check(visibility.choose_toasts, user, toasts_wanted=changes["toasts"])
    check.finish()
