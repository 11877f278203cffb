"""The users of the demo community and how much each of them charted, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from trackflow_web.domain.songs.rules import Status

FUTURE, WIP, RELEASED = Status.FUTURE, Status.WIP, Status.RELEASED


class Charted(Enum):
    """How much of a song's 15 parts was worked on."""

    NOTHING = auto()
    SOME = auto()
    NEARLY = auto()  # all but the last one
    FULLY = auto()


@dataclass(frozen=True)
class Work:
    """A number of songs that went through these statuses, from these years or from one album.

    All of them are in `pack` and have `collaborator`, where these are given; unless `accepted`, the
    collaborator is only invited.
    """

    songs: int
    statuses: tuple[Status, ...]
    charted: Charted = Charted.NOTHING
    years: range = range(1900, 2100)
    album: str = ""
    pack: str = ""
    optional: bool = False
    collaborator: str = ""
    accepted: bool = True


@dataclass(frozen=True)
class Album:
    """An album charted track by track; tracks link to songs of the same title."""

    artist: str
    name: str
    year: int
    tracks: tuple[str, ...]
    irrelevant: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """Consecutive days with a visit, the last of them some days ago."""

    days: int
    ended: int


@dataclass(frozen=True)
class DemoUser:
    """A user with the days since joining and since the last activity.

    Without a password, signing in as this user is impossible.
    """

    username: str
    timezone: str
    joined: int
    last_seen: int = 1
    works: tuple[Work, ...] = ()
    runs: tuple[Run, ...] = ()
    albums: tuple[Album, ...] = ()
    password: str = ""
    is_admin: bool = False


BOSTON = Album(
    "Boston",
    "Boston",
    1976,
    tracks=(
        "More Than a Feeling",
        "Peace of Mind",
        "Foreplay/Long Time",
        "Rock and Roll Band",
        "Smokin'",
        "Hitch a Ride",
        "Something About You",
        "Let Me Take You Home Tonight",
    ),
    irrelevant=("Let Me Take You Home Tonight",),
)

# Close to achievements: the next song moved to Released unlocks several achievements, the one
# from the sixties more than are shown singly; one part is missing for another and for a pack.
DEMO = DemoUser(
    "demo",
    "Europe/London",
    joined=170,
    password="charts make the band",
    works=(
        Work(1, (FUTURE, WIP, RELEASED), Charted.FULLY, album="Boston", pack="Stadium Night"),
        Work(1, (FUTURE, WIP), Charted.SOME, album="Boston"),
        Work(2, (FUTURE,), album="Boston"),
        Work(9, (FUTURE,)),
        Work(1, (FUTURE, WIP), Charted.SOME, range(1970, 2010), pack="Sunday Drive"),
        Work(
            1,
            (FUTURE, WIP),
            Charted.SOME,
            range(1970, 2010),
            pack="Sunday Drive",
            collaborator="noriko",
        ),
        Work(1, (FUTURE, WIP), Charted.NEARLY, range(1970, 2010), pack="Stadium Night"),
        Work(1, (WIP,), Charted.SOME, range(1960, 1970)),
        Work(1, (WIP,), Charted.NOTHING, range(1970, 2010), pack="Sunday Drive", optional=True),
        Work(1, (WIP,), Charted.NOTHING, range(1970, 2010), collaborator="wren"),
        Work(2, (FUTURE, WIP, RELEASED), Charted.FULLY, range(1970, 2010), pack="Stadium Night"),
        Work(
            1,
            (FUTURE, WIP, RELEASED),
            Charted.FULLY,
            range(1970, 2010),
            pack="Sunday Drive",
            collaborator="noriko",
        ),
        Work(5, (FUTURE, WIP, RELEASED), Charted.SOME, range(1970, 2010)),
        Work(15, (RELEASED,), Charted.SOME, range(1970, 2010)),
    ),
    albums=(BOSTON,),
    runs=(Run(11, ended=40), Run(5, ended=1)),
)
ADMIN = DemoUser(
    "olga",
    "Europe/Warsaw",
    joined=725,
    password="somebody keeps the lights on",
    is_admin=True,
    works=(
        Work(8, (FUTURE,)),
        Work(3, (FUTURE, WIP), Charted.SOME),
        Work(6, (FUTURE, WIP, RELEASED), Charted.FULLY),
        Work(20, (FUTURE, WIP, RELEASED)),
        Work(7, (WIP, RELEASED), Charted.SOME),
    ),
    runs=(Run(33, ended=200), Run(9, ended=1)),
)

DEMO_USERS = (
    DEMO,
    ADMIN,
    # The veteran.
    DemoUser(
        "ragnhild",
        "Europe/Oslo",
        joined=729,
        works=(
            Work(190, (FUTURE,)),
            Work(8, (FUTURE, WIP), Charted.SOME),
            Work(22, (FUTURE, WIP)),
            Work(11, (FUTURE, WIP, RELEASED), Charted.FULLY),
            Work(107, (FUTURE, WIP, RELEASED)),
            Work(150, (WIP, RELEASED)),
            Work(30, (RELEASED,)),
        ),
        runs=(Run(104, ended=300), Run(26, ended=1)),
    ),
    # Releases much, plans nothing.
    DemoUser(
        "tadeo",
        "America/Argentina/Buenos_Aires",
        joined=640,
        works=(
            Work(7, (WIP,), Charted.SOME),
            Work(60, (WIP, RELEASED)),
            Work(45, (RELEASED,), years=range(1965, 2000)),
        ),
        runs=(Run(16, ended=430),),
    ),
    # Plans everything, finishes little.
    DemoUser(
        "kiri",
        "Pacific/Auckland",
        joined=500,
        works=(
            Work(104, (FUTURE,)),
            Work(8, (FUTURE, WIP), Charted.SOME),
            Work(3, (FUTURE, WIP, RELEASED), Charted.FULLY, range(2000, 2026)),
        ),
        runs=(Run(8, ended=90),),
    ),
    # Leaves no part undone.
    DemoUser(
        "yusuf",
        "Asia/Karachi",
        joined=590,
        works=(
            Work(2, (WIP,), Charted.NEARLY),
            Work(12, (WIP, RELEASED), Charted.FULLY),
        ),
        runs=(Run(20, ended=120), Run(4, ended=30)),
    ),
    # Comes every day.
    DemoUser(
        "noriko",
        "Asia/Tokyo",
        joined=400,
        works=(
            Work(6, (FUTURE,)),
            Work(2, (FUTURE, WIP), Charted.SOME, range(1980, 1990), collaborator="demo"),
            Work(1, (FUTURE, WIP), Charted.SOME, range(1980, 1990)),
            Work(6, (FUTURE, WIP, RELEASED), Charted.FULLY, range(1980, 1990), pack="Neon Decade"),
        ),
        runs=(Run(63, ended=1),),
    ),
    DemoUser(
        "lamar",
        "America/Chicago",
        joined=450,
        works=(
            Work(18, (FUTURE,)),
            Work(3, (FUTURE, WIP), Charted.SOME),
            Work(1, (FUTURE, WIP), Charted.SOME, collaborator="demo", accepted=False),
            Work(26, (FUTURE, WIP, RELEASED)),
            Work(28, (RELEASED,), years=range(1990, 2026)),
        ),
        runs=(Run(5, ended=150),),
    ),
    DemoUser(
        "anjali",
        "Asia/Kolkata",
        joined=210,
        works=(
            Work(9, (FUTURE,)),
            Work(2, (FUTURE, WIP), Charted.SOME),
            Work(12, (WIP, RELEASED), years=range(2000, 2026)),
        ),
        runs=(Run(7, ended=60),),
    ),
    # Was here for some weeks, long ago.
    DemoUser(
        "hugo",
        "Europe/Paris",
        joined=700,
        last_seen=640,
        works=(Work(5, (FUTURE,)),),
        runs=(Run(3, ended=680),),
    ),
    DemoUser(
        "sefa",
        "Pacific/Apia",
        joined=75,
        works=(
            Work(4, (FUTURE,)),
            Work(2, (WIP,), Charted.SOME),
            Work(2, (WIP, RELEASED), Charted.FULLY),
        ),
        runs=(Run(3, ended=12),),
    ),
    # One song.
    DemoUser(
        "wren",
        "America/St_Johns",
        joined=16,
        works=(Work(1, (FUTURE, WIP), Charted.SOME, collaborator="demo"),),
    ),
    # Nothing yet.
    DemoUser("milo", "UTC", joined=2),
)
