"""What the ids in notifications are called now, and what their user may see of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trackflow_web.achievements.models import Season
from trackflow_web.achievements.progress import queries
from trackflow_web.domain.collaborations.models import Collaboration, Invitation
from trackflow_web.domain.feedback.models import Feedback
from trackflow_web.domain.feedback.subjects import is_shown_to
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.domain.visibility import VIEWER, Held, not_held, visible_to
from trackflow_web.domain.webhooks.models import Webhook
from trackflow_web.kernel.database import db, literal_ids
from trackflow_web.notifications.types import Reason, Type
from trackflow_web.notifications.wording import Actor

# Whoever may work on a song sees its page, everybody else that it was released.
# Whoever was invited to it sees the invitation.
WORK, INVITED, PUBLIC, HIDDEN = "work", "invited", "public", ""
ACTORS_SHOWN = 8
# Names are kept beside what two people share; elsewhere whoever is hidden has none.
SHARED = frozenset(
    {
        Type.COLLABORATED_SONG_RELEASED,
        Type.COLLABORATION_ADDED,
        Type.COLLABORATION_SONG_UPDATED,
        Type.INVITATION_ANSWERED,
    }
)
KINDS = frozenset({"user", "song", "pack", "feedback", "season", "webhook"})


@dataclass(frozen=True)
class Name:
    """What an id is called now, and how far the viewer sees it."""

    id: int
    name: str
    access: str
    shown: str = ""
    avatar: str | None = None


Names = dict[tuple[str, int], Name]


def names_of(user_id: int, rows: Sequence[sa.Row[*tuple[Any, ...]]]) -> Names:
    """Return the names of the actors and subjects of rows, for their user, in one statement."""
    wanted: dict[str, set[int]] = {kind: set() for kind in KINDS}
    for row in rows:
        wanted["user"].update(ids_in(row.actor_ids)[:ACTORS_SHOWN])
        kind = "feedback" if row.subject_type in {"feature", "bug"} else row.subject_type
        if kind in KINDS - {"user"}:
            wanted[kind].update(ids_in(row.subject_ids)[:1])
    found = db.session.execute(
        _NAMES, {"viewer_id": user_id, **{name: sorted(ids) for name, ids in wanted.items()}}
    )
    return {
        (row.kind, row.id): Name(row.id, row.name, row.access, row.shown, row.avatar)
        for row in found
    }


def actor_of(name: Name | None, type_: Type) -> Actor | None:
    """Return an actor; without a name when it is hidden, None when the account is gone."""
    if name is None:
        return None
    if name.access == PUBLIC:
        return Actor(name.name, name.shown, is_visible=True, id=name.id, avatar=name.avatar)
    is_shared = name.access == WORK and type_ in SHARED
    return Actor(name.name, name.shown) if is_shared else Actor()


def notes_of(user_id: int, rows: Sequence[sa.Row[*tuple[Any, ...]]]) -> dict[int, str]:
    """Return what administrators wrote about achievements that they gave, by the ids of rows."""
    given = {
        row.id: row.metadata_json.get("codes", ()) for row in rows if row.reason == Reason.GRANTED
    }
    if not given:
        return {}
    notes = queries.notes_of(user_id, {code for codes in given.values() for code in codes})
    return {id_: notes.get(next(iter(codes), ""), "") for id_, codes in given.items()}


def ids_in(text: str) -> list[int]:
    """Return the ids between commas, whole ones only."""
    return [int(id_) for id_ in text[: text.rfind(",")].split(",") if id_]


def _named(kind: str, *columns: Any) -> sa.Select[*tuple[Any, ...]]:  # noqa: ANN401 -- columns of any table
    id_, name, access, *shown = columns
    return sa.select(
        sa.literal(kind).label("kind"),
        id_.label("id"),
        name.label("name"),
        access.label("access"),
        (shown[0] if shown else sa.literal("")).label("shown"),
        (shown[1] if len(shown) > 1 else sa.literal(None, sa.String)).label("avatar"),
    )


_OWNER = sa.orm.aliased(User)
_WORKS = sa.exists().where(Collaboration.song_id == Song.id, Collaboration.user_id == VIEWER)


def _invited(to: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(to, Invitation.invitee_id == VIEWER)


_NAMES = sa.union_all(
    _named(
        "user",
        User.id,
        User.username,
        sa.case((visible_to(VIEWER), PUBLIC), (User.banned_at.is_(None), WORK), else_=HIDDEN),
        sa.func.coalesce(sa.func.nullif(User.display_name, ""), User.username),
        User.avatar,
    ).where(User.id.in_(literal_ids("user"))),
    _named(
        "song",
        Song.id,
        Song.title,
        sa.case(
            (sa.or_(Song.user_id == VIEWER, _WORKS), WORK),
            (_invited(Invitation.song_id == Song.id), INVITED),
            (
                sa.and_(
                    Song.status == Status.RELEASED,
                    visible_to(VIEWER, _OWNER),
                    not_held(Held.RELEASE, Song.id),
                ),
                PUBLIC,
            ),
            else_=HIDDEN,
        ),
    )
    .join(_OWNER, _OWNER.id == Song.user_id)
    .where(Song.id.in_(literal_ids("song"))),
    _named(
        "pack",
        Pack.id,
        Pack.name,
        sa.case(
            (Pack.user_id == VIEWER, WORK),
            (_invited(Invitation.pack_id == Pack.id), INVITED),
            else_=HIDDEN,
        ),
    ).where(Pack.id.in_(literal_ids("pack"))),
    _named(
        "feedback",
        Feedback.id,
        Feedback.title,
        sa.case((is_shown_to(VIEWER), PUBLIC), else_=HIDDEN),
    ).where(Feedback.id.in_(literal_ids("feedback"))),
    _named("season", Season.id, Season.name, sa.literal(PUBLIC), Season.slug).where(
        Season.id.in_(literal_ids("season")), ~Season.draft
    ),
    _named("webhook", Webhook.id, Webhook.shown_url, sa.literal(WORK)).where(
        Webhook.id.in_(literal_ids("webhook")), Webhook.user_id == VIEWER
    ),
)
