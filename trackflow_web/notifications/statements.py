"""The statements that write notices, built once: building takes longer than running them.

Excluded are whoever acted, users with a block between them and whoever acted, banned users, those
who have muted the person or the subject, and those who have switched the type off. The rows are
written in the order of the recipients' ids.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from trackflow_web.domain.people.models import User
from trackflow_web.domain.relations.models import Mute, Muted
from trackflow_web.domain.relations.muting import is_artist_muted_by, is_muted_by
from trackflow_web.domain.relations.queries import is_in_force
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.visibility import blocked_between
from trackflow_web.kernel.database import UTCDateTime, insert_into
from trackflow_web.notifications.models import (
    UNREAD,
    UNREAD_INDEX,
    Channel,
    Notification,
    NotificationPreferences,
    NotificationSetting,
)
from trackflow_web.notifications.recipients import Audience, is_still_so, recipients
from trackflow_web.notifications.types import MOST_FROM_ONE

if TYPE_CHECKING:
    from sqlalchemy import Executable

# Whoever has more unread gets one row for all further releases of a week.
MOST_UNREAD = 500
# Names of eight are kept; a column of 200 letters holds that many ids of any length.
IDS_LENGTH = 200

# Column of the table by what its value is in the SELECT.
_COLUMNS = (
    "user_id",
    "type",
    "title",
    "message",
    "metadata_json",
    "created_at",
    "updated_at",
    "reason",
    "group_key",
    "n",
    "actor_ids",
    "subject_type",
    "subject_ids",
    "event_key",
    "version",
    "wants_toast",
    "read",
    "link",
)


@lru_cache(maxsize=32)
def of_slice(audience: Audience) -> sa.Select[Any]:
    """Select the id of the recipient `size` after the id `after`, if there is one."""
    found = recipients(audience)
    after = sa.bindparam("after", type_=sa.BigInteger)
    size = sa.bindparam("size", type_=sa.Integer)
    wanted = sa.select(found.c.user_id).where(found.c.user_id > after, is_still_so(audience))
    return wanted.order_by(found.c.user_id).offset(size).limit(1)


@lru_cache(maxsize=32)
def of_audience(
    dialect_name: str, audience: Audience, *, fans_out: bool, has_actor: bool
) -> Executable:
    """Write a notice for the recipients in (after, upto], returning the ids of rows and users."""
    table = Notification.__table__.c
    insert = _upsert(dialect_name, audience, fans_out=fans_out, has_actor=has_actor)
    statement: Executable = insert.returning(table.id, table.user_id)
    return statement


@lru_cache(maxsize=4)
def for_each(dialect_name: str, *, has_actor: bool) -> Executable:
    """Write notices that are each for one user, as one call with many parameters."""
    statement: Executable = _upsert(
        dialect_name, Audience.USER, fans_out=False, has_actor=has_actor
    )
    return statement


def _upsert(dialect_name: str, audience: Audience, *, fans_out: bool, has_actor: bool) -> Any:  # noqa: ANN401 -- the dialects' classes
    insert = insert_into(Notification, dialect_name).from_select(
        list(_COLUMNS), _select(audience, fans_out=fans_out, has_actor=has_actor)
    )
    table, new = Notification.__table__.c, insert.excluded
    return insert.on_conflict_do_update(
        index_elements=[table.user_id, table.group_key],
        index_where=UNREAD_INDEX,
        set_={
            "n": table.n + new.n,
            "actor_ids": _put_first(new.actor_ids, table.actor_ids),
            "subject_ids": _put_first(new.subject_ids, table.subject_ids),
            "metadata_json": new.metadata_json,
            "reason": new.reason,
            "updated_at": new.updated_at,
            "event_key": new.event_key,
            "wants_toast": new.wants_toast,
            "version": 0,
            "seen_at": None,
        },
        where=sa.and_(
            table.event_key != new.event_key,
            table.updated_at <= sa.bindparam("quiet_since", type_=UTCDateTime),
        ),
    )


def _put_first(new: sa.ColumnElement[str], old: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """Return `,new,` before the other ids of `,old,`, without it there."""
    others = sa.func.substr(sa.func.replace(old, new, ","), 2)
    return sa.func.substr(new.concat(others), 1, IDS_LENGTH)


def _select(audience: Audience, *, fans_out: bool, has_actor: bool) -> sa.Select[Any]:
    found = recipients(audience)
    site, toast = aliased(NotificationSetting), aliased(NotificationSetting)
    preferences = NotificationPreferences
    text, number = sa.String(), sa.BigInteger()

    def param(name: str, type_: sa.types.TypeEngine[Any] = text) -> sa.BindParameter[Any]:
        return sa.bindparam(name, type_=type_)

    def setting(table: type[NotificationSetting], channel: Channel) -> sa.ColumnElement[bool]:
        return sa.and_(
            table.user_id == found.c.user_id,
            table.type == param("type"),
            table.channel == channel,
        )

    may_split = sa.and_(param("may_split", sa.Boolean()), preferences.one_line_each.is_(True))
    group = sa.case((may_split, param("split_group")), else_=param("group"))
    if fans_out:
        group = sa.case(
            (_unread_of(found.c.user_id) > MOST_UNREAD, param("digest_group")), else_=group
        )
    elif has_actor:
        group = sa.case(
            (_from_actor(found.c.user_id) >= MOST_FROM_ONE, param("actor_group")), else_=group
        )
    at = param("at", UTCDateTime())
    selected = (
        sa.select(
            found.c.user_id,
            param("type"),
            param("title"),
            param("message"),
            param("data", sa.JSON()),
            at,
            at,
            found.c.reason,
            group,
            param("n", sa.Integer()),
            param("actor"),
            param("subject_type"),
            param("subjects"),
            param("event_key"),
            sa.literal(0, sa.BigInteger),
            sa.func.coalesce(toast.is_on, param("toast_by_default", sa.Boolean())),
            sa.false(),
            sa.literal("", sa.String),
        )
        .select_from(found)
        .join(User, User.id == found.c.user_id)
        .outerjoin(preferences, preferences.user_id == found.c.user_id)
        .outerjoin(site, setting(site, Channel.SITE))
        .outerjoin(toast, setting(toast, Channel.TOAST))
        .where(
            found.c.user_id > param("after", number),
            found.c.user_id <= param("upto", number),
            User.banned_at.is_(None),
            sa.func.coalesce(site.is_on, param("by_default", sa.Boolean())),
            ~_is_muted(found.c.user_id, audience),
            is_still_so(audience),
        )
        .order_by(found.c.user_id)
    )
    if not has_actor:
        return selected
    return selected.where(
        found.c.user_id != param("actor_id", number),
        sa.not_(blocked_between(found.c.user_id, param("actor_id", number))),
    )


def _unread_of(user_id: sa.ColumnElement[int]) -> sa.ScalarSelect[int]:
    unread = sa.select(Notification.id).where(Notification.user_id == user_id, UNREAD)
    few = unread.limit(MOST_UNREAD + 1).correlate_except(Notification).subquery()
    return sa.select(sa.func.count()).select_from(few).scalar_subquery()


def _from_actor(user_id: sa.ColumnElement[int]) -> sa.ScalarSelect[int]:
    """Return how many rows of the last day the actor has caused; nobody has caused more."""
    rows = sa.select(Notification.id).where(
        Notification.user_id == user_id,
        Notification.read.in_([sa.false(), sa.true()]),  # the index continues behind this column
        Notification.created_at > sa.bindparam("day_ago", type_=UTCDateTime),
        Notification.actor_ids.like(sa.bindparam("actor_first", type_=sa.String)),
    )
    few = rows.limit(MOST_FROM_ONE).correlate_except(Notification).subquery()
    return sa.select(sa.func.count()).select_from(few).scalar_subquery()


def _is_muted(user_id: sa.ColumnElement[int], audience: Audience) -> sa.ColumnElement[bool]:
    person = sa.and_(
        Mute.kind == Muted.PERSON, Mute.target_id == sa.bindparam("actor_id", type_=sa.BigInteger)
    )
    subject = sa.and_(
        Mute.kind == sa.bindparam("subject_type", type_=sa.String),
        Mute.target_id == sa.bindparam("subject_id", type_=sa.BigInteger),
    )
    muted = sa.exists().where(Mute.user_id == user_id, sa.or_(person, subject), is_in_force())
    if audience is not Audience.RELEASE:
        return muted
    # Of a shared song one hears even if its artist is muted.
    song = aliased(Song)
    of_song = song.id == sa.bindparam("subject_id", type_=sa.BigInteger)
    by_artist = sa.exists().where(of_song, is_artist_muted_by(user_id, song.artist_key))
    in_pack = sa.exists().where(of_song, is_muted_by(user_id, Muted.PACK, song.pack_id))
    return sa.or_(muted, by_artist, in_pack)
