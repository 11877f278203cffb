"""Imports: begin one, follow it, cancel it, take it back.

A connection to Spotify is made in the browser: only there can its owner allow it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from trackflow_web.api.core import bodies, pagination
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.core.schemas import Paging
from trackflow_web.api.imports import schemas
from trackflow_web.domain.imports import actions, files, previews, queries, undo
from trackflow_web.domain.imports.rules import Outcome
from trackflow_web.kernel.errors import Invalid
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import jobs
from trackflow_web.web.listing import ListArguments
from trackflow_web.web.loaders import import_or_404

if TYPE_CHECKING:
    from trackflow_web.domain.imports.models import Import


@api.get("/imports/")
@described(schemas.Imports, query=Paging)
def list_imports() -> schemas.Imports:
    """List your imports, newest first."""
    found, following = pagination.fetch(
        lambda before_id, limit: queries.imports_after(
            get_current_user().id, before_id=before_id, limit=limit
        ),
        lambda item: item.id,
    )
    return schemas.Imports(items=[schemas.Import.of(item) for item in found], next=following)


@api.post("/imports/")
@described(schemas.Import, status=201, body=schemas.NewImport)
def begin_import() -> tuple[schemas.Import, int, dict[str, str]]:
    """Begin an import; `state` says when it is done."""
    item = _begin(bodies.parse_body(schemas.NewImport))
    jobs().start_import(item.id)
    address = url_for("api.show_import", import_id=item.id)
    return schemas.Import.of(item), 201, {"Location": address}


@api.get("/imports/<id:import_id>")
@described(schemas.Import)
def show_import(import_id: int) -> schemas.Import:
    """Show an import."""
    return schemas.Import.of(import_or_404(import_id))


@api.get("/imports/<id:import_id>/rows")
@described(schemas.ImportRows, query=schemas.ImportRowsWanted)
def list_import_rows(import_id: int) -> schemas.ImportRows:
    """List the rows of an import, with what became of each."""
    item, arguments = import_or_404(import_id), ListArguments()
    outcome = arguments.choice("outcome", Outcome)
    found, following = pagination.fetch(
        lambda after, limit: queries.rows_after(
            item.id, outcome=outcome, after=after or 0, limit=limit
        ),
        lambda row: row.position,
        arguments,
    )
    return schemas.ImportRows(items=[schemas.ImportRow.of(row) for row in found], next=following)


@api.post("/imports/<id:import_id>/cancel")
@described(schemas.Import)
def cancel_import(import_id: int) -> schemas.Import:
    """Stop an import before it has made songs; one that is finished stays as it is."""
    item = import_or_404(import_id)
    actions.cancel(item)
    return schemas.Import.of(item)


@api.post("/imports/<id:import_id>/start")
@described(schemas.Import, body=schemas.StartImport)
def start_import(import_id: int) -> schemas.Import:
    """Let an import go on that waits in its preview, where forms begin."""
    item, wanted = import_or_404(import_id), bodies.parse_body(schemas.StartImport)
    previews.start(item, without_similar=wanted.without_similar, anyway=wanted.anyway)
    jobs().start_import(item.id)
    return schemas.Import.of(item)


@api.post("/imports/<id:import_id>/columns")
@described(schemas.Import, body=schemas.ColumnsOfImport)
def choose_import_columns(import_id: int) -> schemas.Import:
    """Read the file of a preview in another way; the choice is remembered for the same header."""
    item, wanted = import_or_404(import_id), bodies.parse_body(schemas.ColumnsOfImport)
    columns = {name: getattr(wanted, name) for name in ("title", "artist", "album", "year")}
    previews.choose(
        item, columns=columns, encoding=wanted.encoding, first_is_song=wanted.first_is_song
    )
    return schemas.Import.of(item)


@api.post("/imports/<id:import_id>/undo")
@described(schemas.Undone)
def undo_import(import_id: int) -> schemas.Undone:
    """Undo an import: a job removes the songs without further work."""
    item = import_or_404(import_id)
    removed = undo.request(item)
    jobs().start_import(item.id)
    return schemas.Undone(removed=removed)


def _begin(wanted: schemas.NewImport) -> Import:
    if wanted.playlist:
        if jobs().tools.spotify is None:
            raise Invalid(playlist="Spotify isn't set up on this site. Import a file instead.")
        return actions.begin_spotify(
            get_current_user(), playlist=wanted.playlist, status=wanted.status
        )
    if not wanted.file:
        raise Invalid(file="Send a file or a playlist.")
    # JSON can carry half characters, which are no text: they become U+FFFD.
    text_of_file = wanted.file.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    content = files.read(
        text_of_file.encode(),
        files.Choice(encoding="utf-8"),
        remembered=previews.remembered(get_current_user().id),
    )
    return actions.begin_file(get_current_user(), content, name=wanted.name, status=wanted.status)
