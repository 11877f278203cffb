"""Album series: the list, one album, and its tracks."""

from __future__ import annotations

from collections.abc import Mapping

from flask import url_for

from trackflow_web.api.core import bodies, pagination, schemas
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.series import schemas as series_schemas
from trackflow_web.domain.series import actions, queries
from trackflow_web.domain.series.models import Series, Track
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel.errors import Checks, NotFound
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.loaders import series_or_404


@api.get("/series/")
@described(series_schemas.SeriesList, query=schemas.Paging)
def list_series() -> series_schemas.SeriesList:
    """Your own album series, newest first."""
    check = Checks()
    limit, before_id = check(pagination.limit), check(pagination.place, int)
    check.finish()
    found = queries.overviews_after(get_current_user().id, before_id=before_id, limit=limit + 1)
    return series_schemas.SeriesList(
        items=[series_schemas.Series.of(overview) for overview in found[:limit]],
        next=pagination.cursor_after(found, limit, lambda overview: overview.series.id),
    )


@api.post("/series/")
@described(series_schemas.SeriesInFull, status=201, body=series_schemas.NewSeries)
def create_series() -> tuple[series_schemas.SeriesInFull, int, dict[str, str]]:
    """Start an album."""
    draft = bodies.parse_body(series_schemas.NewSeries)
    series = actions.create_series(get_current_user(), **draft.model_dump())
    return _shown(series), 201, {"Location": url_for("api.show_series", series_id=series.id)}


@api.get("/series/<id:series_id>")
@described(series_schemas.SeriesInFull)
def show_series(series_id: int) -> series_schemas.SeriesInFull:
    """One album with its tracks."""
    return _shown(series_or_404(series_id))


@api.post("/series/<id:series_id>/delete")
@described(schemas.Deleted)
def delete_series(series_id: int) -> schemas.Deleted:
    """Delete an album; the songs stay."""
    actions.delete_series(series_or_404(series_id))
    return schemas.Deleted(deleted=series_id)


@api.post("/series/<id:series_id>/tracks/<id:position>")
@described(series_schemas.Track, body=series_schemas.TrackChanges)
def change_track(series_id: int, position: int) -> series_schemas.Track:
    """Link a track to a song or mark it irrelevant; fields that are not sent stay as they are."""
    series = series_or_404(series_id)
    track = queries.find_track(series.id, position)
    if track is None:
        raise NotFound
    said = {"song_id": track.song_id, "irrelevant": track.irrelevant}
    changes = bodies.sent(bodies.parse_body(series_schemas.TrackChanges))
    return series_schemas.Track.of(actions.set_track(series, position, **said | changes))


@api.post("/series/<id:series_id>/link")
@described(series_schemas.Linked)
def link_suggested(series_id: int) -> series_schemas.Linked:
    """Link every open track to your song of that title."""
    return series_schemas.Linked(linked=actions.link_suggested(series_or_404(series_id)))


def _shown(series: Series) -> series_schemas.SeriesInFull:
    tracks = queries.tracks_of(series.id)
    suggested = queries.songs_for_open_tracks(series, tracks)
    return series_schemas.SeriesInFull.with_tracks(
        queries.overview(series.id),
        (
            series_schemas.Track.of(track, suggested=_suggestion(track, suggested))
            for track in tracks
        ),
    )


def _suggestion(track: Track, suggested: Mapping[int, Song]) -> int | None:
    song = None if track.song_id or track.irrelevant else suggested.get(track.position)
    return song.id if song else None
