"""The actions of the demo users and their times: the same on every machine, except for the date."""

from __future__ import annotations

import csv
import functools
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from trackflow_web.demo import users
from trackflow_web.demo.users import Charted
from trackflow_web.domain.authoring.rules import Part, State
from trackflow_web.domain.people.rules import local_day
from trackflow_web.domain.songs.rules import Status
from trackflow_web.kernel.text import artist_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from trackflow_web.demo.users import Album, DemoUser, Work

# Parts that many charts do without.
OFTEN_SKIPPED = (Part.FAKE_ENDING, Part.HARMONIES, Part.PRO_KEYS, Part.KEYS)
FIRST_VISIT = time(7, 30)
# Songs are worked on after work; the last step of a day is over before midnight.
EVENING = (17 * 60, 23 * 60)  # minutes of the day
LONGEST_WORK = 60  # days from a song's first step to its last
MOST_EVENINGS = 2  # on which one song is worked on
A_WHILE = timedelta(minutes=10)


class ListedSong(NamedTuple):
    """A song of the list."""

    title: str
    artist: str
    album: str
    year: int


class Step:
    """One action of a demo user."""


@dataclass(frozen=True)
class Visit(Step):
    """A visit."""


@dataclass(frozen=True)
class Add(Step):
    """A song was added in this state."""

    song: ListedSong
    status: Status


@dataclass(frozen=True)
class Move(Step):
    """A song was moved to this state."""

    song: ListedSong
    status: Status


@dataclass(frozen=True)
class Mark(Step):
    """A part of a song was found done or not needed."""

    song: ListedSong
    part: Part
    state: State


@dataclass(frozen=True)
class CreatePack(Step):
    """A pack was started."""

    name: str


@dataclass(frozen=True)
class Put(Step):
    """A song was put into a pack."""

    song: ListedSong
    pack: str
    optional: bool


@dataclass(frozen=True)
class AddCollaborator(Step):
    """A collaborator was added to a song, or invited; unless `accepted`, this is pending."""

    song: ListedSong
    collaborator: str
    accepts: bool = True


@dataclass(frozen=True)
class CreateSeries(Step):
    """A new album, linked to existing songs."""

    album: Album


@dataclass(frozen=True, order=True)
class Entry:
    """An action of a user at a time; entries are sorted by it."""

    at: datetime
    username: str
    step: Step = field(compare=False)


@functools.cache
def songs() -> tuple[ListedSong, ...]:
    """Return the songs of the list, in its order."""
    text = resources.files(__package__).joinpath("songs.csv").read_text("utf-8")
    return tuple(
        ListedSong(row["title"], row["artist"], row["album"], int(row["year"]))
        for row in csv.DictReader(text.splitlines())
    )


def entries(demo_user: DemoUser, now: datetime) -> list[Entry]:
    """Return all actions of a user after joining and before the day of `now`, in order."""
    # A separate generator: another demo user does not change the days of the others.
    rng = random.Random(demo_user.username)  # noqa: S311 -- guards no secret
    today = local_day(now, demo_user.timezone)
    written = [Entry(joined_at(demo_user, now), demo_user.username, Visit())]
    for run in demo_user.runs:
        for ago in range(run.ended, run.ended + run.days):
            at = _moment(demo_user, today - timedelta(days=ago), FIRST_VISIT)
            written.append(Entry(at, demo_user.username, Visit()))
    ends: list[tuple[Work, ListedSong, datetime]] = []
    for work, song in _chosen(demo_user.works, rng):
        steps = list(_steps(work, song, rng))
        times = _times(demo_user, today, len(steps), rng)
        written += [
            Entry(at, demo_user.username, step) for at, step in zip(times, steps, strict=True)
        ]
        ends.append((work, song, times[-1]))
    together = [*_packs(ends), *_help(ends, now), *_albums(demo_user, ends)]
    written += [Entry(at, demo_user.username, step) for at, step in together]
    return sorted(written)


def _packs(ends: Sequence[tuple[Work, ListedSong, datetime]]) -> Iterator[tuple[datetime, Step]]:
    """Return the steps of packs, which are created once their songs are final."""
    for name in dict.fromkeys(work.pack for work, _, _ in ends if work.pack):
        inside = [each for each in ends if each[0].pack == name]
        at = max(end for _, _, end in inside) + A_WHILE
        yield at, CreatePack(name)
        for work, song, _ in inside:
            yield at, Put(song, name, work.optional)


def _help(
    ends: Sequence[tuple[Work, ListedSong, datetime]], now: datetime
) -> Iterator[tuple[datetime, Step]]:
    """Return who is asked for help has been here for a day."""
    joined = {each.username: joined_at(each, now) for each in users.DEMO_USERS}
    for work, song, end in ends:
        if work.collaborator in joined:
            yield (
                max(end + A_WHILE, joined[work.collaborator] + timedelta(days=1)),
                AddCollaborator(song, work.collaborator, accepts=work.accepted),
            )


def _albums(
    demo_user: DemoUser, ends: Sequence[tuple[Work, ListedSong, datetime]]
) -> Iterator[tuple[datetime, Step]]:
    for album in demo_user.albums:
        at = max(end for work, _, end in ends if work.album == album.name) + A_WHILE
        yield at, CreateSeries(album)


def joined_at(demo_user: DemoUser, now: datetime) -> datetime:
    """Return when a user registered."""
    day = local_day(now, demo_user.timezone) - timedelta(days=demo_user.joined)
    return _moment(demo_user, day, FIRST_VISIT)


def _chosen(works: Sequence[Work], rng: random.Random) -> Iterator[tuple[Work, ListedSong]]:
    """Return a different song for every place in the works, of as many artists as possible."""
    left = list(songs())
    rng.shuffle(left)
    taken: Counter[str] = Counter()
    for work in works:
        for _ in range(work.songs):
            song = min(
                (song for song in left if _suits(song, work)),
                key=lambda song: taken[_artist_key(song.artist)],
            )
            left.remove(song)
            taken[_artist_key(song.artist)] += 1
            yield work, song


def _suits(song: ListedSong, work: Work) -> bool:
    return song.year in work.years and work.album in {"", song.album}


_artist_key = functools.cache(artist_key)


def _steps(work: Work, song: ListedSong, rng: random.Random) -> Iterator[Step]:
    """Return the steps of one song; what is released at last was charted before."""
    first, *others = work.statuses
    last = [others.pop()] if others and others[-1] is Status.RELEASED else []
    yield Add(song, first)
    for status in others:
        yield Move(song, status)
    yield from _marks(work.charted, song, rng)
    for status in last:
        yield Move(song, status)


def _marks(charted: Charted, song: ListedSong, rng: random.Random) -> Iterator[Mark]:
    parts = list(Part)
    if charted is Charted.NOTHING:
        parts = []
    elif charted is Charted.SOME:
        parts = parts[: rng.randint(3, 11)]
    elif charted is Charted.NEARLY:
        parts = parts[:-1]
    for part in parts:
        skipped = part in OFTEN_SKIPPED and rng.random() < 0.6  # noqa: PLR2004 -- more often than not
        yield Mark(song, part, State.SKIP if skipped else State.DONE)


def _times(demo_user: DemoUser, today: date, count: int, rng: random.Random) -> list[datetime]:
    """Return consecutive times on a few evenings while a user was active."""
    first = rng.randint(demo_user.last_seen, demo_user.joined - 1)
    length = rng.randint(0, min(first - demo_user.last_seen, LONGEST_WORK))
    days = [rng.randint(first - length, first) for _ in range(MOST_EVENINGS)]
    evenings = sorted((-rng.choice(days), rng.randint(*EVENING)) for _ in range(count))
    return [
        _moment(demo_user, today + timedelta(days=day), time(minute // 60, minute % 60))
        # Steps of the same minute keep their order.
        + timedelta(seconds=step)
        for step, (day, minute) in enumerate(evenings)
    ]


def _moment(demo_user: DemoUser, day: date, at: time) -> datetime:
    return datetime.combine(day, at, ZoneInfo(demo_user.timezone)).astimezone(ZoneInfo("UTC"))


def merged(timelines: Iterable[Iterable[Entry]]) -> list[Entry]:
    """Return the entries of several timelines in the order in which they happened."""
    return sorted(entry for timeline in timelines for entry in timeline)
