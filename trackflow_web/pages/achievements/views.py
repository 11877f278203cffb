"""Achievements: the grid, the page of each, the earned ones, the progress bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, abort, render_template, request, url_for

from trackflow_web.achievements import catalogue, metrics, progress
from trackflow_web.achievements.awards import revoke as revocations
from trackflow_web.achievements.awards import visibility
from trackflow_web.achievements.awards.visibility import Move
from trackflow_web.achievements.catalogue.entries import State
from trackflow_web.achievements.catalogue.ladders import Category, Rarity
from trackflow_web.achievements.levels import ladder
from trackflow_web.achievements.progress import categories, listing, next_up, queries
from trackflow_web.achievements.progress.listing import Filters, Sort
from trackflow_web.achievements.progress.shown_award import followed_holders
from trackflow_web.achievements.progress.tile_data import AchievementProgress
from trackflow_web.achievements.standings import seasons
from trackflow_web.kernel.text import count_of
from trackflow_web.pages.achievements.tiles import tile_list
from trackflow_web.pages.admin.rechecks import start_recheck
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user, viewer_id
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from werkzeug.wrappers import Response

    from trackflow_web.achievements.metrics import Metric
    from trackflow_web.achievements.progress.listing import Group
    from trackflow_web.achievements.progress.next_up import Step
    from trackflow_web.achievements.progress.queries import Receipt

pages = Blueprint("achievements", __name__, url_prefix="/achievements")

# No user has this id: anonymous visitors have earned nothing.
NOBODY = 0
# Lines of a receipt, and of one that is shown in full.
RECEIPT_ROWS = 10
MOST_RECEIPT_ROWS = 500
STATE_LABELS = {
    State.EARNED: "Earned",
    State.PROGRESS: "In progress",
    State.LOCKED: "Locked",
}
SORT_LABELS = {**listing.SORT_HEADINGS, Sort.LADDER: "By group"}
# The pages of counted objects: for a distinct value, that of its song.
PLACES = {
    **dict.fromkeys(("song", "artist", "year", "decade"), ("songs.show", "song_id")),
    "pack": ("packs.show", "pack_id"),
    "series": ("series.show", "series_id"),
    "feature": ("features.show", "item_id"),
    "bug": ("bugs.show", "item_id"),
    "import": ("imports.show", "import_id"),
}
FILTER_NAMES = ("category", "state", "rarity", "q")


@dataclass(frozen=True)
class ReceiptLines:
    """Lines of a receipt: label, URL, time, whether imported.

    `all_url` is the page with all of them, where some are left out.
    """

    lines: Sequence[tuple[str, str | None, object, bool]] = ()
    all_url: str = ""


@pages.get("/")
@login_required
def index() -> str:
    """Show all achievements: summary, next up, filters, tiles."""
    wanted = listing.filters(**{name: request.args.get(name) for name in (*FILTER_NAMES, "sort")})
    own = progress.of_user(get_current_user().id)
    results = _results(own.tiles, wanted)
    results["categories"] = {
        each.category: each for each in categories.of_user(get_current_user().id, own.tiles)
    }
    if htmx.is_htmx():
        return htmx.block("achievements/index.html", "results", is_fragment=True, **results)
    return render_template(
        "achievements/index.html",
        summary=own.summary,
        next_up=_next_up(own.tiles),
        filters=_filter_values(wanted),
        options=_options(),
        is_fragment=False,
        **results,
    )


@pages.get("/<code:code>")
def show(code: str) -> str:
    """Show an achievement: its rule and share of users; to users also progress and receipt."""
    reader = viewer_id() or NOBODY
    own = progress.of_user(reader)
    revoked = {each.entry.code: each for each in revocations.revoked_of(reader)}.get(code)
    tile = own.find(code)
    if tile is None and revoked is not None:
        tile = own.unearned(revoked.entry)
    if tile is None:
        abort(404)
    metric = metrics.BY_NAME.get(tile.metric or "")
    return render_template(
        "achievements/show.html",
        tile=tile,
        season=seasons.of_period(tile.entry.period),
        revoked=revoked,
        ladder=listing.ladder(own.tiles, tile),
        rule=metric.counts if metric else "",
        receipt=_receipt(tile, metric) if metric else ReceiptLines(),
        pin_move=_pin_move(tile),
        followed=followed_holders(code, reader) if reader != NOBODY else [],
        place=queries.place_of(reader, code) if tile.state is State.EARNED else None,
        note=queries.notes_of(reader, [code]).get(code, "") if tile.metric is None else "",
    )


@pages.get("/me")
@login_required
def mine() -> str:
    """Show the reader's earned achievements, newest first, and the revoked ones."""
    own = progress.of_user(get_current_user().id)
    earned = [tile for tile in own.all if tile.state is State.EARNED]
    newest = [
        tile for group in listing.groups(earned, Filters(sort=Sort.RECENT)) for tile in group.tiles
    ]
    return render_template(
        "achievements/mine.html",
        summary=own.summary,
        tiles=newest,
        tile_list=tile_list(),
        revoked=revocations.revoked_of(get_current_user().id),
    )


@pages.get("/levels")
@login_required
def levels() -> str:
    """Show the ladder of levels and the reader's place on it."""
    summary = progress.of_user(get_current_user().id, with_holders=False).summary
    rungs = ladder(summary.level, summary.level_names)
    return render_template("achievements/levels.html", summary=summary, ladder=rungs)


@pages.get("/me/progress", endpoint="progress")
@login_required
def progress_bars() -> str:
    """Show the progress bars of unearned achievements, closest first; a fragment for htmx."""
    own = progress.of_user(get_current_user().id)
    open_tiles = [tile for tile in own.tiles if tile.state is not State.EARNED]
    bars = [
        tile
        for group in listing.groups(open_tiles, Filters(sort=Sort.CLOSEST))
        for tile in group.tiles
    ]
    if htmx.is_htmx():
        return htmx.block("achievements/progress.html", "progress_bars", bars=bars)
    return render_template("achievements/progress.html", bars=bars)


@pages.post("/check")
def check() -> Response:
    """Start a recheck, as `/admin/rechecks/` does."""
    return start_recheck()


def _pin_move(tile: AchievementProgress) -> Move | None:
    """Return what the button of the page does to the reader's pin; None where none can be."""
    if tile.state is not State.EARNED:
        return None
    choices = visibility.choices_of(get_current_user().id)
    if tile.code in choices and choices[tile.code].pin is not None:
        return Move.UNPIN
    pinned = sum(choice.pin is not None for choice in choices.values())
    return Move.PIN if pinned < visibility.MOST_PINNED else None


def _next_up(tiles: Sequence[AchievementProgress]) -> list[Step]:
    return next_up.next_up(tiles, queries.openings(get_current_user().id, next_up.needed(tiles)))


def _results(tiles: Sequence[AchievementProgress], wanted: Filters) -> dict[str, object]:
    groups: list[Group] = listing.groups(tiles, wanted)
    count = sum(len(group.tiles) for group in groups)
    return {
        "groups": groups,
        "tile_list": tile_list(),
        "count_text": f"{count_of(count, 'achievement')} shown",
        "drops": _filter_links(wanted),
        "clear_url": url_for("achievements.index"),
    }


def _filter_values(wanted: Filters) -> dict[str, str]:
    return {name: getattr(wanted, name) or "" for name in (*FILTER_NAMES, "sort")}


def _filter_links(wanted: Filters) -> list[tuple[str, str]]:
    """Return each filter that is set, with the URL of the list without it."""
    values = {name: value for name, value in _filter_values(wanted).items() if value}
    return [
        (
            _filter_label(name, values[name]),
            url_for("achievements.index", **_without(values, name)),  # type: ignore[arg-type]
        )
        for name in FILTER_NAMES
        if name in values
    ]


def _filter_label(name: str, value: str) -> str:
    """Return a filter as its list shows it: `In progress`; a search in quotation marks."""
    return dict(_options().get(name, ())).get(value, f"“{value}”")


def _without(values: Mapping[str, str], name: str) -> dict[str, str]:
    return {other: value for other, value in values.items() if other != name}


def options(kinds: Iterable[str], everything: str) -> list[tuple[str, str]]:
    """Return the choices of a filter; the first one is that for `everything`."""
    return [("", everything), *((str(kind), kind.capitalize()) for kind in kinds)]


def _options() -> dict[str, list[tuple[str, str]]]:
    return {
        "category": options(Category, "All categories"),
        "state": [
            ("", "Any state"),
            *((str(state), label) for state, label in STATE_LABELS.items()),
        ],
        "rarity": options(Rarity, "Any rarity"),
        "sort": [(sort.value, label) for sort, label in SORT_LABELS.items()],
    }


def _receipt(tile: AchievementProgress, metric: Metric) -> ReceiptLines:
    """Return what counted, with links: ten lines, or all; empty unless it is earned."""
    if tile.state is not State.EARNED:
        return ReceiptLines()
    shows_all = request.args.get("receipt") == "all"
    most = min(tile.target, MOST_RECEIPT_ROWS)
    # One more than is shown reveals whether some are omitted; days of a streak are few rows.
    wanted = most if shows_all else min(most, RECEIPT_ROWS + 1)
    rows = queries.receipt(get_current_user().id, metric.name, wanted)
    is_cut = not shows_all and len(rows) > RECEIPT_ROWS
    return ReceiptLines(
        lines=[_line(row) for row in (rows[:RECEIPT_ROWS] if is_cut else rows)],
        all_url=_all_url(tile) if is_cut else "",
    )


def _all_url(tile: AchievementProgress) -> str:
    return url_for("achievements.show", code=tile.code, receipt="all", _anchor="receipt")


def _line(row: Receipt) -> tuple[str, str | None, object, bool]:
    if row.subject_type == "achievement":
        entry = catalogue.current().by_id.get(row.subject_id)
        # One that was retired has no page any more.
        url = url_for("achievements.show", code=entry.code) if entry else None
        return entry.full_name if entry else row.label, url, row.at, row.imported
    return row.label, _address_of(row), row.at, row.imported


def _address_of(row: Receipt) -> str | None:
    if row.subject_type not in PLACES:
        return None
    endpoint, argument = PLACES[row.subject_type]
    return url_for(endpoint, **{argument: row.subject_id})  # type: ignore[arg-type]
