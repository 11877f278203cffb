"""pinax-badges: classes that are called after an event and decide whether a user earned a badge.

`badges` has one class per achievement; `levels` has one per metric with a level per achievement,
which takes fewer queries but awards only the highest level reached.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from bench.peers import django_songs, workload
from bench.peers.worker import serve

# Only after Django was set up by the import above.
from django.contrib.auth.models import User  # isort: skip
from django.db import transaction  # isort: skip
from pinax.badges.base import Badge, BadgeAwarded  # isort: skip
from pinax.badges.models import BadgeAward  # isort: skip
from pinax.badges.registry import badges  # isort: skip

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from bench.peers.workload import Achievement, Song, Workload

EVERYTHING = "recheck"


class Pinax:
    """See worker.Program."""

    def __init__(self, given: Workload, *, by_levels: bool) -> None:
        django_songs.make_tables()
        self.metrics = given.metrics
        self.codes: dict[tuple[str, int], str] = {}
        for rungs in self.metrics.values():
            for those in [rungs] if by_levels else [[each] for each in rungs]:
                badge = _badge(those)
                badges.register(badge)
                for level, each in enumerate(those):
                    self.codes[badge.slug, level] = each.code

    def connection(self) -> sqlite3.Connection:
        """See worker.Program."""
        return django_songs.raw_connection()

    def add_user(self, user_id: int, songs: Sequence[Song]) -> None:
        """See worker.Program."""
        with transaction.atomic():
            django_songs.add_user(user_id, songs)

    def act(self, user_id: int, song: Song, *, checked: bool) -> None:
        """See worker.Program."""
        with transaction.atomic():
            user = User.objects.get(id=user_id)
            django_songs.Song.objects.create(user=user, **song._asdict())
            if checked:
                for metric in workload.MOVED:
                    badges.possibly_award_badge(metric, user=user)

    def recheck(self, user_ids: Sequence[int]) -> None:
        """See worker.Program."""
        with transaction.atomic():
            for user in User.objects.filter(id__in=user_ids):
                badges.possibly_award_badge(EVERYTHING, user=user)

    def awards(self, user_ids: Sequence[int]) -> list[tuple[int, str]]:
        """See worker.Program."""
        rows = BadgeAward.objects.filter(user_id__in=user_ids)
        return [
            (user_id, self.codes[slug, level])
            for user_id, slug, level in rows.values_list("user_id", "slug", "level")
        ]

    def progress(self, user_id: int) -> list[tuple[str, int, int, bool]]:
        """See worker.Program."""
        user = User.objects.get(id=user_id)
        held = {
            self.codes[slug, level]
            for slug, level in user.badges_earned.values_list("slug", "level")
        }
        shown = []
        for metric, rungs in self.metrics.items():
            so_far = _number(user, metric)
            shown += [(each.code, so_far, each.threshold, each.code in held) for each in rungs]
        return shown


def _badge(rungs: Sequence[Achievement]) -> type[Badge]:
    """Return a badge class like those that users of the library write."""
    metric, thresholds = rungs[0].metric, [each.threshold for each in rungs]

    def award(_self: Badge, **state: User) -> BadgeAwarded | None:
        reached = _number(state["user"], metric)
        level = sum(reached >= threshold for threshold in thresholds)
        return BadgeAwarded(level=level) if level else None

    return type(
        rungs[0].code,
        (Badge,),
        {
            "slug": rungs[0].code,
            "levels": [each.code for each in rungs],
            "events": [metric, EVERYTHING],
            "multiple": False,
            "award": award,
        },
    )


def _number(user: User, metric: str) -> int:
    if metric == workload.OF_AWARDS:
        return BadgeAward.objects.filter(user=user).count()
    return django_songs.number(user, metric)


if __name__ == "__main__":
    serve(partial(Pinax, by_levels=sys.argv[1] == "levels"))
