"""Render the tiles of the grid quickly: parts that are equal for all users are rendered once.

The macros `tile` and, for the settings, `award` define the markup. A process renders it once for
each achievement and state, with a placeholder for each value that differs, and inserts the values.
No user data is cached.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import current_app, request
from markupsafe import Markup, escape

from trackflow_web.achievements import metrics
from trackflow_web.achievements.catalogue.entries import State
from trackflow_web.achievements.progress.tile_data import AchievementProgress
from trackflow_web.web import formats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import tzinfo

    from jinja2 import Environment

    from trackflow_web.achievements.awards.visibility import Choice
    from trackflow_web.achievements.catalogue.entries import Entry

MACROS = "macros/achievements.html"
AWARD_MACROS = "macros/awards.html"
EXTENSION = "trackflow.tiles"
# Of characters that need no escaping, and that texts rarely hold.
MARK = "\ue000{}\ue001"
# The same as markupsafe.escape; a page has hundreds of values.
ESCAPED = str.maketrans({char: str(escape(char)) for char in "&<>'\""})
# A placeholder date; the tile's own date replaces it in the output of the macro.
A_DAY = datetime(4321, 7, 6, 12, tzinfo=UTC)

# The values that differ, and their format for a viewer's time zone.
_VALUES: dict[str, Callable[[AchievementProgress, tzinfo], str]] = {
    "shown": lambda tile, _zone: str(tile.shown),
    "progress_text": lambda tile, _zone: tile.progress_text,
    "longest_text": lambda tile, _zone: tile.longest_text,
    "share_text": lambda tile, _zone: tile.share_text,
    "earned_iso": lambda tile, _zone: formats.iso(tile.earned_at or A_DAY),
    "earned_day": lambda tile, zone: formats.date_in(zone, tile.earned_at or A_DAY),
}
# The name or description of a custom achievement may hold such characters, too.
_MARK = re.compile(MARK.format(f"({'|'.join(_VALUES)})"))


class _Still(AchievementProgress):
    """A tile without a user, earned or locked: only the share of users differs."""

    share_text = MARK.format("share_text")

    @property
    def longest_text(self) -> str:
        """Empty where nothing is the longest of something."""
        return MARK.format("longest_text") if self.metric in metrics.CURRENT else ""


class _Moving(_Still):
    """A tile without a user, in progress: the progress differs too."""

    shown = MARK.format("shown")  # type: ignore[assignment]
    progress_text = MARK.format("progress_text")


def _blank(entry: Entry, state: State) -> AchievementProgress:
    """Return a tile of an achievement in a state, with marks where users' tiles differ."""
    return (_Moving if state is State.PROGRESS else _Still)(
        entry=entry,
        current=1 if state is State.PROGRESS else 0,
        earned_at=A_DAY if state is State.EARNED else None,
        holders=0,
        users=0,
    )


@dataclass(frozen=True)
class TileTemplate:
    """A rendered tile in pieces: the text before each of `values`, and `end`."""

    values: tuple[tuple[str, Callable[[AchievementProgress, tzinfo], str]], ...]
    end: str

    @classmethod
    def parse(cls, html: str) -> TileTemplate:
        """Split rendered HTML at its marks."""
        *pieces, end = _MARK.split(html)
        names = pieces[1::2]
        return cls(tuple(zip(pieces[::2], (_VALUES[name] for name in names), strict=True)), end)

    def render(self, into: list[str], tile: AchievementProgress, zone: tzinfo) -> None:
        """Append the tile of one user, with dates in the zone."""
        for before, value in self.values:
            into += before, value(tile, zone).translate(ESCAPED)
        into.append(self.end)


class TileCache:
    """The prepared tiles of one application, by achievement and state.

    `root` is the prefix of the URLs in them.
    """

    def __init__(self, env: Environment, root: str) -> None:
        self.macros: dict[str, Callable[..., str]] = {
            "tile": env.get_template(MACROS).module.tile,  # type: ignore[attr-defined]
            "award": env.get_template(AWARD_MACROS).module.award,  # type: ignore[attr-defined]
        }
        self.root = root
        self.tiles: dict[tuple[Entry, State], TileTemplate] = {}
        self.awards: dict[tuple[Entry, State, tuple[bool, ...]], TileTemplate] = {}

    def of(self, tile: AchievementProgress) -> TileTemplate:
        """Return the template of this achievement and state, which is the same for all users."""
        key = tile.entry, tile.state
        found = self.tiles.get(key)
        if found is None:
            found = self.tiles[key] = self._parse("tile", _blank(*key), ())
        return found

    def award(self, tile: AchievementProgress, switches: tuple[bool, ...]) -> TileTemplate:
        """Return the same for the settings; `switches` are the macro's other arguments."""
        key = tile.entry, tile.state, switches
        found = self.awards.get(key)
        if found is None:
            blank = _blank(tile.entry, tile.state)
            found = self.awards[key] = self._parse("award", blank, switches)
        return found

    def _parse(
        self, macro: str, blank: AchievementProgress, arguments: tuple[bool, ...]
    ) -> TileTemplate:
        html = str(self.macros[macro](blank, *arguments)).strip()
        for text, name in (
            (formats.iso(A_DAY), "earned_iso"),
            (formats.local_date(A_DAY), "earned_day"),
        ):
            html = html.replace(text, MARK.format(name))
        return TileTemplate.parse(html)


class TileList:
    """Renders tiles for one reader; called by the templates."""

    def __init__(self, cache: TileCache, zone: tzinfo) -> None:
        self.cache = cache
        self.zone = zone

    def __call__(self, tiles: Iterable[AchievementProgress]) -> Markup:
        """Return the output of the macro `tile` for each of these."""
        html: list[str] = []
        for tile in tiles:
            self.cache.of(tile).render(html, tile, self.zone)
        # Everything that is not the macro's own was escaped on its way in.
        return Markup("".join(html))  # noqa: S704


class AwardList:
    """The same in the settings, with the switches of those that the reader has earned."""

    def __init__(self, cache: TileCache, zone: tzinfo, choices: Mapping[str, Choice]) -> None:
        self.cache = cache
        self.zone = zone
        self.choices = choices

    def __call__(self, tiles: Iterable[AchievementProgress], *, swapped: bool = False) -> Markup:
        """Return the output of the macro `award` for each; `swapped` for out-of-band swaps."""
        html: list[str] = []
        for tile in tiles:
            choice = self.choices.get(tile.code)
            switches = (choice.is_public, choice.pin is not None, swapped) if choice else ()
            self.cache.award(tile, switches).render(html, tile, self.zone)
        return Markup("".join(html))  # noqa: S704 -- see above


def tile_list() -> TileList:
    """Return it for the reader of this response."""
    return TileList(_cache(), formats.reader_zone())


def award_list(choices: Mapping[str, Choice]) -> AwardList:
    """Return it for the reader of this response, whose choices these are."""
    return AwardList(_cache(), formats.reader_zone(), choices)


def _cache() -> TileCache:
    """Return the cache for this request's script root; a new one while templates are reloaded."""
    env, root = current_app.jinja_env, request.root_path
    cache: TileCache | None = current_app.extensions.get(EXTENSION)
    if cache is None or cache.root != root or env.auto_reload:
        cache = current_app.extensions[EXTENSION] = TileCache(env, root)
    return cache
