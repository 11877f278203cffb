"""Pictures in forms: read within their limit, and checked before anything is stored."""

from __future__ import annotations

from flask import request

from trackflow_web.adapters import images


def sent_picture(field: str, *, most_bytes: int) -> bytes | None:
    """Return the checked picture of a form's field; None when none was chosen.

    Raises Invalid naming the field.
    """
    file = request.files.get(field)
    if file is None or not file.filename:
        return None
    with file.stream:  # a file on the disk, if it is large
        content = file.stream.read(most_bytes + 1)
    images.check(content, field, most_bytes=most_bytes)
    return content
