"""Chart files: upload them, read the report with its evidence, confirm songs and parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from trackflow_web.api.charts import schemas
from trackflow_web.api.core import bodies, pagination
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.core.schemas import Paging
from trackflow_web.domain.chart_scans import confirming, queries, rules
from trackflow_web.domain.people.charter_names import plain_names
from trackflow_web.integrations.charts import scans
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.chart_files import scan_or_404, upload_read
from trackflow_web.web.extensions import jobs

if TYPE_CHECKING:
    from trackflow_web.domain.chart_scans.models import ChartScan
    from trackflow_web.domain.chart_scans.rules import Confirmed


@api.get("/imports/charts")
@described(schemas.ChartScans, query=Paging)
def list_chart_scans() -> schemas.ChartScans:
    """List your latest uploads of chart files, newest first."""
    found = queries.scans_of(get_current_user().id)
    items, following = pagination.piece(found, lambda scan: str(scan.id))
    return schemas.ChartScans(items=[schemas.ChartScan.of(scan) for scan in items], next=following)


@api.post("/imports/charts")
@described(schemas.ChartScan, status=201, file="files", several=True)
def read_chart_files() -> tuple[schemas.ChartScan, int, dict[str, str]]:
    """Read chart files: `song.ini`, `notes.*`, `.sng`, or a zip of folders; nothing is changed.

    The name of a file may have folders. Audio is never read: send empty files of its names.
    """
    scan = scans.begin(get_current_user(), upload_read())
    if not scan.is_read:
        jobs().start_chart_scan(scan.id)
    address = url_for("api.show_chart_scan", scan_id=scan.id)
    return schemas.ChartScan.of(scan), 201, {"Location": address}


@api.get("/imports/charts/<id:scan_id>")
@described(schemas.ChartScan)
def show_chart_scan(scan_id: int) -> schemas.ChartScan:
    """Show an upload of chart files."""
    return schemas.ChartScan.of(scan_or_404(scan_id))


@api.get("/imports/charts/<id:scan_id>/songs")
@described(schemas.ChartSongs, query=Paging)
def list_chart_songs(scan_id: int) -> schemas.ChartSongs:
    """List the songs of an upload that have been read, with evidence for each of the 15 parts."""
    scan = scan_or_404(scan_id)
    found, following = pagination.fetch(
        lambda after, limit: queries.songs_of(
            scan.id, after=-1 if after is None else after, limit=limit
        ),
        lambda song: song.position,
    )
    names = plain_names(get_current_user())
    items = [schemas.ChartSong.of(song, names) for song in found if song.report is not None]
    return schemas.ChartSongs(items=items, next=following)


@api.post("/imports/charts/<id:scan_id>/confirm")
@described(schemas.Confirmed, body=schemas.ConfirmedSongs)
def confirm_chart_songs(scan_id: int) -> schemas.Confirmed:
    """Add songs of an upload, or tick their parts; a song is confirmed once."""
    scan, body = scan_or_404(scan_id), bodies.parse_body(schemas.ConfirmedSongs)
    done = confirming.confirm(scan, get_current_user(), _wanted(scan, body), status=body.status)
    return schemas.Confirmed.of(done)


def _wanted(scan: ChartScan, body: schemas.ConfirmedSongs) -> list[Confirmed]:
    chosen = _chosen(body) if body.songs or not body.everything else []
    return confirming.proposals(scan) if body.everything else chosen


def _chosen(body: schemas.ConfirmedSongs) -> list[Confirmed]:
    names = {f"title:{song.id}": song.title for song in body.songs}
    names |= {f"artist:{song.id}": song.artist for song in body.songs}
    return rules.confirmations(
        [str(song.id) for song in body.songs],
        [f"{song.id}:{part}" for song in body.songs for part in song.parts],
        [f"{song.id}:{part}" for song in body.songs for part in song.not_needed],
        names,
    )
