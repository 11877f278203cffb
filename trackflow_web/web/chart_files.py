"""Uploaded chart files, and what a form confirms of them; for pages and the API."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO, cast

from flask import request

from trackflow_web.domain.chart_scans.queries import find_scan
from trackflow_web.integrations.charts.uploads import LONGEST_FILE_NAME, Upload
from trackflow_web.kernel.errors import NotFound
from trackflow_web.web.caller import get_current_user, is_write

if TYPE_CHECKING:
    from trackflow_web.domain.chart_scans.models import ChartScan


def sent_files() -> list[Upload]:
    """Return the files of the form's field `files`; a name may have folders."""
    uploads = []
    for file in request.files.getlist("files"):
        if file.filename:
            stream = cast("BinaryIO", file.stream)
            size = stream.seek(0, os.SEEK_END)
            stream.seek(0)
            uploads.append(Upload(file.filename[-LONGEST_FILE_NAME:], stream, size))
    return uploads


def scan_or_404(scan_id: int) -> ChartScan:
    """Return one of the caller's own uploads of chart files."""
    scan = find_scan(scan_id, get_current_user().id, for_update=is_write())
    if scan is None:
        raise NotFound
    return scan
