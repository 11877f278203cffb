"""What an image shows of a page: read as a visitor, so that it has nothing that they may not see.

Collaborators are counted and not named: an image with names would have to follow the privacy of
each of them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.achievements.progress import queries as progress
from trackflow_web.achievements.progress.shown_award import find_award
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.covers.models import Cover
from trackflow_web.domain.people.models import Avatar, User
from trackflow_web.domain.releases import queries
from trackflow_web.domain.releases.credits import credits_of
from trackflow_web.domain.share_images.models import Kind
from trackflow_web.domain.visibility import visible_to
from trackflow_web.kernel.database import db
from trackflow_web.kernel.text import count_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trackflow_web.domain.songs.models import Song

# Part of every digest: a new look renders every image again.
LOOK = 2
COVERS = 3
MEDALS = 5
MOST_COUNTED = 500
# The parts that players look for, in their order.
INSTRUMENTS = (
    *(Part.DRUMS, Part.BASS, Part.GUITAR, Part.VOCALS, Part.HARMONIES, Part.KEYS, Part.PRO_KEYS),
)


@dataclass(frozen=True)
class Art:
    """A cover: an upload by its digest, otherwise one that is generated from these names."""

    digest: str | None
    artist: str
    name: str


@dataclass(frozen=True)
class Charter:
    """A user: an uploaded picture by its digest, otherwise one that is generated."""

    user_id: int
    username: str
    name: str
    digest: str | None


@dataclass(frozen=True)
class Medal:
    """The medallion of an achievement."""

    icon: str
    rarity: str


@dataclass(frozen=True)
class Card:
    """The contents of an image; `marks` are short words, `figures` numbers with a word each."""

    kind: Kind
    by: Charter
    title: str
    kicker: str = ""
    about: Sequence[str] = ()
    marks: Sequence[str] = ()
    figures: Sequence[tuple[str, str]] = ()
    covers: Sequence[Art] = ()
    medals: Sequence[Medal] = ()

    @property
    def digest(self) -> str:
        """Return a digest of all that is shown."""
        shown = json.dumps([LOOK, asdict(self)], sort_keys=True)
        return hashlib.sha256(shown.encode()).hexdigest()[:12]


def card_of(kind: Kind, subject_id: int) -> Card | None:
    """Return what the image of a page shows; None if visitors do not see the page."""
    return _CARDS[kind](subject_id)


def pictures_of(card: Card) -> dict[str, bytes]:
    """Return the uploaded pictures that an image shows, as WebP, by their digests."""
    covers = [art.digest for art in card.covers if art.digest]
    found: dict[str, bytes] = {}
    if covers:
        # Several are drawn at about 250 pixels each, and decoding takes most of the time.
        picture = Cover.large if len(card.covers) == 1 else Cover.small
        rows = db.session.execute(
            sa.select(Cover.digest, picture).where(
                Cover.digest.in_(covers), Cover.user_id == card.by.user_id
            )
        )
        found |= {digest: content for digest, content in rows if digest and content}
    if card.by.digest:
        large = db.session.scalar(sa.select(Avatar.large).where(Avatar.user_id == card.by.user_id))
        if large:
            found[card.by.digest] = large
    return found


def _release(song_id: int) -> Card | None:
    song = queries.find_release(song_id, None)
    if song is None:
        return None
    credits_ = credits_of(song, None)
    others = len(credits_.people) - 1
    album = f"{song.album}{f' · {song.year}' if song.year else ''}" if song.album else ""
    done = set(credits_.done)
    return Card(
        Kind.RELEASE,
        _face(song.owner),
        title=song.title,
        kicker="Fully authored" if song.authored_at else "Released",
        about=(song.artist, album, f"with {count_of(others, 'collaborator')}" if others else ""),
        marks=tuple(part.label for part in INSTRUMENTS if part in done),
        covers=(_art(song),),
    )


def _pack(pack_id: int) -> Card | None:
    found = queries.find_public_pack(pack_id, None)
    if found is None:
        return None
    pack, owner = found
    songs = queries.released_in_pack(pack_id, None, limit=MOST_COUNTED)
    own = (Art(pack.cover, "", pack.name),) if pack.cover else ()
    artists = len({song.artist_key for song in songs})
    return Card(
        Kind.PACK,
        _face(owner),
        title=pack.name,
        kicker="Pack",
        figures=(
            _figure(len(songs), "released chart"),
            _figure(artists, "artist"),
        ),
        covers=(*own, *(_art(song) for song in songs))[:COVERS],
    )


def _profile(user_id: int) -> Card | None:
    person = db.session.scalar(sa.select(User).where(User.id == user_id, visible_to(None)))
    if person is None:
        return None
    face = progress.public_badges_of(user_id)
    released = progress.numbers_of(user_id)["total_released"]
    return Card(
        Kind.PROFILE,
        _face(person),
        title=person.shown_name,
        kicker="Charter" if released else "On TrackFlow",
        figures=(
            _figure(released, "released chart"),
            (f"{face.level:,}", "level"),
            _figure(len(face.badges), "achievement"),
        ),
        covers=tuple(_art(song) for song in queries.latest_of(user_id, None, limit=COVERS)),
        medals=tuple(Medal(badge.icon, badge.rarity) for badge in face.best[:MEDALS]),
    )


def _achievement(award_id: int) -> Card | None:
    row = db.session.execute(
        sa.select(User, Achievement.code)
        .join(UserAchievement, UserAchievement.user_id == User.id)
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(UserAchievement.id == award_id, visible_to(None))
    ).one_or_none()
    found = find_award(row.User.id, row.code, hidden_too=False) if row else None
    if row is None or found is None:
        return None
    badge = found.badge
    return Card(
        Kind.ACHIEVEMENT,
        _face(row.User),
        title=badge.full_name,
        kicker=badge.rarity.capitalize(),
        about=(f"{badge.description}.", f"{badge.earned_at:%-d %B %Y}"),
        figures=(_figure(badge.points, "point"),),
        medals=(Medal(badge.icon, badge.rarity),),
    )


def _face(person: User) -> Charter:
    return Charter(person.id, person.username, person.shown_name, person.avatar)


def _art(song: Song) -> Art:
    return Art(song.cover, song.artist, song.album or song.title)


def _figure(n: int, word: str) -> tuple[str, str]:
    number, _, words = count_of(n, word).partition(" ")
    return number, words


_CARDS: dict[Kind, Callable[[int], Card | None]] = {
    Kind.RELEASE: _release,
    Kind.PACK: _pack,
    Kind.PROFILE: _profile,
    Kind.ACHIEVEMENT: _achievement,
}
