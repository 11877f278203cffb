"""The lists of the export about imports and uploaded chart files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.accounts.pieces import (
    Row,
    as_json,
    grouped_by,
    json_list,
    rows_of,
    with_details,
)
from trackflow_web.domain.chart_scans.models import ChartScan, ScannedSong
from trackflow_web.domain.imports.models import (
    ColumnChoice,
    Import,
    ImportedPlaylist,
    ImportFile,
    ImportRow,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PREVIEW = ("import_id", "encoding", "found")


def imports_of(user_id: int) -> Mapping[str, Iterator[str]]:
    """Return the imports of a user, their playlists, and uploaded chart files."""
    own = sa.select(Import.id).where(Import.user_id == user_id)
    return {
        "imports": _imports_with_rows(user_id),
        "previews": json_list(rows_of(ImportFile, ImportFile.import_id.in_(own), only=PREVIEW)),
        "columns": json_list(
            rows_of(ColumnChoice, ColumnChoice.user_id == user_id, leave_out={"header_key"})
        ),
        "chart_uploads": json_list(
            with_details(rows_of(ChartScan, ChartScan.user_id == user_id), _scanned_songs)
        ),
        "playlists": json_list(rows_of(ImportedPlaylist, ImportedPlaylist.user_id == user_id)),
    }


def _imports_with_rows(user_id: int) -> Iterator[str]:
    """Return the imports, one after the other: each may have ten thousand rows."""
    yield "["
    separator = ""
    for page in rows_of(Import, Import.user_id == user_id):
        for each in page:
            rows = rows_of(ImportRow, ImportRow.import_id == each["id"], leave_out={"import_id"})
            yield f'{separator}{as_json(each)[:-1]}, "rows": '
            yield from json_list(rows)
            yield "}"
            separator = ", "
    yield "]"


def _scanned_songs(scan_ids: Sequence[int]) -> tuple[str, Mapping[Any, list[Row]]]:
    """Return the songs of uploads; the notes are a copy of the user's own files."""
    found = rows_of(ScannedSong, ScannedSong.scan_id.in_(scan_ids), leave_out={"notes"})
    return "songs", grouped_by(found, "scan_id")
