"""look-alikes: comparison keys that fold them, several versions of a song, user name skeletons;
when users were last seen.

Stored keys are recomputed and invisible characters removed from names. Nothing is merged: if two
songs of one user are duplicates now, the later ones become further versions of the first; packs and
series get their id appended to the key.

Revision ID: 0010
Revises: 0009
Create Date: 2026-11-28 08:30:00.000000
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic import op

from trackflow_web.domain.imports.rules import key_of_file
from trackflow_web.domain.people.rules import LONGEST_EMAIL, canonical_email, skeleton
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ROWS_AT_ONCE = 1_000
# Longer than any stored name.
LONGEST = 20_000
OLD_KEY = "uq_songs_user_id_artist_key_title_key"
NEW_KEY = "uq_songs_user_id_artist_key_title_key_version"
OF_A_FILE = "file:%"
# Imports that go on after the upgrade compare their rows once more.
UNFINISHED = ("queued", "running")


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in columns))


users = _table("users", "id", "username", "username_key", "email")
songs = _table(
    "songs", "id", "user_id", "title", "artist", "album", "title_key", "artist_key", "search_key",
    "version",
)  # fmt: skip
packs = _table("packs", "id", "user_id", "name", "name_key")
series = _table("series", "id", "user_id", "artist", "album", "artist_key", "album_key")
tracks = _table("tracks", "series_id", "position", "title", "title_key")
feedback = _table("feedback", "id", "title", "description", "reason", "search_key")
comments = _table("feedback_comments", "id", "body")
imports = _table("imports", "id", "user_id", "name", "playlist_key", "state", "matched")
import_rows = _table("import_rows", "import_id", "outcome")
playlists = _table("imported_playlists", "user_id", "name", "playlist_key")


def upgrade() -> None:
    """Change the tables."""
    with op.batch_alter_table("users") as batch_op:
        batch_op.add_column(sa.Column("username_key", sa.String(length=60)))
        batch_op.add_column(sa.Column("last_seen_at", sa.DateTime(timezone=True)))
    _fill_users()
    with op.batch_alter_table("users") as batch_op:
        batch_op.alter_column("username_key", existing_type=sa.String(length=60), nullable=False)
        batch_op.create_unique_constraint(op.f("uq_users_username_key"), ["username_key"])
    with op.batch_alter_table("songs") as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="0", nullable=False))
        batch_op.drop_constraint(OLD_KEY, type_="unique")
    for user_id in op.get_bind().scalars(sa.select(users.c.id)).all():
        _compute_songs(user_id)
        _compute_packs(user_id)
        _compute_series(user_id)
        _compute_playlists(user_id)
    _compute_tracks()
    _compute_feedback()
    with op.batch_alter_table("songs") as batch_op:
        batch_op.create_unique_constraint(
            op.f(NEW_KEY), ["user_id", "artist_key", "title_key", "version"]
        )
    _compare_unfinished_imports_again()
    _count_artists_again()


def downgrade() -> None:
    """Change them back."""
    with op.batch_alter_table("songs") as batch_op:
        batch_op.drop_constraint(op.f(NEW_KEY), type_="unique")
    op.execute("UPDATE songs SET title_key = title_key || ' ' || id WHERE version > 0")
    with op.batch_alter_table("songs") as batch_op:
        batch_op.create_unique_constraint(op.f(OLD_KEY), ["user_id", "artist_key", "title_key"])
        batch_op.drop_column("version")
    with op.batch_alter_table("users") as batch_op:
        batch_op.drop_constraint(op.f("uq_users_username_key"), type_="unique")
        batch_op.drop_column("last_seen_at")
        batch_op.drop_column("username_key")


# --- tools ---------------------------------------------------------------------------------------


def _cleaned(name: str) -> str:
    """Return the name without invisible characters; unchanged if it would become empty."""
    try:
        return text.line(name, "name", longest=LONGEST, required=False) or name
    except Invalid:
        return name


def _cleaned_lines(body: str) -> str:
    try:
        return text.lines(body, "body", longest=LONGEST, required=False) or body
    except Invalid:
        return body


def _update(table: sa.TableClause, changed: Iterable[dict[str, Any]], *key: str) -> None:
    """Update rows; `changed` are dictionaries of columns, with those of `key` as the key."""
    rows = [{f"new_{name}": value for name, value in row.items()} for row in changed]
    if not rows:
        return
    columns = [name.removeprefix("new_") for name in rows[0]]
    statement = (
        sa.update(table)
        .where(*(table.c[name] == sa.bindparam(f"new_{name}") for name in key))
        .values({n: sa.bindparam(f"new_{n}") for n in columns if n not in key})
    )
    for start in range(0, len(rows), ROWS_AT_ONCE):
        op.get_bind().execute(statement, rows[start : start + ROWS_AT_ONCE])


def _of_user(table: sa.TableClause, user_id: int) -> Sequence[sa.Row[Any]]:
    found = sa.select(table).where(table.c.user_id == user_id).order_by(table.c.id)
    return op.get_bind().execute(found).all()


def _pieces(table: sa.TableClause, *key: str) -> Iterator[Sequence[sa.Row[Any]]]:
    """All rows in pieces, so that no table has to fit into memory."""
    columns = [table.c[name] for name in key]
    last: tuple[Any, ...] = tuple(0 for _ in key)
    while True:
        behind = sa.tuple_(*columns) > sa.tuple_(*last)
        found = sa.select(table).where(behind).order_by(*columns).limit(ROWS_AT_ONCE)
        rows = op.get_bind().execute(found).all()
        if not rows:
            return
        yield rows
        last = tuple(getattr(rows[-1], name) for name in key)


# --- each table ----------------------------------------------------------------------------------


def _fill_users() -> None:
    """The first of look-alike names prevents new ones; existing later ones stay."""
    rows = op.get_bind().execute(sa.select(users).order_by(users.c.id)).all()
    taken: set[str] = set()
    emails = {row.email for row in rows}
    changed = []
    for row in rows:
        key = skeleton(row.username)
        key = f"{key}#{row.id}" if key in taken else key
        taken.add(key)
        email = canonical_email(row.email)
        if email in emails or len(email) > LONGEST_EMAIL:  # another user's, or unchanged
            email = row.email
        emails.add(email)
        changed.append({"id": row.id, "username_key": key, "email": email})
    _update(users, changed, "id")


def _compute_songs(user_id: int) -> None:
    versions: Counter[tuple[str, str]] = Counter()
    changed = []
    for row in _of_user(songs, user_id):
        title, artist, album = map(_cleaned, (row.title, row.artist, row.album))
        keys = text.artist_key(artist), text.comparison_key(title)
        new = {
            "id": row.id,
            "title": title,
            "artist": artist,
            "album": album,
            "artist_key": keys[0],
            "title_key": keys[1],
            "search_key": text.search_key(title, artist, album),
            "version": versions[keys],
        }
        versions[keys] += 1
        if any(getattr(row, name) != value for name, value in new.items()):
            changed.append(new)
    _update(songs, changed, "id")


def _compute_packs(user_id: int) -> None:
    _compute_unique(packs, _of_user(packs, user_id), _of_pack, ("name_key",))


def _of_pack(row: sa.Row[Any]) -> dict[str, Any]:
    name = _cleaned(row.name)
    return {"name": name, "name_key": text.comparison_key(name)}


def _compute_series(user_id: int) -> None:
    _compute_unique(series, _of_user(series, user_id), _of_series, ("artist_key", "album_key"))


def _of_series(row: sa.Row[Any]) -> dict[str, Any]:
    artist, album = _cleaned(row.artist), _cleaned(row.album)
    return {
        "artist": artist,
        "album": album,
        "artist_key": text.artist_key(artist),
        "album_key": text.comparison_key(album),
    }


def _compute_unique(
    table: sa.TableClause,
    rows: Sequence[sa.Row[Any]],
    compute: Callable[[sa.Row[Any]], dict[str, Any]],
    keys: tuple[str, ...],
) -> None:
    """Compute keys that are unique for a user; the last of them gets the id where it is taken."""
    taken: set[tuple[str, ...]] = set()
    changed = []
    for row in rows:
        new = {"id": row.id, **compute(row)}
        if tuple(new[name] for name in keys) in taken:
            new[keys[-1]] += f" {row.id}"
        taken.add(tuple(new[name] for name in keys))
        if any(getattr(row, name) != value for name, value in new.items()):
            changed.append(new)
    # Twice, because a new key may be another row's old one.
    _update(table, [{"id": new["id"], keys[-1]: f"# {new['id']}"} for new in changed], "id")
    _update(table, changed, "id")


def _compute_playlists(user_id: int) -> None:
    """Playlists from files are known by their names; where that is taken the old key stays."""
    bind = op.get_bind()
    found = [
        bind.execute(
            sa.select(table.c.playlist_key, table.c.name).where(
                table.c.user_id == user_id, table.c.playlist_key.like(OF_A_FILE)
            )
        )
        for table in (imports, playlists)
    ]
    names = {row.playlist_key: row.name for rows in found for row in rows}
    for key, name in names.items():
        new = key_of_file(name)
        if new == key or new in names:
            continue
        for table in (imports, playlists):
            mine = (table.c.user_id == user_id) & (table.c.playlist_key == key)
            bind.execute(sa.update(table).where(mine).values(playlist_key=new))


def _compute_tracks() -> None:
    for rows in _pieces(tracks, "series_id", "position"):
        _update(
            tracks,
            [
                {
                    "series_id": row.series_id,
                    "position": row.position,
                    "title": _cleaned(row.title),
                    "title_key": text.comparison_key(_cleaned(row.title)),
                }
                for row in rows
            ],
            "series_id",
            "position",
        )


def _compute_feedback() -> None:
    for rows in _pieces(feedback, "id"):
        _update(feedback, map(_of_feedback, rows), "id")
    for rows in _pieces(comments, "id"):
        _update(comments, [{"id": it.id, "body": _cleaned_lines(it.body)} for it in rows], "id")


def _of_feedback(row: sa.Row[Any]) -> dict[str, Any]:
    title, description = _cleaned(row.title), _cleaned_lines(row.description)
    return {
        "id": row.id,
        "title": title,
        "description": description,
        "reason": _cleaned_lines(row.reason),
        "search_key": text.search_key(title, description),
    }


def _compare_unfinished_imports_again() -> None:
    unfinished = sa.select(imports.c.id).where(imports.c.state.in_(UNFINISHED))
    op.execute(
        sa.update(import_rows)
        .where(import_rows.c.import_id.in_(unfinished), import_rows.c.outcome == "new")
        .values(outcome="waiting")
    )
    op.execute(sa.update(imports).where(imports.c.state.in_(UNFINISHED)).values(matched=0))


def _count_artists_again() -> None:
    """Recount the released songs per artist, and the distinct artists."""
    op.execute("DELETE FROM user_values WHERE kind = 'artist'")
    op.execute(
        "INSERT INTO user_values (user_id, kind, value, n)"
        " SELECT user_id, 'artist', artist_key, count(*) FROM songs"
        " WHERE released_at IS NOT NULL GROUP BY user_id, artist_key"
    )
    op.execute(
        "UPDATE user_stats SET distinct_artists = (SELECT count(*) FROM user_values"
        " WHERE user_values.user_id = user_stats.user_id AND kind = 'artist' AND n > 0)"
    )
