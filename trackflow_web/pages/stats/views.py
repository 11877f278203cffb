"""Statistics: the reader's achievements, their library as charts, and the gap map."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from flask import Blueprint, render_template

from trackflow_web.achievements import progress
from trackflow_web.achievements.progress import gaps, listing, queries
from trackflow_web.domain.authoring import statistics
from trackflow_web.domain.streaks.queries import ledger_of
from trackflow_web.kernel import clock
from trackflow_web.kernel.text import noun_of
from trackflow_web.pages.stats import charts
from trackflow_web.pages.stats.charts import Count, Moment, Series
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.formats import local_date
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trackflow_web.achievements.progress.public_badges import Badge
    from trackflow_web.achievements.progress.tile_data import AchievementProgress
    from trackflow_web.domain.authoring.statistics import InStatus, PartTally, YearTally
    from trackflow_web.pages.stats.charts import Chart

pages = Blueprint("stats", __name__, url_prefix="/stats")

RECENT = 8
ARTISTS = 10
# The number of columns that stay readable; earlier years are in the decades and in the table.
YEARS_DRAWN = 60
ARTISTS_ON_THE_MAP = 24
STATUS_NAMES = {"future": "Future Plans", "wip": "WIP", "released": "Released"}
RELEASED = Series("released", "not yet")


@pages.get("")
@login_required
def index() -> str:
    """Show a summary of the achievements, then the library."""
    user_id = get_current_user().id
    badges = queries.badges_of(user_id, hidden_too=True)
    earned = {badge.code: badge.earned_at for badge in badges}
    own = progress.of_user(user_id, with_holders=False, earned=earned)
    states = statistics.by_status(user_id)
    return render_template(
        "stats/index.html",
        summary=own.summary,
        recent=badges[:RECENT],
        by_category=listing.by_category(own.tiles),
        by_rarity=listing.by_rarity(own.tiles),
        numbers=own.counters,
        figures=_figures(states, own.counters),
        charts=_charts(user_id, states),
        points=_points(badges),
        streak=ledger_of(get_current_user()),
    )


@pages.get("/gaps")
@login_required
def gap_map() -> str:
    """Show the map of decades and years, artists, and the planned songs that would add to them."""
    user_id = get_current_user().id
    own = progress.of_user(user_id, with_holders=False)
    artists = statistics.by_artist(user_id, ARTISTS_ON_THE_MAP, released_first=True)
    return render_template(
        "stats/gaps.html",
        wall=gaps.decade_map(
            statistics.by_year(user_id),
            statistics.planned_for_new_years(user_id, each=gaps.SONGS_NAMED),
            clock.now().year,
        ),
        artists=[artist for artist in artists if artist.released],
        new_artists=statistics.planned_for_new_artists(user_id, ARTISTS_ON_THE_MAP),
        numbers=own.counters,
        steps=_steps(own.tiles),
    )


def _steps(tiles: Sequence[AchievementProgress]) -> list[AchievementProgress]:
    """Return the next step of each ladder that counts distinct values; none at a ladder's end."""
    rungs = {tile.metric: tile for tile in listing.next_rungs(tiles) if not tile.entry.period}
    return [rungs[metric] for metric in gaps.METRICS if metric in rungs]


def _figures(states: Sequence[InStatus], counters: Mapping[str, int]) -> list[tuple[int, str]]:
    """Return the figures of the library with their labels: `songs you own`."""
    songs = sum(state.songs for state in states)
    done = sum(state.parts_done for state in states)
    left = sum(state.parts_open for state in states)
    artists, years = counters["distinct_artists"], counters["distinct_years"]
    return [
        (songs, f"{noun_of(songs, 'song')} you own"),
        (done, f"{noun_of(done, 'part')} done"),
        (left, f"{noun_of(left, 'part')} left"),
        (counters["total_authored"], "fully authored"),
        (artists, f"{noun_of(artists, 'artist')} released"),
        (years, f"{noun_of(years, 'year')} released"),
    ]


def _charts(user_id: int, states: Sequence[InStatus]) -> list[Chart]:
    if not any(state.songs for state in states):
        return []
    years = statistics.by_year(user_id)
    return [
        _state_chart(states),
        _decade_chart(years),
        _year_chart(years),
        _artist_chart(user_id),
        _part_chart(statistics.by_part(user_id)),
    ]


def _state_chart(states: Sequence[InStatus]) -> Chart:
    counts = [Count(STATUS_NAMES[state.status], state.songs) for state in states]
    return charts.horizontal_bars("states", "Songs by status", "Status", Series("songs"), counts)


def _part_chart(parts: Sequence[PartTally]) -> Chart:
    counts = [Count(part.part.label, part.done, part.skipped) for part in parts]
    return charts.horizontal_bars(
        "parts", "Parts done", "Part", Series("done", "not needed"), counts
    )


def _artist_chart(user_id: int) -> Chart:
    counts = [
        Count(row.artist, row.released, row.songs - row.released)
        for row in statistics.by_artist(user_id, ARTISTS)
    ]
    return charts.horizontal_bars("artists", "Top artists", "Artist", RELEASED, counts)


def _decade_chart(years: Sequence[YearTally]) -> Chart:
    songs: Counter[int] = Counter()
    released: Counter[int] = Counter()
    for row in years:
        if row.year is not None:
            songs[row.year - row.year % 10] += row.songs
            released[row.year - row.year % 10] += row.released
    counts = [
        Count(f"{decade}s", released[decade], songs[decade] - released[decade])
        for decade in sorted(songs)
    ]
    return charts.vertical_bars("decades", "Songs by decade", "Decade", RELEASED, counts)


def _year_chart(years: Sequence[YearTally]) -> Chart:
    known = {row.year: row for row in years if row.year is not None}
    last = max(known, default=clock.now().year)
    first = max(min(known, default=last), last - YEARS_DRAWN + 1)
    counts = [
        Count(str(year), row.released, row.songs - row.released)
        if (row := known.get(year))
        else Count(str(year), 0)
        for year in range(first, last + 1)
    ]
    return charts.vertical_bars("years", "Songs by year", "Year", RELEASED, counts, of_years=True)


def _points(badges: Sequence[Badge]) -> Chart | None:
    moments = [
        Moment(badge.earned_at, local_date(badge.earned_at), badge.full_name, badge.points)
        for badge in reversed(badges)
    ]
    if not moments:
        return None
    return charts.running_total("points", "Points over time", "points", moments, clock.now())
