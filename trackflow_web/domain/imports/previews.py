"""The preview of a file: what would become of its rows, how it is read, and how to change that."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.imports import actions, files, matching, queries, rules
from trackflow_web.domain.imports.files import Choice, Role
from trackflow_web.domain.imports.files.columns import CHOSEN, REQUIRED
from trackflow_web.domain.imports.models import ColumnChoice, Import, ImportFile, ImportRow
from trackflow_web.domain.imports.rules import MOST_CHOICES, Outcome, Reason, Source, State
from trackflow_web.domain.songs import rules as songs
from trackflow_web.domain.songs.rules import Draft, Status
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.database import db, upsert
from trackflow_web.kernel.errors import Checks, Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trackflow_web.domain.imports.files import Columns, PlaylistFile
    from trackflow_web.domain.people.models import User

# A user is waiting: zlib's fastest level compresses such a file to a fifth.
COMPRESSION = 1
COLUMNS_SHOWN = 100
# Rows compared between two statements: PostgreSQL ends transactions that are idle for too long.
ROWS_AT_ONCE = 1_000
NOT_WAITING = "This import has already started."
CHOOSE_FIRST = "Choose the columns of the title and the artist first."


def begin(
    user: User, content: bytes, *, name: object = "", filename: str = "", status: object = ""
) -> Import:
    """Read a file and keep it until its user starts the import; no song is made.

    Raises Invalid naming the fields.
    """
    file = files.read(content, remembered=remembered(user.id))
    if len(file.columns.names) < len(REQUIRED):
        files.require_clear(file)  # there is nothing to choose from
    check = Checks()
    called = check(rules.playlist_name, name, file.name, filename)
    state = check(songs.status, status or Status.FUTURE)
    check.finish()
    key = rules.key_of_file(called)
    item = actions.begin(user, Source.FILE, key, called, state, state=State.PREVIEW)
    item.is_previewed = True
    db.session.add(
        ImportFile(
            import_id=item.id,
            content=zlib.compress(content, COMPRESSION),
            encoding=file.encoding,
            found=_found(file, first_is_song=False),
        )
    )
    _keep(item, file)
    return item


def choose(
    item: Import,
    *,
    columns: Mapping[str, object],
    encoding: object = "",
    first_is_song: bool = False,
) -> None:
    """Read the file of a preview in another way, and remember that for this user and header.

    `columns` has positions from 0 by role, empty for none; with another encoding, none means those
    that are found. The import must have been loaded for
    update. Raises Invalid naming the fields.
    """
    kept = _file_of(item)
    check = Checks()
    roles = {
        role: position
        for role in CHOSEN
        if (position := check(_position, columns.get(role), role, kept)) is not None
    }
    read_as = check(_encoding, encoding, kept)
    check.finish()
    if missing := [role for role in REQUIRED if role not in roles]:
        if encoding in ("", None, kept.encoding):
            raise Invalid(**{f"column_{role}": "Choose a column." for role in missing})
        roles = {}  # with other letters, the names of the columns may be clear
    if len(set(roles.values())) < len(roles):
        raise Invalid(form="Choose another column for each.")
    choice = Choice(roles, read_as, first_is_song=first_is_song)
    file = files.read(zlib.decompress(kept.content), choice, remembered(item.user_id))
    kept.encoding, kept.found = file.encoding, _found(file, first_is_song=first_is_song)
    db.session.execute(sa.delete(ImportRow).where(ImportRow.import_id == item.id))
    _keep(item, file)
    if roles and not first_is_song:  # such columns have no names to be known by
        _remember(item.user_id, file.columns.key, roles)


def start(item: Import, *, without_similar: bool = False, anyway: bool = False) -> None:
    """Start an import from its preview.

    `without_similar` skips likely duplicates, `anyway` adds songs from another album.

    The import must have been loaded for update. Raises Invalid, TooMany.
    """
    if item.state != State.PREVIEW:
        raise Invalid(form=NOT_WAITING)
    if not item.rows_kept:
        raise Invalid(form=CHOOSE_FIRST)
    actions.require_turn(item.user_id)
    if without_similar:
        db.session.execute(
            sa.update(ImportRow)
            .where(
                ImportRow.import_id == item.id,
                ImportRow.outcome == Outcome.NEW,
                ImportRow.similar_to != "",
            )
            .values(outcome=Outcome.SKIPPED, reason=Reason.SIMILAR)
        )
    if anyway:
        db.session.execute(
            sa.update(ImportRow)
            .where(ImportRow.import_id == item.id, ImportRow.reason == Reason.OTHER_ALBUM)
            .values(outcome=Outcome.NEW, reason="", song_id=None)
        )
    db.session.execute(sa.delete(ImportFile).where(ImportFile.import_id == item.id))
    item.state, item.is_previewed, item.updated_at = State.QUEUED, False, clock.now()


def remembered(user_id: int) -> Callable[[Columns], Mapping[Role, int]]:
    """Return the user's earlier choice for columns of these names; empty without one."""

    def roles_of(columns: Columns) -> Mapping[Role, int]:
        chosen = db.session.get(ColumnChoice, (user_id, columns.key))
        return {Role(role): at for role, at in chosen.roles.items()} if chosen else {}

    return roles_of


# --- keeping -----------------------------------------------------------------------------------


def _keep(item: Import, file: PlaylistFile) -> None:
    """Keep the rows with what would become of them."""
    seen = matching.Seen()
    compared: dict[int, dict[str, Any]] = {}
    for start in range(0, len(file.rows), ROWS_AT_ONCE):
        drafts = {
            position: Draft(title=row.title, artist=row.artist, album=row.album, year=row.year)
            for position, row in enumerate(file.rows[start : start + ROWS_AT_ONCE], start=start)
            if row.reason is None
        }
        compared |= matching.compare(item.user_id, drafts, seen)
    actions.keep_rows(item, 0, file.rows, compared)
    item.total = item.matched = len(file.rows)
    item.from_spotify = file.identifies_spotify_tracks


def _found(file: PlaylistFile, *, first_is_song: bool) -> dict[str, Any]:
    """Return what the page shows of a file. Raises nothing: texts are shortened and cleaned."""
    return {
        "names": [text.storable(name) for name in file.columns.names[:COLUMNS_SHOWN]],
        "samples": [[text.storable(cell) for cell in row[:COLUMNS_SHOWN]] for row in file.samples],
        "roles": {str(role): at for role, at in file.columns.roles.items() if role in CHOSEN},
        "exporter": str(file.exporter),
        "is_guess": file.is_guess,
        "is_clear": file.columns.are_clear,
        "first_is_song": first_is_song,
    }


def _remember(user_id: int, header_key: str, roles: Mapping[Role, int]) -> None:
    values = {"roles": {str(role): at for role, at in roles.items()}, "chosen_at": clock.now()}
    db.session.execute(
        upsert(ColumnChoice)
        .values(user_id=user_id, header_key=header_key, **values)
        .on_conflict_do_update(
            index_elements=[ColumnChoice.user_id, ColumnChoice.header_key], set_=values
        )
    )
    oldest = (
        sa.select(ColumnChoice.header_key)
        .where(ColumnChoice.user_id == user_id)
        .order_by(ColumnChoice.chosen_at.desc(), ColumnChoice.header_key)
        .offset(MOST_CHOICES)
    )
    surplus = db.session.scalars(oldest).all()
    if surplus:
        db.session.execute(
            sa.delete(ColumnChoice).where(
                ColumnChoice.user_id == user_id, ColumnChoice.header_key.in_(surplus)
            )
        )


def _file_of(item: Import) -> ImportFile:
    kept = queries.find_file(item.id)
    if item.state != State.PREVIEW or kept is None:
        raise Invalid(form=NOT_WAITING)
    return kept


def _position(value: object, role: Role, kept: ImportFile) -> int | None:
    most = len(kept.found["names"]) - 1
    return text.whole_number(value, f"column_{role}", least=0, most=most)


def _encoding(value: object, kept: ImportFile) -> str:
    if not value or value == kept.encoding:
        return "" if kept.found["is_guess"] else kept.encoding
    if not isinstance(value, str) or value not in files.ENCODINGS:
        names = ", ".join(files.ENCODINGS)
        raise Invalid(encoding=f"This must be one of: {names}.")
    return value
