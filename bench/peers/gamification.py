"""django-gamification: every user has a row for every badge, with a row for its progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.peers import django_songs, workload
from bench.peers.worker import serve

# Only after Django was set up by the import above.
from django.contrib.auth.models import User  # isort: skip
from django.db import transaction  # isort: skip
from django_gamification import signals  # noqa: F401 # isort: skip -- connects itself
from django_gamification.models import (  # isort: skip
    Badge,
    BadgeDefinition,
    Category,
    GamificationInterface,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from bench.peers.workload import Song, Workload


class Gamification:
    """See worker.Program. A metric is a category of badges; a user has an interface of their id."""

    def __init__(self, given: Workload) -> None:
        django_songs.make_tables()
        with transaction.atomic():
            for metric, rungs in given.metrics.items():
                category = Category.objects.create(name=metric)
                for each in rungs:
                    BadgeDefinition.objects.create(
                        name=each.code,
                        progression_target=each.threshold,
                        category=category,
                        points=each.points,
                    )

    def connection(self) -> sqlite3.Connection:
        """See worker.Program."""
        return django_songs.raw_connection()

    def add_user(self, user_id: int, songs: Sequence[Song]) -> None:
        """See worker.Program."""
        with transaction.atomic():
            django_songs.add_user(user_id, songs)
            GamificationInterface.objects.create(id=user_id)  # creates a row for each badge

    def act(self, user_id: int, song: Song, *, checked: bool) -> None:
        """See worker.Program."""
        with transaction.atomic():
            user = User.objects.get(id=user_id)
            django_songs.Song.objects.create(user=user, **song._asdict())
            if checked:
                open_badges = _open(user_id).filter(category__name__in=workload.MOVED)
                for badge in open_badges:
                    badge.progression.progress += 1
                    _save(badge)

    def recheck(self, user_ids: Sequence[int]) -> None:
        """See worker.Program."""
        with transaction.atomic():
            for user in User.objects.filter(id__in=user_ids):
                numbers: dict[str, int] = {}
                for badge in _open(user.id).select_related("category").order_by("id"):
                    metric = badge.category.name
                    if metric not in numbers:
                        numbers[metric] = _number(user, metric)
                    badge.progression.progress = numbers[metric]
                    _save(badge)

    def awards(self, user_ids: Sequence[int]) -> list[tuple[int, str]]:
        """See worker.Program."""
        held = Badge.acquired_objects.filter(interface_id__in=user_ids)
        return list(held.values_list("interface_id", "name"))

    def progress(self, user_id: int) -> list[tuple[str, int, int, bool]]:
        """See worker.Program."""
        rows = Badge.objects.filter(interface_id=user_id).select_related("progression")
        return [
            (each.name, each.progression.progress, each.progression.target, each.acquired)
            for each in rows.order_by("id")
        ]


def _open(user_id: int) -> list[Badge]:
    return Badge.objects.filter(interface_id=user_id, acquired=False).select_related(
        "progression", "interface"
    )


def _save(badge: Badge) -> None:
    """Save its progress; a complete badge awards its points."""
    badge.progression.save()
    if badge.progression.finished:
        badge.award()
        badge.save()


def _number(user: User, metric: str) -> int:
    if metric == workload.OF_AWARDS:
        return Badge.acquired_objects.filter(interface_id=user.id).count()
    return django_songs.number(user, metric)


if __name__ == "__main__":
    serve(Gamification)
