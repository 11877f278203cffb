"""Fill the tables with some months of activity of a few users, through domain actions."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from limits import RateLimitItemPerDay

from trackflow_web.achievements.recheck import reconcile as recheck
from trackflow_web.domain.authoring import actions as authoring
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.collaborations import invitations
from trackflow_web.domain.comments import actions as comments
from trackflow_web.domain.feedback import actions as feedback
from trackflow_web.domain.feedback.rules import Kind
from trackflow_web.domain.imports import actions as imports
from trackflow_web.domain.imports import files
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.people import actions as people
from trackflow_web.domain.people import queries
from trackflow_web.domain.people.models import User
from trackflow_web.domain.series import actions as series
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.site import Site

START = datetime(2025, 1, 1, 12, tzinfo=UTC)
IMPORTED = 20
SONGS_A_PACK = 10
TRACKS = 10
HELPED = 5
AUTHORED_EVERY = 10
SOME_PARTS = 5
ARTISTS = 40
FIRST_YEAR, YEARS = 1955, 70
LIMIT = RateLimitItemPerDay(10)
WORDS = "It would help those of us who chart in the evening, with little time and many songs. "


def settle(site: Site, people_: int, songs_each: int, quiet: int) -> None:
    """Create active users with songs, and `quiet` accounts without songs.

    A fifth of the songs of each user are imported. Of the others a third each are planned, WIP and
    released; every tenth is fully authored.
    """
    names = [f"person-{number}" for number in range(people_)]
    with _calendar() as days:
        for name in names:
            _register(site, name)
        for name, friend in zip(names, [*names[1:], names[0]], strict=True):
            days.at = START
            _live(site, days, name, friend, songs_each)
    _add_quiet(site, quiet)


class _Days:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


@contextmanager
def _calendar() -> Iterator[_Days]:
    before = clock._source  # noqa: SLF001 -- restored afterwards
    days = _Days()
    clock.set_source(days)
    try:
        yield days
    finally:
        clock.set_source(before)


def _register(site: Site, name: str) -> None:
    with site.working():
        user = people.register(
            username=name, email=f"{name}@example.org", password="songs by the thousand"
        )
        people.create_token(user, name="A program", scope="read", days=365)


def _live(site: Site, days: _Days, name: str, friend: str, songs_each: int) -> None:
    """Add a song per day, then the packs, albums and collaborations."""
    ids = []
    by_hand = max(songs_each - IMPORTED, 1)
    for day in range(by_hand):
        days.at += timedelta(days=1)
        with site.working():
            user = queries.get_by_username(name)
            people.record_visit(user)
            ids.append(_chart(user, day).id)
    _import(site, name)
    with site.working():
        _put_together(name, friend, ids)


def _chart(user: User, day: int) -> Song:
    song = songs.add_song(
        user,
        title=f"A song of day {day}",
        artist=f"The Artist {day % ARTISTS}",
        album=f"Album {day // TRACKS}",
        year=FIRST_YEAR + day % YEARS,
    )
    for status in ("wip", "released")[: day % 3]:
        songs.move_song(song, user, status=status)
    is_authored = day % AUTHORED_EVERY == 0
    marked = list(Part) if is_authored else list(Part)[:SOME_PARTS] if day % 3 == 1 else []
    for part in marked:
        authoring.mark_part(song, part, user, state="done")
    return song


def _import(site: Site, name: str) -> None:
    lines = ["Track URI,Track Name,Album Name,Artist Name(s),Release Date"]
    lines += [f"spotify:track:{n},Found {n},Album,Artist {n},1999-05-03" for n in range(IMPORTED)]
    with site.working():
        playlist = files.read("\n".join(lines).encode())
        user = queries.get_by_username(name)
        item = imports.begin_file(user, playlist, name="Found", status="future")
        site.app.extensions["trackflow.jobs"].start_import(item.id)


def _put_together(name: str, friend: str, ids: list[int]) -> None:
    user, other = queries.get_by_username(name), queries.get_by_username(friend)
    for first in range(0, len(ids), 2 * SONGS_A_PACK):
        pack = packs.create_pack(user, name=f"Pack {first}")
        for song_id in ids[first : first + SONGS_A_PACK]:
            packs.put_song(pack, song_id=song_id, optional=False)
    titles = [f"A song of day {day}" for day in range(TRACKS)]
    album = series.create_series(
        user, artist="The Artist 1", album="Album 0", year=None, tracks=titles
    )
    series.link_suggested(album)
    invitations.remember_work(user.id, other.id)
    for song_id in ids[:HELPED]:
        songs.add_collaborator(db.session.get_one(Song, song_id), username=friend, limits=())
    item = feedback.submit(
        user, Kind.FEATURE, title="A dark theme", description=WORDS * 3, limit=LIMIT
    )
    feedback.vote(item, other)
    comments.write(feedback.thread_of(item), other, body=WORDS, limits=comments.Limits((LIMIT,)))


def _add_quiet(site: Site, quiet: int) -> None:
    """Add accounts without songs, so that tables with one row per user have more than one page."""
    with site.working():
        model = queries.get_by_username("person-0")
        columns = {
            column.name: getattr(model, column.name)
            for column in User.__table__.columns
            if column.name not in {"id", "username", "username_key", "email"}
        }
        rows = [
            {**columns, "username": f"quiet-{number}", "email": f"quiet-{number}@example.org"}
            for number in range(quiet)
        ]
        db.session.execute(sa.insert(User), rows)
    with site.working():
        recheck.reconcile_users()
