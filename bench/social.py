"""The feed, threads and the community page among many people, as ratios.

Every page is requested in turns with the songs page of 50 rows. A page among ten times as much is
compared with itself among less through that page, which stays the same. "Without reactions" leaves
out the two statements that read reactions and numbers of comments.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING
from unittest.mock import patch

import sqlalchemy as sa

from bench import crowd
from bench.site import DATABASES, Site, Visitor, site
from tests.support.charter import statements_of
from trackflow_web import composition
from trackflow_web.achievements.standings.windows import Span, window_of
from trackflow_web.community import figures, highlights
from trackflow_web.community.models import FeedEntry
from trackflow_web.domain.comments.models import Comment
from trackflow_web.domain.reactions.models import Reaction
from trackflow_web.domain.reactions.rules import Kind as ReactionKind
from trackflow_web.domain.relations.models import Follow, Mute, Muted, MutedArtist
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.domain.visibility.models import Block
from trackflow_web.kernel import clock, markup
from trackflow_web.kernel.database import db
from trackflow_web.web import feed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bench.crowd import Crowd

TURNS, MOVES = 60, 150
SONGS = 50
PEOPLE, FEW, MANY = 2_000, 20_000, 200_000
FOLLOWED_FEW, FOLLOWED = 20, 200
AVOIDED = 500
REACTIONS_EACH, COMMENTS_EACH = 12, 3
LIST, GLOBAL, OF_FOLLOWED = "/songs/", "/community/feed", "/community/feed?who=followed"
WITH_REACTIONS, INBOX, WHOLE = "/community/feed?limit=30", "/notifications/", "/community/"
WORDS = "It would help those of us who chart in the evening, **with little time** and many songs. "

_GOALS = {
    "global feed page / songs page of 50": "<= 1.3",
    "followed feed page, 200 followed, 200,000 entries / songs page of 50": "<= 1.3",
    "global feed page, 200,000 entries / 20,000": "<= 1.1",
    "followed feed page, 200,000 entries / 20,000": "<= 1.1",
    "followed feed page, 200 followed / 20": "<= 1.5",
    "feed page of 30, with reactions and numbers of comments / without": "<= 1.25",
    "feed page of 30: statements more with reactions and numbers of comments": "<= 2",
    "page of a thread of 200 comments / 50": "<= 1.1",
    "page of a thread of 200 comments / songs page of 50": "<= 1.2",
    "page of a release with 200 comments / songs page of 50": "",
    "community page / songs page of 50": "<= 1.5",
    "global feed page, 500 blocks and 500 mutes / none": "<= 1.1",
    "followed feed page, 500 blocks and 500 mutes / none": "<= 1.1",
    "inbox, 500 blocks and 500 mutes / none": "<= 1.1",
    "release with all features / engine disabled": "<= 1.4",
}
GOALS = {f"{name}: {label}": goal for name in DATABASES.values() for label, goal in _GOALS.items()}


def measure(*, quick: bool) -> dict[str, object]:
    """Return the figures of both databases."""
    found: dict[str, object] = {}
    for kind, name in DATABASES.items():
        ratios = _pages(kind, quick=quick) | _releases(kind, 6 if quick else MOVES)
        found |= {f"{name}: {label}": ratios[label] for label in _GOALS}
    return found


# --- pages ---------------------------------------------------------------------------------------


def _pages(kind: str, *, quick: bool) -> dict[str, float]:
    turns = 3 if quick else TURNS
    people, few, many = (600, 700, 1_400) if quick else (PEOPLE, FEW, MANY)
    ratios: dict[str, float] = {}
    with site(kind=kind) as made:
        reader = Visitor(made, "reader")
        reader.add_songs(range(SONGS), by_way_of=("wip",))
        with made.working():
            community = crowd.settle(people)
            crowd.add_entries(community, few)
            _follow(reader, community, 0, FOLLOWED_FEW)
        _analyze(made)
        early = _against_songs(reader, turns, {"global": GLOBAL, "followed": OF_FOLLOWED})
        with made.working():
            _follow(reader, community, FOLLOWED_FEW, FOLLOWED)
        _analyze(made)
        more = _against_songs(reader, turns, {"followed": OF_FOLLOWED})
        with made.working():
            crowd.add_entries(community, many - few)
        _analyze(made)
        late = _against_songs(reader, turns, {"global": GLOBAL, "followed": OF_FOLLOWED})
        ratios |= {
            "global feed page / songs page of 50": late["global"],
            "followed feed page, 200 followed, 200,000 entries / songs page of 50": late[
                "followed"
            ],
            "global feed page, 200,000 entries / 20,000": late["global"] / early["global"],
            "followed feed page, 200,000 entries / 20,000": late["followed"] / more["followed"],
            "followed feed page, 200 followed / 20": more["followed"] / early["followed"],
        }
        ratios |= _reactions(made, reader, community, turns)
        ratios |= _threads(made, reader, community, turns)
        ratios |= _whole(made, reader, turns)
        ratios |= _avoided(made, reader, community, turns)
    return {label: round(ratio, 3) for label, ratio in ratios.items()}


def _against_songs(reader: Visitor, turns: int, pages: Mapping[str, str]) -> dict[str, float]:
    """Return the time of each page, relative to the songs page."""
    found = _in_turns(
        {name: _look(reader, path) for name, path in {"songs": LIST, **pages}.items()}, turns
    )
    return {name: found[name] / found["songs"] for name in pages}


def _look(reader: Visitor, path: str) -> Callable[[], None]:
    return lambda: reader.look(path)


def _follow(reader: Visitor, community: Crowd, first: int, last: int) -> None:
    # Every third, so that those between them take part as collaborators only.
    ids = community.ids[:: max(len(community.ids) // FOLLOWED, 1)][first:last]
    row = {"user_id": reader.user.id, "created_at": community.now}
    crowd.insert(Follow, [row | {"followed_id": id_} for id_ in ids])


def _analyze(made: Site) -> None:
    """Tell the planner what there is now, as the database does by itself after a while."""
    with made.app.app_context(), db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text("ANALYZE"))


def _reactions(made: Site, reader: Visitor, community: Crowd, turns: int) -> dict[str, float]:
    with made.working():
        newest = db.session.execute(
            sa.select(FeedEntry.kind, FeedEntry.subject_id).order_by(FeedEntry.last_at.desc())
        ).fetchmany(60)
        for type_, id_ in newest:
            _add_reactions(SubjectType(type_), id_, community, REACTIONS_EACH)
            _add_comments(SubjectType(type_), id_, community, COMMENTS_EACH)
    _analyze(made)
    page = _look(reader, WITH_REACTIONS)
    found = _in_turns({"with": page, "without": lambda: _without_reactions(page)}, turns)
    statements = []
    for action in (page, lambda: _without_reactions(page)):
        with statements_of(made.app) as seen:
            action()
        statements.append(len(seen))
    prefix = "feed page of 30"
    return {
        f"{prefix}, with reactions and numbers of comments / without": found["with"]
        / found["without"],
        f"{prefix}: statements more with reactions and numbers of comments": statements[0]
        - statements[1],
    }


def _without_reactions(page: Callable[[], None]) -> None:
    nothing = feed.Said()
    with patch.object(
        feed, "_said", lambda shown, _viewer_id: {each.id: nothing for each in shown}
    ):
        page()


def _add_reactions(type_: SubjectType, id_: int, community: Crowd, count: int) -> None:
    kinds = list(ReactionKind)
    crowd.insert(
        Reaction,
        [
            {
                "user_id": community.ids[-number],
                "subject_type": type_,
                "subject_id": id_,
                "kind": kinds[number % len(kinds)],
                "changed_at": community.now,
            }
            for number in range(1, count + 1)
        ],
    )


def _add_comments(type_: SubjectType, id_: int, community: Crowd, count: int) -> None:
    first = (db.session.scalar(sa.select(sa.func.max(Comment.id))) or 0) + 1
    body = WORDS * 2
    row = {"subject_type": type_, "subject_id": id_, "body": body, "html": markup.to_html(body)}
    row |= {"html_version": markup.VERSION, "created_at": community.now}
    rows = []
    for number in range(first, first + count):
        # Every other comment replies to the one before it.
        parent = number - 1 if (number - first) % 2 else None
        who = community.ids[number % len(community.ids)]
        rows.append(
            row | {"id": number, "user_id": who, "parent_id": parent, "root_id": parent or number}
        )
    crowd.insert(Comment, rows)


def _threads(made: Site, reader: Visitor, community: Crowd, turns: int) -> dict[str, float]:
    with made.working():
        of_one = sa.select(Song.id).where(Song.user_id == community.ids[0])
        # The oldest: no page of the feed shows them.
        short, long = db.session.scalars(of_one.order_by(Song.id.desc()).limit(2))
        for song_id, count in ((short, 50), (long, 200)):
            _add_comments(SubjectType.RELEASE, song_id, community, count)
            _add_reactions(SubjectType.RELEASE, song_id, community, REACTIONS_EACH)
    _analyze(made)
    found = _against_songs(
        reader,
        turns,
        {
            "short": f"/comments/release/{short}",
            "long": f"/comments/release/{long}",
            "release": f"/releases/{long}",
        },
    )
    return {
        "page of a thread of 200 comments / 50": found["long"] / found["short"],
        "page of a thread of 200 comments / songs page of 50": found["long"],
        "page of a release with 200 comments / songs page of 50": found["release"],
    }


def _whole(made: Site, reader: Visitor, turns: int) -> dict[str, float]:
    """Measure the community page after the jobs that count and choose for it."""
    week = window_of(Span.WEEK, clock.now().date()).start - timedelta(weeks=1)
    with made.working():
        for kind in figures.ReportKind:
            figures.make(kind)
        highlights.choose(week, newcomer_days=3)
    found = _against_songs(reader, turns, {"whole": WHOLE})
    return {"community page / songs page of 50": found["whole"]}


def _avoided(made: Site, reader: Visitor, community: Crowd, turns: int) -> dict[str, float]:
    pages = {"global": GLOBAL, "followed": OF_FOLLOWED, "inbox": INBOX}
    before = _against_songs(reader, turns, pages)
    with made.working():
        _avoid(reader.user.id, community)
    _analyze(made)
    after = _against_songs(reader, turns, pages)
    names = {"global": "global feed page", "followed": "followed feed page", "inbox": "inbox"}
    return {
        f"{names[page]}, 500 blocks and 500 mutes / none": after[page] / before[page]
        for page in pages
    }


def _avoid(user_id: int, community: Crowd) -> None:
    """Let a user block 500 of those whom they do not follow, and mute as many users and things."""
    row = {"user_id": user_id, "created_at": community.now}
    follows = set(
        db.session.scalars(sa.select(Follow.followed_id).where(Follow.user_id == user_id))
    )
    others = [id_ for id_ in community.ids if id_ not in follows]
    count = min(AVOIDED, len(others) // 2)
    crowd.insert(Block, [row | {"blocked_id": id_} for id_ in others[:count]])
    things = [(Muted.PERSON, id_) for id_ in others[count : count + count // 2]]
    things += [(Muted.SONG, community.first + number * 7) for number in range(count // 5)]
    things += [(Muted.PACK, community.first + number * 9) for number in range(count // 5)]
    crowd.insert(Mute, [row | {"kind": kind, "target_id": id_} for kind, id_ in things])
    names = [f"Artist {number}" for number in range(count - len(things))]
    crowd.insert(
        MutedArtist, [row | {"artist_key": name.casefold(), "artist": name} for name in names]
    )


# --- actions -------------------------------------------------------------------------------------


def _releases(kind: str, count: int) -> dict[str, float]:
    """Compare releases on a site with every handler and on one without the achievement handler."""
    with ExitStack() as stack:
        visitors = [
            Visitor(stack.enter_context(_site_with(kind, without)), "bench")
            for without in (set(), {"achievements"})
        ]
        songs = []
        for visitor in visitors:
            visitor.add_songs(range(SONGS), by_way_of=("wip", "released"))
            songs.append(visitor.add_songs(range(SONGS, SONGS + count), by_way_of=("wip",)))
            visitor.look(LIST)  # shows pending toasts
        waiting = [iter(each) for each in songs]
        found = _in_turns(
            {
                "with": lambda: visitors[0].move(next(waiting[0]), "released"),
                "without": lambda: visitors[1].move(next(waiting[1]), "released"),
            },
            count,
        )
    return {
        "release with all features / engine disabled": round(found["with"] / found["without"], 3)
    }


@contextmanager
def _site_with(kind: str, without: set[str]) -> Iterator[Site]:
    chosen = [each for each in composition.HANDLERS if each.name not in without]
    with patch.object(composition, "HANDLERS", chosen), site(kind=kind) as made:
        yield Site(made.app, chosen)


def _in_turns(actions: Mapping[str, Callable[[], object]], turns: int) -> dict[str, float]:
    """Return the median seconds of each action."""
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for turn in range(turns):
        # The order alternates, so that neither side always runs on warm caches.
        for name, action in list(actions.items())[:: -1 if turn % 2 else 1]:
            start = time.perf_counter()
            action()
            seconds[name].append(time.perf_counter() - start)
    return {name: median(each) for name, each in seconds.items()}
