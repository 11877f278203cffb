"""Songs in Django, for the peers that are Django applications. Importing it sets Django up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import django
from django.conf import settings

FILE = "django.sqlite3"

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FILE}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "pinax.badges",
        "django_gamification",
    ],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
    SECRET_KEY="not a secret: nobody lives here",
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402 -- only after the setup
from django.core.management import call_command  # noqa: E402
from django.db import connection, models  # noqa: E402

from bench.peers import workload  # noqa: E402

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence


class Song(models.Model):
    """One song of a user; `steps` as in the workload."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    title = models.CharField(max_length=200)
    artist = models.CharField(max_length=200)
    year = models.IntegerField()
    steps = models.IntegerField()

    class Meta:
        """Indexes of the counted columns."""

        app_label = "songs"
        indexes = (models.Index(fields=["user", "steps"], name="songs_user_steps"),)

    def __str__(self) -> str:
        return self.title


class Deed(models.Model):
    """Everything else that counts: a pack, a day, a bug report. The workload has none."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    metric = models.CharField(max_length=40)

    class Meta:
        """Indexes of the counted columns."""

        app_label = "songs"
        indexes = (models.Index(fields=["user", "metric"], name="deeds_user_metric"),)

    def __str__(self) -> str:
        return self.metric


def make_tables() -> None:
    """Open the file and create every table."""
    connection.cursor().execute("PRAGMA journal_mode=WAL")
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(Song)
        editor.create_model(Deed)


def raw_connection() -> sqlite3.Connection:
    """Return the driver connection."""
    connection.ensure_connection()
    found: sqlite3.Connection = connection.connection
    return found


def add_user(user_id: int, songs: Sequence[workload.Song]) -> User:
    """Insert a user with these songs."""
    user = User.objects.create(id=user_id, username=f"user-{user_id}")
    Song.objects.bulk_create(Song(user=user, **song._asdict()) for song in songs)
    return user


def number(user: User, metric: str) -> int:
    """Return the counter of a metric of a user; each program counts awards itself."""
    if metric in workload.STEPS:
        return Song.objects.filter(user=user, steps__gte=workload.STEPS[metric]).count()
    if metric not in workload.DIFFERENT:
        return Deed.objects.filter(user=user, metric=metric).count()
    released = Song.objects.filter(user=user, steps=workload.RELEASED)
    what = {
        "distinct_artists": "artist",
        "distinct_years": "year",
        "distinct_decades": models.F("year") - models.F("year") % 10,
    }[metric]
    return released.aggregate(n=models.Count(what, distinct=True))["n"]
