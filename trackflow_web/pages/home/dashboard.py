"""The dashboard: what the signed-in user may want to do next, and what others have done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.accounts.first_steps import first_steps_of
from trackflow_web.achievements.progress import next_up, overview, queries
from trackflow_web.achievements.standings import seasons
from trackflow_web.domain.authoring.desk import desk_of
from trackflow_web.domain.streaks.queries import ledger_of
from trackflow_web.web.community import highlights_of_week
from trackflow_web.web.feed import followed_news, subject_url

if TYPE_CHECKING:
    from trackflow_web.domain.people.models import User

SONGS_IN_WORK = 5
NEWS = 6


def dashboard_context(user: User) -> dict[str, object]:
    """Return the context of a user's dashboard."""
    own = overview.of_user(user.id, with_holders=False)
    desk = desk_of(user.id, limit=SONGS_IN_WORK)
    return {
        "summary": own.summary,
        "next_up": next_up.next_up(own.tiles, queries.openings(user.id, next_up.needed(own.tiles))),
        "counts": desk.counts,
        "in_work": desk.in_work,
        "charts": desk.charts,
        "streak": own.counters["current_streak"],
        "ledger": ledger_of(user),
        "seasons": seasons.running()[:1],
        "news": followed_news(user, NEWS),
        "highlights": [each for each in highlights_of_week(user.id) if each.owner],
        "first_steps": first_steps_of(user, songs=desk.everything),
        "subject_url": subject_url,
    }
