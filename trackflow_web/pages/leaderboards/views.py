"""Leaderboards: who did most in a week, a month, a year or ever."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request, url_for

from trackflow_web.achievements.standings import board
from trackflow_web.achievements.standings.board import View
from trackflow_web.achievements.standings.windows import Score, Span, window_of
from trackflow_web.kernel import clock
from trackflow_web.web.caller import get_current_user, viewer_id
from trackflow_web.web.leaderboards import wanted
from trackflow_web.web.sharing import SitePage
from trackflow_web.web.urls import site_url

if TYPE_CHECKING:
    from trackflow_web.achievements.standings.windows import Window
    from trackflow_web.web.leaderboards import Wanted

pages = Blueprint("community", __name__, url_prefix="/community")

KINDS = {
    Score.POINTS: "Points",
    Score.ACHIEVEMENTS: "Achievements",
    Score.RELEASES: "Releases",
    Score.PARTS: "Parts",
}
UNITS = {
    Score.POINTS: "point",
    Score.ACHIEVEMENTS: "achievement",
    Score.RELEASES: "release",
    Score.PARTS: "part",
}
SPANS = {
    Span.WEEK: "This week",
    Span.MONTH: "This month",
    Span.YEAR: "This year",
    Span.ALL: "All time",
}
VIEWS = {View.AROUND: "Around me", View.FOLLOWED: "Followed", View.TOP: "Top"}


@dataclass(frozen=True)
class Choice:
    """A link to another leaderboard."""

    text: str
    url: str
    is_current: bool


@pages.get("/leaderboard")
def leaderboard() -> str:
    """Show a leaderboard; to visitors the top, of users whose profiles are for everyone."""
    asked = wanted(request.args)
    reader = get_current_user() if viewer_id() else None
    found = board.load(
        reader, asked.kind, asked.window, asked.view, cursor=request.args.get("cursor")
    )
    return render_template(
        "leaderboards/show.html",
        board=found,
        reader=reader,
        heading=KINDS[asked.kind],
        shared=SitePage(
            title=f"Leaderboard: {KINDS[asked.kind].lower()}, {_name(asked.window)}",
            description="Who charted most, by points, achievements, releases and parts.",
            url=site_url() + _url(asked),
        ),
        unit=UNITS[asked.kind],
        period=_name(asked.window),
        kinds=_choices(asked, "kind", KINDS),
        spans=_choices(asked, "period", SPANS),
        views=_choices(asked, "view", VIEWS) if reader else [],
        previous=_url(asked, start=asked.window.previous) if asked.window.previous else None,
        following=_url(asked, start=_next(asked.window)) if _next(asked.window) else None,
        more=_url(asked, start=asked.window, cursor=found.following) if found.following else None,
        is_first_part=not request.args.get("cursor"),
    )


def _next(window: Window) -> Window | None:
    """Return the period after this one, if it has started."""
    following = window.next
    return following if following and following.start <= clock.now().date() else None


def _name(window: Window) -> str:
    """Return what a period is called."""
    if window == window_of(window.span, clock.now().date()):
        return SPANS[window.span].lower()
    if window.span is Span.WEEK:
        return f"week {window.start:%G-W%V}"
    return f"{window.start:%B %Y}" if window.span is Span.MONTH else f"{window.start:%Y}"


def _choices(
    asked: Wanted, parameter: str, texts: dict[Score, str] | dict[Span, str] | dict[View, str]
) -> list[Choice]:
    current = {"kind": asked.kind, "period": asked.window.span, "view": asked.view}
    return [
        Choice(
            text,
            _url(asked, **{parameter: value}),
            is_current=current[parameter] is value,
        )
        for value, text in texts.items()
    ]


def _url(asked: Wanted, **changes: object) -> str:
    """Return the URL of a leaderboard that differs in some parameters from this one."""
    values: dict[str, object] = {
        "kind": asked.kind.value,
        "period": asked.window.span.value,
        "view": asked.view.value,
    }
    start = changes.pop("start", None)
    if start is not None:
        values["start"] = start.start.isoformat()  # type: ignore[attr-defined]
    elif "period" not in changes and asked.window != window_of(
        asked.window.span, clock.now().date()
    ):
        values["start"] = asked.window.start.isoformat()
    values |= {name: getattr(value, "value", value) for name, value in changes.items()}
    return url_for("community.leaderboard", **values)  # type: ignore[arg-type]
