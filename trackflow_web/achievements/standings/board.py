"""Reading a leaderboard: places, the rows around a user, the reader's own place.

The order is score, then who reached it first, then the user id. Users with equal scores share a
place and the next place is skipped: 1, 2, 2, 4. Users who opted out or are banned have no place. A
user whom the reader may not see has one, but no row.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements.levels import level_of
from trackflow_web.achievements.standings import finals, places
from trackflow_web.achievements.standings.places import Order
from trackflow_web.achievements.standings.windows import Span
from trackflow_web.domain.people.models import User
from trackflow_web.domain.relations.models import Follow
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trackflow_web.achievements.standings.places import Found
    from trackflow_web.achievements.standings.windows import Score, Window

ROWS = 50
ROWS_AROUND = 5
# Among fewer a place says nothing and may embarrass.
LEAST_RANKED = 5
LONGEST_CURSOR = 60
NO_SUCH_CURSOR = "This cursor isn't from this list."
SIGN_IN = "Sign in to see your place."
NOTHING_YET = {
    Span.WEEK: "Nothing of yours counts this week yet.",
    Span.MONTH: "Nothing of yours counts this month yet.",
    Span.YEAR: "Nothing of yours counts this year yet.",
    Span.ALL: "Nothing of yours counts yet.",
}


class View(StrEnum):
    """Which rows of a leaderboard are shown."""

    AROUND = "around"
    FOLLOWED = "followed"
    TOP = "top"


@dataclass(frozen=True)
class Row:
    """A user on a leaderboard; `place` is None where too few take part.

    `change` is how many places up since the last closed period, negative for down, None for a user
    who had no place in it.
    """

    user_id: int
    username: str
    place: int | None
    score: int
    level: int
    change: int | None = None


@dataclass(frozen=True)
class Own:
    """The reader's place and score, or the reason why they have none."""

    place: int | None = None
    score: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Board:
    """What is shown of a leaderboard. `users` is how many have a place in it."""

    kind: Score
    window: Window
    rows: Sequence[Row]
    me: Own
    users: int
    closed: bool
    following: str | None = None


def load(
    viewer: User | None,
    kind: Score,
    window: Window,
    view: View = View.AROUND,
    *,
    cursor: str | None = None,
    limit: int = ROWS,
) -> Board:
    """Return a leaderboard as the viewer sees it; without one, the top of what everybody may see.

    Raises Invalid naming `cursor`.
    """
    viewer_id = viewer.id if viewer else None
    order = finals.of_closed(kind, window, viewer_id) or places.of_open(kind, window, viewer_id)
    after = _parsed(order, cursor)
    users = order.count()
    ranked = users >= LEAST_RANKED
    found, more = _rows(order, viewer, view, after=after, limit=limit)
    me = _own(order, viewer, window, ranked=ranked) if viewer else Own(reason=SIGN_IN)
    return Board(
        kind=kind,
        window=window,
        rows=_shown(found, finals.last_places(kind, window, found), ranked=ranked),
        me=me,
        # The number may be older than the places.
        users=max(users, me.place or 0),
        closed=order.is_final,
        following=found[-1].cursor if more else None,
    )


def _parsed(order: Order, cursor: str | None) -> tuple[int, ...] | None:
    if not cursor:
        return None
    numbers = cursor.split("-") if len(cursor) <= LONGEST_CURSOR else []
    if not all(number.isascii() and number.isdecimal() for number in numbers):
        raise Invalid(cursor=NO_SUCH_CURSOR)
    after = tuple(map(int, numbers))
    if len(after) != len(order.most) or any(map(operator.gt, after, order.most)):
        raise Invalid(cursor=NO_SUCH_CURSOR)
    return after


def _rows(
    order: Order, viewer: User | None, view: View, *, after: tuple[int, ...] | None, limit: int
) -> tuple[Sequence[Found], bool]:
    """Return the rows of a view, and whether more follow."""
    around = view is View.AROUND and after is None
    if viewer and around and (near := order.around(viewer.id, ROWS_AROUND)):
        return near, False
    followed = _followed_by(viewer) if viewer and view is View.FOLLOWED else None
    found = order.after(after, limit + 1, among=followed)
    return found[:limit], len(found) > limit


def _shown(found: Sequence[Found], before: Mapping[int, int], *, ranked: bool) -> list[Row]:
    """Return the rows that the viewer may see; the others leave a gap between the places."""
    return [
        Row(
            user_id=row.user_id,
            username=row.username,
            place=row.place if ranked else None,
            score=row.score,
            level=max(level_of(row.points), row.level_best),
            change=before[row.user_id] - row.place if ranked and row.user_id in before else None,
        )
        for row in found
        if row.is_visible
    ]


def _followed_by(viewer: User) -> sa.Select[int]:
    """Return the SELECT of the ids of users whom the viewer follows, and the viewer's own."""
    followed = sa.select(Follow.followed_id).where(Follow.user_id == viewer.id)
    return sa.select(User.id).where(sa.or_(User.id == viewer.id, User.id.in_(followed)))


def _own(order: Order, viewer: User, window: Window, *, ranked: bool) -> Own:
    """Return the viewer's own place and score, or why they have none."""
    own = order.own(viewer.id)
    if own is None:
        return Own(reason=_reason(viewer, window, order))
    return Own(place=own.place if ranked else None, score=own.score)


def _reason(viewer: User, window: Window, order: Order) -> str:
    if order.is_final:
        if (users := order.count()) > finals.MOST_KEPT:
            kept = f"{finals.MOST_KEPT:,} of {users:,}"
            return f"You weren't among the first {kept}; later places aren't kept."
        return "You had no place in this period."
    if not viewer.on_boards:
        return "You've chosen not to appear on leaderboards."
    return NOTHING_YET[window.span]
