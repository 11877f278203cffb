"""The feed, highlights, trends and figures."""

from __future__ import annotations

from flask import request

from trackflow_web.api.community import schemas
from trackflow_web.api.core import pagination
from trackflow_web.api.core.blueprint import NO_CONTENT, api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.core.schemas import Paging
from trackflow_web.community import actions
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.community import highlight_archive, reports
from trackflow_web.web.feed import load, wanted_by


@api.get("/community/feed")
@described(schemas.Feed, query=schemas.FeedWanted)
def show_feed() -> schemas.Feed:
    """Show the feed."""
    return schemas.Feed.of(load(wanted_by(request.args, usual=pagination.USUAL_ITEMS)))


@api.put("/community/feed/<id:feed_id>/hidden")
@described(None, status=204)
def hide_entry(feed_id: int) -> tuple[str, int]:
    """Hide an entry of the feed from yourself."""
    actions.set_hidden(get_current_user(), feed_id, wanted=True)
    return NO_CONTENT


@api.delete("/community/feed/<id:feed_id>/hidden")
@described(None, status=204)
def show_entry(feed_id: int) -> tuple[str, int]:
    """Show a hidden entry again."""
    actions.set_hidden(get_current_user(), feed_id, wanted=False)
    return NO_CONTENT


@api.get("/community/highlights")
@described(schemas.Highlights, query=Paging)
def list_highlights() -> schemas.Highlights:
    """List the highlights of the last half year."""
    archive = highlight_archive(get_current_user().id)
    return schemas.Highlights.of(
        *pagination.piece(archive, lambda each: f"{each.kind}-{each.start}")
    )


@api.get("/community/stats")
@described(schemas.CommunityStats, query=Paging)
def show_stats() -> schemas.CommunityStats:
    """Show the figures of the community."""
    stats = reports(get_current_user().id).stats
    figures, following = pagination.piece(stats.figures, lambda each: each.key)
    return schemas.CommunityStats.of(figures, following, stats.made_at)


@api.get("/community/trending")
@described(schemas.Trending, query=Paging)
def show_trending() -> schemas.Trending:
    """Show trending artists, and the most active of the week."""
    found = reports(get_current_user().id)
    artists, following = pagination.piece(found.trends.artists, lambda each: each.artist)
    return schemas.Trending.of(artists, following, found)
