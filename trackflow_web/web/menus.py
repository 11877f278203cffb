"""The menu of what members can do about something of others: mute it, or report it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from flask import url_for

from trackflow_web.domain.relations import muting
from trackflow_web.domain.relations.muting import Kind
from trackflow_web.domain.visibility import Held
from trackflow_web.kernel import clock
from trackflow_web.web.caller import viewer_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from flask import Flask

    from trackflow_web.domain.packs.models import Pack
    from trackflow_web.domain.series.models import Series
    from trackflow_web.domain.songs.models import Song

FOREVER = ("", "Until I unmute")
TIMES = ((1, "For a day"), (7, "For a week"), (30, "For a month"))


@dataclass(frozen=True)
class MuteLine:
    """One thing that can be muted: what it is called, the field that names it, how it is now."""

    kind: Kind
    name: str
    field: str
    value: str | int
    is_muted: bool
    until: datetime | None


@dataclass(frozen=True)
class Menu:
    """What a member can do about something of another user."""

    noun: str
    report_url: str
    mutes: Sequence[MuteLine] = ()


def init_app(app: Flask) -> None:
    """Add `mute_times()` to templates: the ends of a mute to choose from."""
    app.jinja_env.globals["mute_times"] = mute_times


def mute_times() -> list[tuple[str, str]]:
    """Return how long something can be muted: the end, in UTC, and its label."""
    now = clock.now().replace(second=0, microsecond=0)
    ends = [(f"{now + timedelta(days=days):%Y-%m-%dT%H:%MZ}", label) for days, label in TIMES]
    return [FOREVER, *ends]


def of_release(song: Song) -> Menu | None:
    """Return the menu of a release; None for its owner and for visitors."""
    return _menu(Held.RELEASE, song.id, song.user_id, "release", Kind.SONG, song)


def of_pack(pack: Pack) -> Menu | None:
    """Return the menu of a pack; None for its owner and for visitors."""
    return _menu(Held.PACK, pack.id, pack.user_id, "pack", Kind.PACK)


def of_album(series: Series) -> Menu | None:
    """Return the menu of an album, of which the artist can be muted; None as above."""
    return _menu(Held.SERIES, series.id, series.user_id, "album", None, series)


def of_award(award_id: int, owner_id: int) -> Menu | None:
    """Return the menu of an award; None as above."""
    return _menu(Held.ACHIEVEMENT, award_id, owner_id, "achievement")


def of_feedback(type_: str, item_id: int, owner_id: int, noun: str) -> Menu | None:
    """Return the menu of a request or a report of a bug; None as above."""
    return _menu(Held(type_), item_id, owner_id, noun)


def _menu(
    type_: Held,
    id_: int,
    owner_id: int,
    noun: str,
    kind: Kind | None = None,
    by: Song | Series | None = None,
) -> Menu | None:
    reader = viewer_id()
    if reader is None or reader == owner_id:
        return None
    key = by.artist_key if by else None
    ends = muting.ends_of(reader, kind, id_, key) if kind or by else {}
    lines = []
    if kind:
        lines.append(MuteLine(kind, f"this {noun}", "id", id_, kind in ends, ends.get(kind)))
    if by:
        artist = Kind.ARTIST
        lines.append(
            MuteLine(artist, by.artist, "artist", by.artist, artist in ends, ends.get(artist))
        )
    report_url = url_for("moderation.report", subject=type_, subject_id=id_)
    return Menu(noun, report_url, lines)
