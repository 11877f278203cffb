"""The export: everything stored about one user, as one document of plain values."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.models import (
    Achievement,
    RecheckRun,
    UserAchievement,
    UserPeriodStats,
    UserStats,
    UserValue,
)
from trackflow_web.domain.authoring.models import SongPart
from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.feedback.models import Feedback, FeedbackComment, FeedbackVote
from trackflow_web.domain.imports.models import (
    ColumnChoice,
    Connection,
    Import,
    ImportedPlaylist,
    ImportFile,
    ImportRow,
)
from trackflow_web.domain.mail.models import Mail
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.models import AccessToken, Decision, User, Visit
from trackflow_web.domain.series.models import Series, Track
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel import clock, rate_limits
from trackflow_web.kernel.database import Base, db
from trackflow_web.kernel.events import Event

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from limits import RateLimitItem

Row = dict[str, Any]
Document = dict[str, Any]

TOO_MANY = "You have downloaded this several times just now. Wait a little and try again."
FORMAT = "trackflow-export"
VERSION = 1
# Of tables with secrets only these go out; of all others whatever is not named.
ACCOUNT = (
    "username",
    "email",
    "email_confirmed_at",
    "new_email",
    "timezone",
    "is_admin",
    "toasts",
    "is_profile_public",
    "shows_new_achievements",
    "last_visit_day",
    "last_seen_at",
    "created_at",
)
TOKEN = ("name", "scope", "created_at", "expires_at", "last_used_at")
# The file itself is the user's own, and goes with the preview.
PREVIEW = ("import_id", "encoding", "found")
MAIL = ("kind", "address", "created_at", "ended_at")
CONNECTION = ("scopes", "created_at", "updated_at", "expires_at")
# What others are compared and searched by, made from what stands beside it, and how jobs work.
DERIVED = frozenset({"title_key", "artist_key", "album_key", "name_key", "search_key"})
WORKINGS = frozenset({"worker", "held_until", "retry_at", "attempts", "last_user_id"})
# Of somebody's award these stay here: keys, workings, and the name of somebody else.
OF_AN_AWARD = frozenset(
    {"id", "user_id", "achievement_id", "shown_until", "revoked_by_id", "revoked_by"}
)


def export_within(user: User, limit: RateLimitItem) -> Document:
    """Return the export of a user, within a rate limit: it is read from every table.

    Raises TooMany.
    """
    rate_limits.enforce("export", str(user.id), limit, TOO_MANY)
    return export(user)


def export(user: User) -> Document:
    """Return the export of a user; times are aware, lists are in the order of the ids."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": clock.now(),
        "account": {name: getattr(user, name) for name in ACCOUNT},
        **_work(user.id),
        **_collaborations(user.id),
        **_feedback(user.id),
        **_achievements(user.id),
        **_access(user.id, user.email),
    }


def as_json(document: Document) -> str:
    """Return the document as a file: times in ISO 8601."""
    return json.dumps(document, ensure_ascii=False, default=_iso)


def _iso(value: object) -> str:
    if isinstance(value, date):  # which moments are too
        return value.isoformat()
    raise TypeError(value)


def _work(user_id: int) -> Document:
    own_songs = sa.select(Song.id).where(Song.user_id == user_id)
    own_series = sa.select(Series.id).where(Series.user_id == user_id)
    parts = _by(_rows(SongPart, SongPart.song_id.in_(own_songs), leave_out={"done_by"}), "song_id")
    tracks = _by(_rows(Track, Track.series_id.in_(own_series)), "series_id")
    return {
        "songs": [
            song | {"parts": parts[song["id"]]} for song in _rows(Song, Song.user_id == user_id)
        ],
        "parts_done": _selected(
            sa.select(SongPart.song_id, Song.title, SongPart.part, SongPart.first_done_at)
            .join(Song, Song.id == SongPart.song_id)
            .where(SongPart.done_by == user_id)
            .order_by(SongPart.first_done_at, SongPart.song_id, SongPart.part)
        ),
        "packs": _rows(Pack, Pack.user_id == user_id),
        "series": [
            series | {"tracks": tracks[series["id"]]}
            for series in _rows(Series, Series.user_id == user_id)
        ],
        **_imports(user_id),
    }


def _imports(user_id: int) -> Document:
    own = sa.select(Import.id).where(Import.user_id == user_id)
    rows = _by(_rows(ImportRow, ImportRow.import_id.in_(own)), "import_id")
    return {
        "imports": [
            each | {"rows": rows[each["id"]]} for each in _rows(Import, Import.user_id == user_id)
        ],
        "previews": _rows(ImportFile, ImportFile.import_id.in_(own), only=PREVIEW),
        "columns": _rows(ColumnChoice, ColumnChoice.user_id == user_id, leave_out={"header_key"}),
        "playlists": _rows(ImportedPlaylist, ImportedPlaylist.user_id == user_id),
    }


def _collaborations(user_id: int) -> Document:
    """Return the collaborations: who helps the user, and whom the user helps."""

    def pairs(mine: sa.ColumnElement[int], other: sa.ColumnElement[int]) -> list[Row]:
        return _selected(
            sa.select(
                Collaboration.song_id,
                Song.title,
                Song.artist,
                User.username.label("with"),
                Collaboration.created_at.label("since"),
            )
            .join(Song, Song.id == Collaboration.song_id)
            .join(User, User.id == other)
            .where(mine == user_id)
            .order_by(Collaboration.id)
        )

    owner, collaborator = Collaboration.__table__.c.owner_id, Collaboration.__table__.c.user_id
    return {"helped_by": pairs(owner, collaborator), "helping": pairs(collaborator, owner)}


def _feedback(user_id: int) -> Document:
    about = (Feedback.kind, Feedback.id.label("feedback_id"), Feedback.title)
    return {
        "requests_and_reports": _rows(Feedback, Feedback.user_id == user_id),
        "comments": _selected(
            sa.select(
                *about, FeedbackComment.body, FeedbackComment.status, FeedbackComment.created_at
            )
            .join(FeedbackComment, FeedbackComment.feedback_id == Feedback.id)
            .where(FeedbackComment.user_id == user_id)
            .order_by(FeedbackComment.id)
        ),
        "votes": _selected(
            sa.select(*about, FeedbackVote.at)
            .join(FeedbackVote, FeedbackVote.feedback_id == Feedback.id)
            .where(FeedbackVote.user_id == user_id)
            .order_by(Feedback.id)
        ),
    }


def _achievements(user_id: int) -> Document:
    numbers = _rows(UserStats, UserStats.user_id == user_id)
    return {
        "achievements": _selected(
            sa.select(
                Achievement.code,
                Achievement.name,
                *(
                    column
                    for column in UserAchievement.__table__.c
                    if column.name not in OF_AN_AWARD
                ),
            )
            .join(UserAchievement, UserAchievement.achievement_id == Achievement.id)
            .where(UserAchievement.user_id == user_id)
            .order_by(UserAchievement.id)
        ),
        "numbers": numbers[0] if numbers else {},
        "different_values": _rows(UserValue, UserValue.user_id == user_id),
        "numbers_by_period": _rows(UserPeriodStats, UserPeriodStats.user_id == user_id),
        "visits": _rows(Visit, Visit.user_id == user_id),
        "activities": _rows(Event, Event.user_id == user_id, leave_out={"heard_at"}),
    }


def _access(user_id: int, email: str) -> Document:
    """Return tokens, connections, mails and rechecks; never a secret."""
    return {
        "tokens": _rows(AccessToken, AccessToken.user_id == user_id, only=TOKEN),
        "connections": _rows(Connection, Connection.user_id == user_id, only=CONNECTION),
        "rechecks": _rows(RecheckRun, RecheckRun.admin_id == user_id),
        "mails": _rows(Mail, sa.or_(Mail.user_id == user_id, Mail.address == email), only=MAIL),
        "decisions": _rows(Decision, Decision.user_id == user_id),
    }


def _rows(
    model: type[Base],
    which: sa.ColumnElement[bool],
    *,
    only: Iterable[str] = (),
    leave_out: Iterable[str] = (),
) -> list[Row]:
    """Return a table's rows without the columns that name their user."""
    table = model.__table__
    hidden = {"user_id", "admin_id"} | DERIVED | WORKINGS | set(leave_out)
    columns = [table.c[name] for name in only] or [
        column for column in table.c if column.name not in hidden
    ]
    return _selected(sa.select(*columns).where(which).order_by(*table.primary_key))


def _selected(select: sa.Select[*tuple[Any, ...]]) -> list[Row]:
    found = db.session.execute(select)
    names = tuple(found.keys())
    return [dict(zip(names, row, strict=True)) for row in found]


def _by(rows: Iterable[Row], column: str) -> Mapping[Any, list[Row]]:
    """Return the rows under the value of a column, without it."""
    grouped: Mapping[Any, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row.pop(column)].append(row)
    return grouped
