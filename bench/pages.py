"""Cost of the largest pages, relative to the smallest ones (ratio of medians).

The achievements are compared with an empty page of the same layout, 50 rows of songs with the
smallest page that a user sees. All requests are made in turns by one user who has a third of all
achievements. The floor of the
grid is a loop written for this page alone: it joins prepared pieces and the user's values.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from pathlib import Path
from statistics import median
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from flask import render_template
from flask_login import login_user

from bench import load
from bench.site import Visitor, site
from trackflow_web.achievements import metrics, progress
from trackflow_web.achievements.catalogue.entries import State
from trackflow_web.adapters.rendering import rendered
from trackflow_web.domain.people.models import Audience
from trackflow_web.domain.share_images import queries
from trackflow_web.domain.share_images.models import Kind
from trackflow_web.integrations.share_images import cards
from trackflow_web.jobs.share_images import WIDTH
from trackflow_web.pages.achievements.tiles import MACROS, tile_list
from trackflow_web.web.formats import MONTHS
from trackflow_web.web.session import SignedIn, login_required
from trackflow_web.web.share_images import drawn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.site import Site
    from trackflow_web.achievements.progress.tile_data import AchievementProgress
    from trackflow_web.pages.achievements.tiles import TileList

SONGS = 60
TURNS = 200
ROUNDS = 3
SECONDS = 3.0
PAGE = "/achievements/"
FILTER = f"{PAGE}?category=quality"
EVERYTHING = f"{PAGE}?sort=closest"
EMPTY = "/empty"
LIST, SMALLEST = "/songs/", "/confirm"
HTMX = {"HX-Request": "true"}

GRID = "tiles, relative to joining pieces and values by hand"
READY = "tiles, relative to joining pieces and formatted values"
BY_MACRO = "tiles by the macro, relative to joining pieces and values by hand"
WHOLE = f"GET {PAGE}, relative to an empty page"
FRAGMENT = "fragment of a filter, relative to an empty page"
ALL_TILES = "sorted fragment of all tiles, relative to an empty page"
RELEASE_PAGE = f"page of a release, relative to {LIST} with 50 rows"
RENDERED = "share image of a release, rendered in a job, CPU milliseconds"
IMAGE_SENT = f"share image sent, relative to {LIST} with 50 rows"
RELEASE_GRID = f"grid of 48 releases, relative to {LIST} with 50 rows"
FIFTY_ROWS = f"GET {LIST} with 50 rows, relative to {SMALLEST}"
THROUGH_GUNICORN = "requests per second with 2 processes, relative to the same bytes from memory"
GOALS = {
    GRID: "<= 2.0",
    WHOLE: "<= 2.0",
    FRAGMENT: "<= 1.3",
    FIFTY_ROWS: "<= 4.0",
    RELEASE_PAGE: "<= 1.0",
    RELEASE_GRID: "<= 1.2",
    RENDERED: "<= 100",
    IMAGE_SENT: "<= 0.5",
    THROUGH_GUNICORN: ">= 0.5",
}


def measure(*, quick: bool) -> dict[str, object]:
    """Return the ratios; both sides are measured in the same run."""
    turns = 5 if quick else TURNS
    with site() as made:
        _add_empty_page(made)
        visitor = Visitor(made, "bench")
        songs = visitor.add_songs(range(SONGS), by_way_of=("wip", "released"))
        visitor.client.get(PAGE)  # shows pending toasts
        return {
            **_tiles(made, visitor, turns),
            **_requests(visitor, turns, release=f"/releases/{songs[0]}"),
            **_share_image(made, visitor, turns, song_id=songs[0]),
            **_through_gunicorn(made, visitor, seconds=0.3 if quick else SECONDS),
        }


def _in_turns(actions: Mapping[str, Callable[[], object]], turns: int) -> dict[str, float]:
    """Return the median CPU seconds of each action; none of them waits."""
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(turns):
        for name, action in actions.items():
            start = time.process_time()
            action()
            seconds[name].append(time.process_time() - start)
    return {name: median(each) for name, each in seconds.items()}


# --- rendering the tiles -----------------------------------------------------------------------


def _tiles(made: Site, visitor: Visitor, turns: int) -> dict[str, object]:
    with made.app.test_request_context(PAGE):
        user = visitor.user
        login_user(SignedIn(user))
        tiles = progress.of_user(user.id).tiles
        macro = made.app.jinja_env.get_template(MACROS).module.tile  # type: ignore[attr-defined]
        prepared = tile_list()
        assert _by_hand(prepared, tiles) == prepared(tiles)
        ready = _with_values(prepared, tiles)
        assert _joined(ready) == prepared(tiles)
        found = _in_turns(
            {
                "ours": lambda: tile_list()(tiles),
                "by hand": lambda: _by_hand(prepared, tiles),
                "ready": lambda: _joined(ready),
                "macro": lambda: [macro(tile) for tile in tiles],
            },
            turns,
        )
    return {
        GRID: round(found["ours"] / found["by hand"], 2),
        READY: round(found["ours"] / found["ready"], 2),
        BY_MACRO: round(found["macro"] / found["by hand"], 1),
    }


def _by_hand(prepared: TileList, tiles: Sequence[AchievementProgress]) -> str:
    """Render the tiles with a loop that hard-codes the order of the values of each state."""
    html: list[str] = []
    for tile in tiles:
        pieces = prepared.cache.of(tile)
        values = [tile.share_text.replace("<", "&lt;")]
        state = tile.state
        if tile.earned_at is not None:
            at, there = tile.earned_at, tile.earned_at.astimezone(prepared.zone)
            values.append(f"{at:%Y-%m-%dT%H:%M:%SZ}")
            values.append(f"{there.day} {MONTHS[there.month - 1]} {there.year}")
        elif state is State.PROGRESS:
            values += (f"{tile.shown}", tile.progress_text)
        if tile.earned_at is None and tile.metric in metrics.CURRENT:
            values.append(tile.longest_text)
        for (before, _), value in zip(pieces.values, values, strict=True):
            html += (before, value)
        html.append(pieces.end)
    return "".join(html)


def _with_values(prepared: TileList, tiles: Sequence[AchievementProgress]) -> list[list[str]]:
    """Return the pieces and values of each tile, in their order."""
    found = []
    for tile in tiles:
        pieces: list[str] = []
        prepared.cache.of(tile).render(pieces, tile, prepared.zone)
        found.append([str(piece) for piece in pieces])
    return found


def _joined(tiles: Sequence[Sequence[str]]) -> str:
    html: list[str] = []
    for pieces in tiles:
        html += pieces
    return "".join(html)


# --- the page and its fragments ----------------------------------------------------------------


def _add_empty_page(made: Site) -> None:
    @made.app.get(EMPTY)
    @login_required
    def empty() -> str:
        return render_template("base.html")


def _requests(visitor: Visitor, turns: int, *, release: str) -> dict[str, object]:
    client = visitor.client
    found = _in_turns(
        {
            "empty": lambda: client.get(EMPTY),
            "page": lambda: client.get(PAGE),
            "fragment": lambda: client.get(FILTER, headers=HTMX),
            "all tiles": lambda: client.get(EVERYTHING, headers=HTMX),
            "songs": lambda: client.get(LIST),
            "smallest": lambda: client.get(SMALLEST),
            "release": lambda: client.get(release),
            "grid": lambda: client.get("/community/releases"),
        },
        turns,
    )
    return {
        WHOLE: round(found["page"] / found["empty"], 2),
        FRAGMENT: round(found["fragment"] / found["empty"], 2),
        ALL_TILES: round(found["all tiles"] / found["empty"], 2),
        FIFTY_ROWS: round(found["songs"] / found["smallest"], 2),
        RELEASE_PAGE: round(found["release"] / found["songs"], 2),
        RELEASE_GRID: round(found["grid"] / found["songs"], 2),
    }


# --- share images ------------------------------------------------------------------------------


def _share_image(made: Site, visitor: Visitor, turns: int, *, song_id: int) -> dict[str, object]:
    """Measure rendering and sending the image of a release; everyone sees its owner from now on."""
    with made.working():
        visitor.user.audience = Audience.EVERYONE
    jobs = made.app.extensions["trackflow.jobs"]
    with made.working():
        jobs.start_share_image(Kind.RELEASE, song_id)
    with made.app.app_context():
        card = cards.card_of(Kind.RELEASE, song_id)
        found = queries.find_name(Kind.RELEASE, song_id)
        assert card
        assert found
        render = {"": lambda: rendered(drawn(card, {}), WIDTH)}
        rendering = _in_turns(render, max(3, turns // 10))
    client, address = visitor.client, f"/og/release/{found[0]}.png"
    assert client.get(address).status_code == HTTPStatus.OK
    sending = _in_turns(
        {"image": lambda: client.get(address), "songs": lambda: client.get(LIST)}, turns
    )
    return {
        RENDERED: round(rendering[""] * 1000),
        IMAGE_SENT: round(sending["image"] / sending["songs"], 2),
    }


# --- through gunicorn --------------------------------------------------------------------------


def _through_gunicorn(made: Site, visitor: Visitor, *, seconds: float) -> dict[str, object]:
    cookie = visitor.client.get_cookie("session")
    assert cookie
    rates: dict[str, list[float]] = {PAGE: [], "/memory/": []}
    with NamedTemporaryFile() as same:
        Path(same.name).write_bytes(visitor.client.get(PAGE).data)
        environment = {
            "DATABASE_URL": made.app.config["SQLALCHEMY_DATABASE_URI"],
            "INSTANCE_PATH": made.app.instance_path,
            "SECRET_KEY": made.app.config["SECRET_KEY"],
            "BENCH_BYTES": same.name,
        }
        with load.gunicorn("bench.served:app", environment) as port:
            for _ in range(ROUNDS):
                for path, found in rates.items():
                    sent = f"session={cookie.value}"
                    found.append(load.requests_a_second(port, path, sent, seconds))
    page, memory = (median(found) for found in rates.values())
    return {THROUGH_GUNICORN: f"{page / memory:.2f} ({page:,.0f} of {memory:,.0f})"}
