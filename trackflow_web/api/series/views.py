"""Albums: list, show, create, edit, delete; link their tracks to songs."""

from __future__ import annotations

from collections.abc import Mapping

from flask import url_for

from trackflow_web.api.core import bodies, pagination
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.core.schemas import DeletedForNow, Paging
from trackflow_web.api.series import schemas
from trackflow_web.domain.bulk import deletion
from trackflow_web.domain.series import actions, editing, planning, queries, rules
from trackflow_web.domain.series.models import Series, Track
from trackflow_web.domain.songs.models import Song
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.loaders import series_or_404


@api.get("/series/")
@described(schemas.SeriesList, query=Paging)
def list_series() -> schemas.SeriesList:
    """List your albums, newest first."""
    found, following = pagination.fetch(
        lambda before_id, limit: queries.overviews_after(
            get_current_user().id, before_id=before_id, limit=limit
        ),
        lambda overview: overview.series.id,
    )
    return schemas.SeriesList(items=[schemas.Series.of(each) for each in found], next=following)


@api.post("/series/")
@described(schemas.SeriesInFull, status=201, body=schemas.NewSeries)
def create_series() -> tuple[schemas.SeriesInFull, int, dict[str, str]]:
    """Create an album."""
    draft = bodies.parse_body(schemas.NewSeries)
    series = actions.create_series(get_current_user(), **draft.model_dump())
    return _document(series), 201, {"Location": url_for("api.show_series", series_id=series.id)}


@api.get("/series/<id:series_id>")
@described(schemas.SeriesInFull)
def show_series(series_id: int) -> schemas.SeriesInFull:
    """Show an album with its tracks."""
    return _document(series_or_404(series_id))


@api.patch("/series/<id:series_id>")
@described(schemas.SeriesInFull, body=schemas.SeriesChanges)
def edit_series(series_id: int) -> schemas.SeriesInFull:
    """Change an album or its track list; fields that aren't sent stay as they are."""
    series = series_or_404(series_id)
    changes = bodies.sent(bodies.parse_body(schemas.SeriesChanges))
    if "tracks" in changes:
        editing.edit_tracks(series, rules.track_edits(changes.pop("tracks")))
    if changes:
        before = {name: getattr(series, name) for name in ("artist", "album", "year")}
        editing.edit_series(series, **{**before, **changes})
    return _document(series)


@api.post("/series/<id:series_id>/plan")
@described(schemas.Planned, body=schemas.TracksToPlan)
def plan_tracks(series_id: int) -> schemas.Planned:
    """Add the missing songs of an album to Future Plans; songs you have already are linked."""
    series, wanted = series_or_404(series_id), bodies.parse_body(schemas.TracksToPlan)
    planned = planning.plan_tracks(series, get_current_user(), position=wanted.track)
    return schemas.Planned(added=planned.added, linked=planned.linked)


@api.post("/series/<id:series_id>/delete")
@described(DeletedForNow)
def delete_series(series_id: int) -> DeletedForNow:
    """Delete an album; its songs stay."""
    outcome = deletion.delete_album(series_or_404(series_id), get_current_user())
    return DeletedForNow(deleted=series_id, undo=outcome.token)


@api.post("/series/<id:series_id>/tracks/<id:position>")
@described(schemas.Track, body=schemas.TrackChanges)
def change_track(series_id: int, position: int) -> schemas.Track:
    """Link a track to a song or skip it; fields that aren't sent stay as they are."""
    series = series_or_404(series_id)
    changes = bodies.sent(bodies.parse_body(schemas.TrackChanges))
    return schemas.Track.of(actions.change_track(series, position, changes))


@api.post("/series/<id:series_id>/link")
@described(schemas.Linked)
def link_suggested(series_id: int) -> schemas.Linked:
    """Link every open track to your song of that title."""
    return schemas.Linked(linked=actions.link_suggested(series_or_404(series_id)))


def _document(series: Series) -> schemas.SeriesInFull:
    tracks = queries.tracks_of(series.id)
    suggested = queries.songs_for_open_tracks(series, tracks)
    return schemas.SeriesInFull.with_tracks(
        queries.overview(series.id),
        (schemas.Track.of(track, suggested=_suggestion(track, suggested)) for track in tracks),
    )


def _suggestion(track: Track, suggested: Mapping[int, Song]) -> int | None:
    song = None if track.song_id or track.irrelevant else suggested.get(track.position)
    return song.id if song else None
