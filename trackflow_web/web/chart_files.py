"""Uploaded chart files; for pages and the API.

Reading them takes up to some seconds. On SQLite the transaction of a request that writes has the
lock that all others wait for, so they are read before it begins.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO, cast

from flask import g, request

from trackflow_web.domain.chart_scans.queries import find_scan
from trackflow_web.integrations.charts import scans
from trackflow_web.integrations.charts.uploads import LONGEST_FILE_NAME, Upload
from trackflow_web.kernel import transactions
from trackflow_web.kernel.errors import Invalid, NotFound
from trackflow_web.web.authentication import is_known_writer
from trackflow_web.web.caller import get_current_user, is_write
from trackflow_web.web.repeats import form_content

if TYPE_CHECKING:
    from trackflow_web.domain.chart_scans.models import ChartScan
    from trackflow_web.integrations.charts.scans import UploadRead


# The endpoints that take chart files.
UPLOADS = frozenset({"charts.create", "api.read_chart_files"})


def read_ahead() -> None:
    """Read the chart files of a request whose sender may send some, before anything is locked.

    What is wrong with them is told by the view, which has the form.
    """
    if request.endpoint not in UPLOADS or not is_write():
        return
    with transactions.reading():
        may_send = is_known_writer()
    if not may_send:
        return
    form_content()  # large files take a while to digest, too
    try:
        g.chart_upload = scans.read_upload(_sent_files())
    except Invalid as refusal:
        g.chart_upload = refusal


def upload_read() -> UploadRead:
    """Return what was read of the chart files of this request. Raises Invalid naming `files`."""
    found: UploadRead | Invalid | None = g.pop("chart_upload", None)
    if found is None:  # the session ended, or began, in the middle of the request
        raise Invalid(files=scans.CHOOSE)
    if isinstance(found, Invalid):
        raise found
    return found


def _sent_files() -> list[Upload]:
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
