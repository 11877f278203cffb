"""Playlist files: decode the bytes, find the header, choose the columns, read the rows."""

from trackflow_web.domain.imports.files.columns import Columns, Exporter
from trackflow_web.domain.imports.files.decoding import ENCODINGS
from trackflow_web.domain.imports.files.headers import Role
from trackflow_web.domain.imports.files.reading import (
    Choice,
    PlaylistFile,
    columns_by_name,
    examples,
    name_of_file,
    read,
    require_clear,
)

__all__ = [
    "ENCODINGS",
    "Choice",
    "Columns",
    "Exporter",
    "PlaylistFile",
    "Role",
    "columns_by_name",
    "examples",
    "name_of_file",
    "read",
    "require_clear",
]
