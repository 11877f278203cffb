"""Seasons, for everybody: the list, each of them, and the calendar to subscribe to."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Blueprint, Response, render_template, request, url_for

from trackflow_web.achievements import metrics, progress
from trackflow_web.achievements.standings import seasons
from trackflow_web.kernel.errors import NotFound
from trackflow_web.web.calendars import MEDIA_TYPE, CalendarEvent, calendar
from trackflow_web.web.caller import viewer_id
from trackflow_web.web.sharing import SitePage, absolute, shortened
from trackflow_web.web.urls import site_url

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from trackflow_web.achievements.standings.seasons import ShownSeason

pages = Blueprint("seasons", __name__)

# No user has this id: anonymous visitors have earned nothing.
NOBODY = 0
# Programs ask again after an hour.
CACHED = 3600


@pages.get("/seasons/")
def index() -> str:
    """List the seasons that run, that are to come and that are over."""
    return render_template("seasons/index.html", seasons=seasons.listed())


@pages.get("/seasons/<slug>")
def show(slug: str) -> str:
    """Show a season, its achievements and, to users, how far they are."""
    season = seasons.find(slug)
    if season is None:
        raise NotFound
    own = progress.of_user(viewer_id() or NOBODY, with_holders=False)
    return render_template(
        "seasons/show.html",
        season=season,
        shared=SitePage(
            title=season.name,
            description=shortened(_summary(season)),
            url=absolute("seasons.show", slug=season.slug),
        ),
        tiles={each.code: own.find(each.code) for each in season.achievements},
        rules={name: metric.counts for name, metric in metrics.BY_NAME.items()},
    )


def _summary(season: ShownSeason) -> str:
    times = f"{season.starts_at:%Y-%m-%d} to {season.ends_at:%Y-%m-%d}."
    names = ", ".join(each.name for each in season.achievements)
    return f"{times} Achievements: {names}." if names else times


@pages.get("/seasons.ics")
def ics() -> BaseResponse:
    """Return the calendar of all seasons; 304 while none has changed."""
    host = urlsplit(site_url()).hostname or "trackflow"
    events = [_event(season, host) for season in sorted(seasons.listed(), key=lambda s: s.id)]
    content = calendar("TrackFlow seasons", events)
    response = Response(content, content_type=f"{MEDIA_TYPE}; charset=utf-8")
    response.cache_control.public = True
    response.cache_control.max_age = CACHED
    response.set_etag(hashlib.sha256(content).hexdigest()[:32])
    return response.make_conditional(request)


def _event(season: ShownSeason, host: str) -> CalendarEvent:
    names = [f"{each.name}: {each.description}" for each in season.achievements]
    return CalendarEvent(
        uid=f"season-{season.id}@{host}",
        name=season.name,
        text="\n".join([season.promise, *names]),
        url=site_url() + url_for("seasons.show", slug=season.slug),
        starts_at=season.starts_at,
        ends_at=season.ends_at,
        sequence=season.sequence,
        changed_at=season.changed_at,
    )
