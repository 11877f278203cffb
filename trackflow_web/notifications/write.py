"""Writing notices: one INSERT ... SELECT for all recipients, which groups, mutes and excludes."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.kernel import failpoints
from trackflow_web.kernel.database import db, dialect, literal_ids
from trackflow_web.notifications import statements, versions
from trackflow_web.notifications.models import (
    UNREAD,
    Channel,
    Notification,
)
from trackflow_web.notifications.types import DIGEST_KEY, TYPES, default_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.notifications.notices import Notice

A_DAY = timedelta(days=1)
LARGEST_ID = 2**63 - 1
NEVER_QUIET = timedelta(days=1)


def send(notice: Notice, *, after: int = 0, upto: int = LARGEST_ID) -> int:
    """Write a notice for recipients whose ids are in (after, upto]; return how many got it."""
    statement = statements.of_audience(
        dialect(),
        notice.audience,
        fans_out=TYPES[notice.type].fans_out,
        has_actor=notice.actor_id is not None,
    )
    rows = db.session.execute(statement, _parameters(notice, after, upto)).all()
    for row in rows:
        versions.touch(row.user_id, [row.id])
    failpoints.point(failpoints.Point.NOTIFIED)
    return len(rows)


def send_to_each(notices: Sequence[Notice]) -> None:
    """Write notices that are each for one user, in one call: those of a recheck."""
    ordered = sorted(notices, key=lambda notice: notice.owner_id)
    db.session.connection().execute(
        statements.for_each(
            dialect(), has_actor=any(notice.actor_id is not None for notice in notices)
        ),
        [_parameters(notice, 0, LARGEST_ID) for notice in ordered],
    )
    written = {"user_ids": sorted({notice.owner_id for notice in notices})}
    keys = {notice.event_key for notice in notices}
    for row in db.session.execute(_LATEST, written):
        if row.event_key in keys:
            versions.touch(row.user_id, [row.id])
    failpoints.point(failpoints.Point.NOTIFIED)


_LATEST = sa.select(Notification.id, Notification.user_id, Notification.event_key).where(
    Notification.user_id.in_(literal_ids("user_ids")), UNREAD
)


def last_of_slice(notice: Notice, *, after: int, size: int) -> int | None:
    """Return the id of the last of the next `size` recipients; None when there are fewer."""
    found = statements.of_slice(notice.audience)
    parameters = {**_audience_parameters(notice), "reason": notice.reason}
    user_id: int | None = db.session.scalar(found, {**parameters, "after": after, "size": size - 1})
    return user_id


def ids_text(ids: tuple[int, ...] | list[int]) -> str:
    """Return ids as a column keeps them: `,7,5,`, the latest first."""
    kept = ""
    for id_ in ids:
        if len(kept) + len(str(id_)) + 2 > statements.IDS_LENGTH:
            break
        kept += f",{id_}"
    return kept + ","


def _audience_parameters(notice: Notice) -> dict[str, Any]:
    return {"owner_id": notice.owner_id, "subject_id": notice.subject_ids[0]}


def _parameters(notice: Notice, after: int, upto: int) -> dict[str, Any]:
    options = TYPES[notice.type]
    quiet_since = notice.at - notice.quiet_for if notice.quiet_for else notice.at + NEVER_QUIET
    return {
        **_audience_parameters(notice),
        "reason": notice.reason,
        "type": notice.type,
        "title": options.title,
        "message": options.label,
        "data": notice.data,
        "at": notice.at,
        "group": notice.group,
        "split_group": f"{notice.group[:60]}:{secrets.token_hex(8)}",
        "may_split": options.groups,
        "digest_group": f"{DIGEST_KEY}{notice.type}:{notice.at:%G-W%V}",
        "actor_group": f"{DIGEST_KEY}{notice.type}:{notice.actor_id}:{notice.at:%Y-%m-%d}",
        "actor_first": f",{notice.actor_id},%",
        "day_ago": notice.at - A_DAY,
        "n": notice.n,
        "actor": ids_text([notice.actor_id] if notice.actor_id else []),
        "actor_id": notice.actor_id or 0,
        "subject_type": notice.subject_type,
        "subjects": ids_text(notice.subject_ids),
        "event_key": notice.event_key,
        "by_default": default_of(notice.type, Channel.SITE),
        "toast_by_default": default_of(notice.type, Channel.TOAST) and options.groups,
        "quiet_since": quiet_since,
        "after": after,
        "upto": upto,
    }
