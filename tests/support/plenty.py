"""Ten thousand of everything, written straight into the tables."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tests.support.people import working
from trackflow_web.achievements.models import RecheckRun
from trackflow_web.achievements.recheck import reconcile as recheck
from trackflow_web.domain.chart_scans.models import ChartScan, ScannedSong
from trackflow_web.domain.collaborations.models import Collaboration, Invitation
from trackflow_web.domain.comments.models import Comment
from trackflow_web.domain.feedback.models import Feedback
from trackflow_web.domain.imports.models import Import, ImportedPlaylist, ImportRow
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.models import User, Visit
from trackflow_web.domain.series.models import Series
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.kernel.events import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Flask

    from tests.support.people import Person
    from trackflow_web.kernel.database import Base

Columns = dict[str, object]


def plenty_of(
    app: Flask, owner: Person, helper: Person, has: Mapping[str, object], numbers: range
) -> None:
    """Add one of each object per number for the owner (`has`, see `belongings_of`).

    All songs are in the same pack and every second one has the collaborator; the feature request
    and the import have as many comments and rows.
    """
    now = clock.now()
    with working(app):
        _copy(
            User,
            numbers,
            lambda i: {
                "username": f"user{i}",
                "username_key": f"#{i}",
                "email": f"{i}@example.org",
            },
            id=owner.id,
        )
        _copy(Pack, numbers, lambda i: {"name": f"P {i}", "name_key": f"p {i}"}, id=has["pack_id"])
        _copy(
            Series,
            numbers,
            lambda i: {"album": f"A {i}", "album_key": f"a {i}"},
            id=has["series_id"],
        )
        songs = _copy(
            Song,
            numbers,
            lambda i: {
                "title": f"S {i}",
                "title_key": f"s {i}",
                "artist": f"Artist {i % 500}",
                "artist_key": f"artist {i % 500}",
                "year": 1950 + i % 75,
                "status": ("future", "wip", "released")[i % 3],
                "planned_at": now,
                "started_at": now if i % 3 else None,
                "released_at": now if i % 3 == 2 else None,
                "finished_at": now if i % 3 == 2 else None,
                "pack_id": has["pack_id"],
            },
            id=has["song_id"],
        )
        _write(
            Collaboration,
            [
                {"song_id": song, "user_id": helper.id, "owner_id": owner.id, "created_at": now}
                for song in songs[::2]
            ],
        )
        _copy(
            Invitation,
            numbers,
            lambda i: {"song_id": songs[i - numbers.start]},
            id=has["invitation_id"],
        )
        for item, type_ in (
            (has["feature_id"], SubjectType.FEATURE_REQUEST),
            (has["bug_id"], SubjectType.BUG_REPORT),
        ):
            _copy(Feedback, numbers, lambda i: {"title": f"F {i}"}, id=item)
            _write(
                Comment,
                [
                    {
                        "subject_type": type_,
                        "subject_id": item,
                        "user_id": helper.id,
                        "root_id": 0,
                        "body": f"{i}",
                        "html": f"<p>{i}</p>",
                        "html_version": 1,
                        "created_at": now,
                    }
                    for i in numbers
                ],
            )
        imports = _copy(Import, numbers, lambda i: {"name": f"I {i}"}, id=has["import_id"])
        _copy(ImportRow, numbers, lambda i: {"position": i + 2}, import_id=has["import_id"])
        scans = _copy(ChartScan, numbers, lambda i: {"name": f"C {i}"}, id=has["scan_id"])
        _write(
            ScannedSong,
            [{"scan_id": each, "position": 0, "files": {}} for each in scans],
        )
        _write(
            ImportedPlaylist,
            [
                {
                    "user_id": owner.id,
                    "playlist_key": f"k{i}",
                    "import_id": each,
                    "name": "I",
                    "at": now,
                }
                for i, each in zip(numbers, imports, strict=True)
            ],
        )
        _copy(
            Visit,
            numbers,
            lambda i: {
                "day": now.date() - timedelta(days=i + 2),
                "at": now - timedelta(days=i + 2),
            },
            user_id=owner.id,
        )
        _copy(Event, numbers, lambda _i: {"heard_at": now}, user_id=owner.id)
        _write(
            RecheckRun,
            [
                {
                    "admin_id": owner.id,
                    "admin_name": owner.username,
                    "target": "",
                    "at": now,
                    "users": i,
                    "awards": 0,
                    "drift": 0,
                }
                for i in numbers
            ],
        )
        recheck.reconcile_users([owner.id])


def _copy(
    table: type[Base], numbers: range, changes: Callable[[int], Columns], **key: object
) -> list[int]:
    """Write copies of the first row with this key, changed by their number; return their ids."""
    columns = sa.inspect(table).local_table
    found = sa.select(columns).where(*(columns.c[name] == value for name, value in key.items()))
    row = dict(db.session.execute(found.limit(1)).mappings().one())
    row.pop("id", None)  # the database assigns new ones
    rows = [{**row, **changes(i)} for i in numbers]
    if "id" not in columns.c:
        _write(table, rows)
        return []
    adding = sa.insert(columns).returning(columns.c.id, sort_by_parameter_order=True)
    return list(db.session.scalars(adding, rows))


def _write(table: type[Base], rows: list[Columns]) -> None:
    db.session.execute(sa.insert(sa.inspect(table).local_table), rows)
