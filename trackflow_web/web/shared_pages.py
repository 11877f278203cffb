"""The public pages that may be shared, from their objects or from their addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from flask import current_app, request, url_for
from werkzeug.exceptions import HTTPException

from trackflow_web.achievements.progress import queries as progress
from trackflow_web.achievements.progress.public_badges import PublicBadges
from trackflow_web.achievements.progress.shown_award import find_award
from trackflow_web.domain.releases import queries
from trackflow_web.domain.releases.credits import credits_of
from trackflow_web.domain.releases.messages import parts_text
from trackflow_web.domain.releases.proof import proof_of
from trackflow_web.domain.share_images.models import Kind
from trackflow_web.domain.visibility.profiles import find_visible_profile
from trackflow_web.kernel.text import count_of
from trackflow_web.web.sharing import SharedPage, shared_page
from trackflow_web.web.urls import site_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from trackflow_web.achievements.progress.shown_award import ShownAward
    from trackflow_web.domain.packs.models import Pack
    from trackflow_web.domain.people.models import User
    from trackflow_web.domain.releases.credits import Credits
    from trackflow_web.domain.releases.proof import Proof
    from trackflow_web.domain.series.models import Series
    from trackflow_web.domain.songs.models import Song

# Enough to count what a page shows.
MOST_COUNTED = 500


def release_page(song: Song, credits_: Credits) -> SharedPage:
    """Return the page of a release."""
    charters = ", ".join(each.user.shown_name for each in credits_.people if each.user)
    about = [f"Charted by {charters}."]
    if parts := parts_text(credits_):
        about.append(f"Parts: {parts}.")
    if song.album:
        about.append(f"From {song.album}{f' ({song.year})' if song.year else ''}.")
    return shared_page(
        song.owner,
        url_for("releases.show", song_id=song.id),
        title=f"{song.title} by {song.artist}",
        description=" ".join(about),
        subject=(Kind.RELEASE, song.id),
    )


def profile_page(person: User, face: PublicBadges, released: int) -> SharedPage:
    """Return the profile of a user."""
    return shared_page(
        person,
        url_for("profiles.show", username=person.username),
        title=f"{person.shown_name} on TrackFlow",
        description=(
            f"{count_of(released, 'released chart')}, level {face.level},"
            f" {count_of(len(face.badges), 'achievement')}."
        ),
        badge=url_for("badges.profile", username=person.username, form="svg").removesuffix(".svg"),
        kind="profile",
        subject=(Kind.PROFILE, person.id),
    )


def proof_page(person: User, proof: Proof) -> SharedPage:
    """Return the charter proof of a user."""
    charted = [count for count in proof.parts if count.charts]
    parts = ", ".join(f"{count.part.word} {count.charts:,}" for count in charted)
    return shared_page(
        person,
        url_for("proof.show", username=person.username),
        title=f"Charts by {person.shown_name}",
        description=(
            f"{count_of(proof.charts, 'released chart')}, {proof.full_band:,} full band."
            f" {parts.capitalize()}{'.' if parts else ''}"
        ),
        kind="profile",
        # It shows the same work.
        subject=(Kind.PROFILE, person.id),
    )


def award_page(person: User, award: ShownAward) -> SharedPage:
    """Return the page of an award."""
    badge = award.badge
    return shared_page(
        person,
        url_for("awards.show", username=person.username, code=badge.code),
        title=f"{badge.full_name}, earned by {person.shown_name}",
        description=f"{badge.description}. {badge.rarity.capitalize()},"
        f" {count_of(badge.points, 'point')}.",
        badge=url_for(
            "badges.award", username=person.username, code=badge.code, form="svg"
        ).removesuffix(".svg"),
        subject=(Kind.ACHIEVEMENT, award.id) if award.is_public else None,
    )


def pack_page(pack: Pack, owner: User, released: int) -> SharedPage:
    """Return the page of a pack."""
    return shared_page(
        owner,
        url_for("packs.show", pack_id=pack.id),
        title=pack.name,
        description=f"A pack by {owner.shown_name} with {count_of(released, 'released chart')}.",
        subject=(Kind.PACK, pack.id),
    )


def album_page(series: Series, owner: User, released: int) -> SharedPage:
    """Return the page of an album."""
    return shared_page(
        owner,
        url_for("series.show", series_id=series.id),
        title=f"{series.album} by {series.artist}",
        description=f"Charted by {owner.shown_name}: {count_of(released, 'released track')}.",
    )


def find_shared_page(address: str) -> SharedPage | None:
    """Return the page at an absolute address of this site, if visitors may see it.

    Nothing is requested: the address is only compared with the routes.
    """
    path = _path_of(address)
    adapter = current_app.create_url_adapter(request)
    if path is None or adapter is None:
        return None
    try:
        endpoint, values = adapter.match(path, method="GET")
    except HTTPException:
        return None
    find = _FINDERS.get(endpoint)
    return find(**values) if find else None


def _path_of(address: str) -> str | None:
    """Return the path of an address, if it is one of this site."""
    try:
        parts: SplitResult = urlsplit(address)
    except ValueError:
        return None
    own = {urlsplit(site_url()).netloc, request.host}
    return parts.path if parts.scheme in {"http", "https"} and parts.netloc in own else None


def _release(song_id: int) -> SharedPage | None:
    song = queries.find_release(song_id, None)
    return release_page(song, credits_of(song, None)) if song else None


def _profile(username: str) -> SharedPage | None:
    person = find_visible_profile(username, None)
    if person is None:
        return None
    face = progress.public_badges_of(person.id)
    return profile_page(person, face, progress.numbers_of(person.id)["total_released"])


def _proof(username: str) -> SharedPage | None:
    person = find_visible_profile(username, None)
    return proof_page(person, proof_of(person.id, None)) if person else None


def _award(username: str, code: str) -> SharedPage | None:
    person = find_visible_profile(username, None)
    award = find_award(person.id, code, hidden_too=False) if person else None
    return award_page(person, award) if person and award else None


def _pack(pack_id: int) -> SharedPage | None:
    found = queries.find_public_pack(pack_id, None)
    if found is None:
        return None
    songs = queries.released_in_pack(pack_id, None, limit=MOST_COUNTED)
    return pack_page(*found, len(songs))


def _album(series_id: int) -> SharedPage | None:
    found = queries.find_public_series(series_id, None)
    if found is None:
        return None
    tracks = queries.released_in_series(series_id, None, limit=MOST_COUNTED)
    return album_page(*found, len(tracks))


_FINDERS: dict[str, Callable[..., SharedPage | None]] = {
    "releases.show": _release,
    "profiles.show": _profile,
    "proof.show": _proof,
    "awards.show": _award,
    "packs.show": _pack,
    "series.show": _album,
}
