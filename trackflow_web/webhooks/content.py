"""What everyone may see of an event now, for a program and for people.

Everything is read through the conditions of visitors who are not signed in. None means that there
is nothing to be told (any more).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements import catalogue
from trackflow_web.achievements.levels import name_of_level
from trackflow_web.achievements.models import Achievement
from trackflow_web.achievements.progress.shown_award import find_award
from trackflow_web.domain.people.models import User
from trackflow_web.domain.releases import queries
from trackflow_web.domain.releases.credits import credits_of
from trackflow_web.domain.releases.messages import parts_text
from trackflow_web.domain.visibility import visible_to
from trackflow_web.domain.webhooks.models import TEST, Delivery, EventName
from trackflow_web.kernel.database import db
from trackflow_web.kernel.text import count_of

if TYPE_CHECKING:
    from collections.abc import Callable

# Enough to count what a pack or an album has.
MOST_COUNTED = 500


@dataclass(frozen=True)
class Content:
    """An event: `data` is for programs, the rest are plain texts for people."""

    data: dict[str, Any]
    title: str
    url: str
    lines: tuple[str, ...] = ()
    author: tuple[str, str] = ("", "")
    picture: str = ""
    fields: dict[str, str] = field(default_factory=dict)


def content_of(delivery: Delivery, site: str) -> Content | None:
    """Return the content of a delivery; `site` is the URL of the site."""
    if delivery.event == TEST:
        return _test(site)
    make = _MAKERS.get(delivery.event)
    user = _visible_user(delivery.user_id)
    return None if make is None or user is None else make(user, delivery.subject_id, site)


def _visible_user(user_id: int) -> User | None:
    return db.session.scalar(sa.select(User).where(User.id == user_id, visible_to(None)))


def _test(site: str) -> Content:
    message = "This is a test from TrackFlow. Your webhook works."
    return Content({"message": message}, "It works", site, (message,))


def _user(user: User, site: str) -> dict[str, str]:
    return {
        "username": user.username,
        "name": user.shown_name,
        "url": f"{site}/users/{user.username}",
    }


def _author(user: User, site: str) -> tuple[str, str]:
    return user.shown_name, f"{site}/users/{user.username}"


def _release(user: User, song_id: int, site: str) -> Content | None:
    song = queries.find_release(song_id, None)
    if song is None or song.user_id != user.id:
        return None
    found = credits_of(song, None)
    url = f"{site}/releases/{song.id}"
    cover = f"{site}/covers/{song.cover}-250.webp" if song.cover else ""
    people = [
        _user(credit.user, site) | {"parts": [str(part) for part in credit.parts]}
        for credit in found.people
        if credit.user is not None
    ]
    data: dict[str, Any] = {
        "song": {
            "id": song.id,
            "title": song.title,
            "artist": song.artist,
            "album": song.album,
            "year": song.year,
            "url": url,
            "cover": cover or None,
            "parts": [str(part) for part in found.done],
        },
        "user": _user(user, site),
        "credits": people,
    }
    names = ", ".join(credit.user.shown_name for credit in found.people if credit.user)
    about = " · ".join(part for part in (song.album, str(song.year or "")) if part)
    lines = (f"by {song.artist}", about, f"Charted by {names}")
    return Content(
        data,
        song.title,
        url,
        tuple(line for line in lines if line),
        _author(user, site),
        cover,
        {"Parts": parts} if (parts := parts_text(found)) else {},
    )


def _pack(user: User, pack_id: int, site: str) -> Content | None:
    found = queries.find_public_pack(pack_id, None)
    if found is None or found[0].user_id != user.id:
        return None
    pack, url = found[0], f"{site}/packs/{pack_id}"
    songs = len(queries.released_in_pack(pack_id, None, limit=MOST_COUNTED))
    data = {
        "pack": {"id": pack.id, "name": pack.name, "url": url, "songs": songs},
        "user": _user(user, site),
    }
    lines = (f"A pack of {count_of(songs, 'song')} is released.",)
    return Content(data, pack.name, url, lines, _author(user, site))


def _series(user: User, series_id: int, site: str) -> Content | None:
    found = queries.find_public_series(series_id, None)
    if found is None or found[0].user_id != user.id:
        return None
    series, url = found[0], f"{site}/series/{series_id}"
    songs = len(queries.released_in_series(series_id, None, limit=MOST_COUNTED))
    data = {
        "series": {
            "id": series.id,
            "artist": series.artist,
            "album": series.album,
            "year": series.year,
            "url": url,
            "songs": songs,
        },
        "user": _user(user, site),
    }
    lines = (f"by {series.artist}", f"The whole album is charted: {count_of(songs, 'song')}.")
    return Content(data, series.album, url, lines, _author(user, site))


def _achievement(user: User, achievement_id: int, site: str) -> Content | None:
    code = db.session.scalar(sa.select(Achievement.code).where(Achievement.id == achievement_id))
    award = find_award(user.id, code, hidden_too=False) if code else None
    if award is None:
        return None
    entry = award.badge.entry
    url = f"{site}/users/{user.username}/achievements/{entry.code}"
    data = {
        "achievement": {
            "code": entry.code,
            "name": entry.name,
            "description": entry.description,
            "icon": entry.icon,
            "rarity": str(entry.rarity),
            "points": award.badge.points,
            "url": url,
        },
        "user": _user(user, site),
    }
    return Content(
        data, f"{entry.icon} {entry.name}", url, (entry.description,), _author(user, site)
    )


def _level(user: User, level: int, site: str) -> Content | None:
    name = name_of_level(level, catalogue.latest().level_names)
    data = {"level": {"level": level, "name": name}, "user": _user(user, site)}
    title = f"Level {level}: {name}"
    return Content(data, title, f"{site}/users/{user.username}", (), _author(user, site))


_MAKERS: dict[str, Callable[[User, int, str], Content | None]] = {
    EventName.SONG_RELEASED: _release,
    EventName.PACK_RELEASED: _pack,
    EventName.SERIES_COMPLETED: _series,
    EventName.ACHIEVEMENT_UNLOCKED: _achievement,
    EventName.LEVEL_REACHED: _level,
}
