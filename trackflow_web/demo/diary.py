"""What the people of the demo community did and when: the same on every machine, up to its date."""

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

from trackflow_web.demo import cast
from trackflow_web.demo.cast import Charted
from trackflow_web.domain.authoring.rules import Part, State
from trackflow_web.domain.people.rules import local_day
from trackflow_web.domain.songs.rules import Status
from trackflow_web.kernel.text import artist_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from trackflow_web.demo.cast import Album, Resident, Work

# Parts that many charts do without.
OFTEN_SKIPPED = (Part.FAKE_ENDING, Part.HARMONIES, Part.PRO_KEYS, Part.KEYS)
FIRST_VISIT = time(7, 30)
# Songs are worked on after work; the last step of a day is over before midnight.
EVENING = (17 * 60, 23 * 60)  # minutes of the day
LONGEST_WORK = 60  # days from a song's first step to its last
MOST_EVENINGS = 2  # on which one song is worked on
A_WHILE = timedelta(minutes=10)


class Listed(NamedTuple):
    """A song of the list."""

    title: str
    artist: str
    album: str
    year: int


class Deed:
    """Something that somebody did."""


@dataclass(frozen=True)
class Visit(Deed):
    """Somebody came."""


@dataclass(frozen=True)
class Add(Deed):
    """A song was added in this state."""

    song: Listed
    status: Status


@dataclass(frozen=True)
class Move(Deed):
    """A song was moved to this state."""

    song: Listed
    status: Status


@dataclass(frozen=True)
class Mark(Deed):
    """A part of a song was found done or not needed."""

    song: Listed
    part: Part
    state: State


@dataclass(frozen=True)
class StartPack(Deed):
    """A pack was started."""

    name: str


@dataclass(frozen=True)
class Put(Deed):
    """A song was put into a pack."""

    song: Listed
    pack: str
    optional: bool


@dataclass(frozen=True)
class AskForHelp(Deed):
    """Somebody was let help with a song."""

    song: Listed
    helper: str


@dataclass(frozen=True)
class StartAlbum(Deed):
    """An album was begun, with the songs of it that there were."""

    album: Album


@dataclass(frozen=True, order=True)
class Entry:
    """What somebody did at a moment; entries are sorted by it."""

    at: datetime
    username: str
    deed: Deed = field(compare=False)


@functools.cache
def songs() -> tuple[Listed, ...]:
    """The songs of the list, in its order."""
    text = resources.files(__package__).joinpath("songs.csv").read_text("utf-8")
    return tuple(
        Listed(row["title"], row["artist"], row["album"], int(row["year"]))
        for row in csv.DictReader(text.splitlines())
    )


def entries(resident: Resident, now: datetime) -> list[Entry]:
    """All that somebody did after they joined and before the day of `now`, in order."""
    # Dice of their own: somebody new in the cast changes nobody else's days.
    dice = random.Random(resident.username)  # noqa: S311 -- guards no secret
    today = local_day(now, resident.timezone)
    written = [Entry(joined_at(resident, now), resident.username, Visit())]
    for run in resident.runs:
        for ago in range(run.ended, run.ended + run.days):
            at = _moment(resident, today - timedelta(days=ago), FIRST_VISIT)
            written.append(Entry(at, resident.username, Visit()))
    ends: list[tuple[Work, Listed, datetime]] = []
    for work, song in _chosen(resident.works, dice):
        deeds = list(_deeds(work, song, dice))
        times = _times(resident, today, len(deeds), dice)
        written += [
            Entry(at, resident.username, deed) for at, deed in zip(times, deeds, strict=True)
        ]
        ends.append((work, song, times[-1]))
    together = [*_packs(ends), *_help(ends, now), *_albums(resident, ends)]
    written += [Entry(at, resident.username, deed) for at, deed in together]
    return sorted(written)


def _packs(ends: Sequence[tuple[Work, Listed, datetime]]) -> Iterator[tuple[datetime, Deed]]:
    """Packs are made when their songs have come as far as they come: nobody settles them later."""
    for name in dict.fromkeys(work.pack for work, _, _ in ends if work.pack):
        inside = [each for each in ends if each[0].pack == name]
        at = max(end for _, _, end in inside) + A_WHILE
        yield at, StartPack(name)
        for work, song, _ in inside:
            yield at, Put(song, name, work.optional)


def _help(
    ends: Sequence[tuple[Work, Listed, datetime]], now: datetime
) -> Iterator[tuple[datetime, Deed]]:
    """Who is asked for help has been here for a day."""
    joined = {each.username: joined_at(each, now) for each in cast.RESIDENTS}
    for work, song, end in ends:
        if work.helper in joined:
            yield (
                max(end + A_WHILE, joined[work.helper] + timedelta(days=1)),
                AskForHelp(song, work.helper),
            )


def _albums(
    resident: Resident, ends: Sequence[tuple[Work, Listed, datetime]]
) -> Iterator[tuple[datetime, Deed]]:
    for album in resident.albums:
        at = max(end for work, _, end in ends if work.album == album.name) + A_WHILE
        yield at, StartAlbum(album)


def joined_at(resident: Resident, now: datetime) -> datetime:
    """When somebody registered."""
    day = local_day(now, resident.timezone) - timedelta(days=resident.joined)
    return _moment(resident, day, FIRST_VISIT)


def _chosen(works: Sequence[Work], dice: random.Random) -> Iterator[tuple[Work, Listed]]:
    """A song for every place in the works: none twice, of as many artists as there are."""
    left = list(songs())
    dice.shuffle(left)
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


def _suits(song: Listed, work: Work) -> bool:
    return song.year in work.years and work.album in {"", song.album}


_artist_key = functools.cache(artist_key)


def _deeds(work: Work, song: Listed, dice: random.Random) -> Iterator[Deed]:
    """The steps of one song; what is released at last was charted before."""
    first, *others = work.way
    last = [others.pop()] if others and others[-1] is Status.RELEASED else []
    yield Add(song, first)
    for status in others:
        yield Move(song, status)
    yield from _marks(work.charted, song, dice)
    for status in last:
        yield Move(song, status)


def _marks(charted: Charted, song: Listed, dice: random.Random) -> Iterator[Mark]:
    parts = list(Part)
    if charted is Charted.NOTHING:
        parts = []
    elif charted is Charted.SOME:
        parts = parts[: dice.randint(3, 11)]
    elif charted is Charted.NEARLY:
        parts = parts[:-1]
    for part in parts:
        skipped = part in OFTEN_SKIPPED and dice.random() < 0.6  # noqa: PLR2004 -- more often than not
        yield Mark(song, part, State.SKIP if skipped else State.DONE)


def _times(resident: Resident, today: date, count: int, dice: random.Random) -> list[datetime]:
    """So many moments one after another, on a few evenings while somebody was active."""
    first = dice.randint(resident.last_seen, resident.joined - 1)
    length = dice.randint(0, min(first - resident.last_seen, LONGEST_WORK))
    days = [dice.randint(first - length, first) for _ in range(MOST_EVENINGS)]
    evenings = sorted((-dice.choice(days), dice.randint(*EVENING)) for _ in range(count))
    return [
        _moment(resident, today + timedelta(days=day), time(minute // 60, minute % 60))
        # Steps of the same minute keep their order.
        + timedelta(seconds=step)
        for step, (day, minute) in enumerate(evenings)
    ]


def _moment(resident: Resident, day: date, at: time) -> datetime:
    return datetime.combine(day, at, ZoneInfo(resident.timezone)).astimezone(ZoneInfo("UTC"))


def merged(diaries: Iterable[Iterable[Entry]]) -> list[Entry]:
    """Everybody's entries in the order in which they happened."""
    return sorted(entry for diary in diaries for entry in diary)
