"""Granting an achievement to users, with a note, and undoing that within a day."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements import catalogue
from trackflow_web.achievements.awards import holder_counts
from trackflow_web.achievements.awards.grant import Award
from trackflow_web.achievements.awards.grant import grant as grant_awards
from trackflow_web.achievements.custom import actions, rules
from trackflow_web.achievements.custom_models import AwardGrant
from trackflow_web.achievements.events import AchievementsWithdrawn, CustomAchievementChanged
from trackflow_web.achievements.models import Achievement, UserAchievement, UserStats
from trackflow_web.achievements.recheck.reconcile import reconcile_users
from trackflow_web.domain.people.models import Audience, User
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.database import db, literal_ids
from trackflow_web.kernel.errors import Checks, Invalid, NotFound
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from trackflow_web.achievements.catalogue.entries import Entry

MOST_USERS = 500
LONGEST_LIST = 20_000
# Characters of a name that is no user's, as a message repeats it.
LONGEST_SHOWN = 40
UNDO_WITHIN = timedelta(hours=24)
NOT_GRANTED = "This achievement is earned automatically. It can't be granted."
RETIRED = "This achievement is retired."
NO_GRANT = "There is no grant to undo."
TOO_LATE = "A grant can be undone within 24 hours. Revoke the achievements one by one."


class Standing(StrEnum):
    """How a name on the list stands; the first two get the achievement."""

    NEW = "new"
    # The profile is their own affair: only they will see it.
    PRIVATE = "private"
    HOLDER = "holder"
    REVOKED = "revoked"
    BANNED = "banned"
    UNKNOWN = "unknown"


WORDS = {
    Standing.NEW: "gets it",
    Standing.PRIVATE: "gets it; private profile, so others won't see it",
    Standing.HOLDER: "has it already",
    Standing.REVOKED: "had it revoked; restore it on their page",
    Standing.BANNED: "can't be seen: banned",
    Standing.UNKNOWN: "no such user",
}
GETS = frozenset({Standing.NEW, Standing.PRIVATE})


@dataclass(frozen=True)
class Recipient:
    """A name on the list, and how it stands."""

    username: str
    standing: Standing
    user_id: int = 0

    @property
    def text(self) -> str:
        """Return how it stands in words."""
        return WORDS[self.standing]


@dataclass(frozen=True)
class Granted:
    """What a grant did: its row (None when nobody was left to get it) and every name."""

    grant: AwardGrant | None
    recipients: Sequence[Recipient] = field(default_factory=list)

    @property
    def new(self) -> list[Recipient]:
        """Return those who got it."""
        return [each for each in self.recipients if each.standing in GETS]


@dataclass(frozen=True)
class GrantLine:
    """A grant as administrators see it."""

    id: int
    admin_name: str
    note: str
    users: int
    at: datetime
    undone_at: datetime | None

    @property
    def can_be_undone(self) -> bool:
        """Return whether it may still be undone."""
        return self.undone_at is None and clock.now() < self.at + UNDO_WITHIN


def preview(code: str, usernames: object) -> list[Recipient]:
    """Return how every name on the list stands.

    Raise NotFound without such an achievement, Invalid naming `usernames` or `form`.
    """
    return _recipients(_grantable(code), _names(usernames))


def grant(admin: User, code: str, *, usernames: object, note: object) -> Granted:
    """Grant an achievement to the users on the list who do not have it.

    Raise NotFound without such an achievement, Invalid naming `usernames`, `note` or `form`.
    """
    entry = _grantable(code)
    names, why = _checked(usernames, note)
    achievement_id = _lock(code)
    found = _recipients(_grantable(code), names, lock=True)
    unknown = [each.username for each in found if each.standing is Standing.UNKNOWN]
    if unknown:
        raise Invalid(usernames=f"No user with that name: {', '.join(unknown)}.")
    new = [each for each in found if each.standing in GETS]
    if not new:
        return Granted(None, found)
    given = AwardGrant(
        achievement_id=achievement_id,
        admin_id=admin.id,
        admin_name=admin.username,
        note=why,
        users=len(new),
        at=clock.now(),
    )
    db.session.add(given)
    db.session.flush()
    grant_awards(
        [Award(each.user_id, entry, earned_at=given.at) for each in new], grant_id=given.id
    )
    _record(admin, code, "granted", len(new))
    return Granted(given, found)


def undo(admin: User, code: str, grant_id: object = None) -> int:
    """Take back a grant (None: the latest) within a day; return from how many users.

    The awards are deleted as if they had never been granted; revoked ones stay revoked. Raise
    NotFound, or Invalid naming `form` when it is too late or undone already.
    """
    actions.get(code)
    given = _grant_to_undo(_lock(code), grant_id)
    recipients = sa.select(UserAchievement.user_id).where(
        UserAchievement.grant_id == given.id, UserAchievement.revoked_at.is_(None)
    )
    user_ids = list(db.session.scalars(recipients.order_by(UserAchievement.user_id)))
    _lock_counters(user_ids)
    holder_counts.changed(user_ids)
    db.session.execute(
        sa.delete(UserAchievement).where(
            UserAchievement.grant_id == given.id, UserAchievement.revoked_at.is_(None)
        ),
        execution_options={"synchronize_session": False},
    )
    given.undone_at = clock.now()
    for user_id in user_ids:
        payload = AchievementsWithdrawn(codes=(code,))
        record(
            payload,
            user_id=user_id,
            actor_id=admin.id,
            subject_type="achievement",
            subject_id=given.achievement_id,
        )
    reconcile_users(user_ids)
    _record(admin, code, "grant_undone", len(user_ids) or 1)
    return len(user_ids)


def grants_of(code: str) -> list[GrantLine]:
    """Return the grants of an achievement, newest first."""
    found = db.session.scalars(
        sa.select(AwardGrant)
        .where(AwardGrant.achievement_id == catalogue.id_of(code))
        .order_by(AwardGrant.id.desc())
    )
    return [
        GrantLine(each.id, each.admin_name, each.note, each.users, each.at, each.undone_at)
        for each in found
    ]


def _checked(usernames: object, note: object) -> tuple[list[str], str]:
    check = Checks()
    checked = check(_names, usernames), check(rules.note, note)
    check.finish()
    return checked


def _names(value: object) -> list[str]:
    """Return the names of a list, each once, as they are stored. Raise Invalid for none."""
    typed = "\n".join(str(each) for each in value) if isinstance(value, list) else value
    listed = text.lines(typed, "usernames", longest=LONGEST_LIST).split("\n")
    names = [unicodedata.normalize("NFKC", each).casefold().strip().lstrip("@") for each in listed]
    found = list(dict.fromkeys(name for name in names if name))
    if len(found) > MOST_USERS:
        raise Invalid(usernames=f"Enter {MOST_USERS} usernames at most.")
    return found


def _grantable(code: str) -> Entry:
    entry = actions.get(code)
    if entry.metric is not None:
        raise Invalid(form=NOT_GRANTED)
    if entry.retired:
        raise Invalid(form=RETIRED)
    return entry


def _recipients(entry: Entry, names: Sequence[str], *, lock: bool = False) -> list[Recipient]:
    """Return how names stand; with `lock` none of the accounts can be deleted until the commit."""
    people = sa.select(User).where(User.username.in_(names)).order_by(User.id)
    if lock:
        people = people.with_for_update(read=True, key_share=True)
    found = {
        user.username: user
        for user in db.session.scalars(people.execution_options(populate_existing=True))
    }
    awards = {
        row.user_id: row.revoked_at
        for row in db.session.execute(
            sa.select(UserAchievement.user_id, UserAchievement.revoked_at).where(
                UserAchievement.achievement_id == catalogue.id_of(entry.code),
                UserAchievement.user_id.in_([user.id for user in found.values()]),
            )
        )
    }
    return [_recipient(name, found.get(name), awards) for name in names]


def _recipient(name: str, user: User | None, awards: dict[int, datetime | None]) -> Recipient:
    if user is None:
        return Recipient(name[:LONGEST_SHOWN], Standing.UNKNOWN)
    standing = Standing.PRIVATE if user.audience == Audience.ME else Standing.NEW
    if user.id in awards:
        standing = Standing.HOLDER if awards[user.id] is None else Standing.REVOKED
    elif user.banned_at is not None:
        standing = Standing.BANNED
    return Recipient(user.username, standing, user.id)


def _lock(code: str) -> int:
    """Let one grant or undo of an achievement run at a time; return its id."""
    found = db.session.scalar(
        sa.select(Achievement.id).where(Achievement.code == code).with_for_update(key_share=True)
    )
    return found or 0


def _lock_counters(user_ids: Sequence[int]) -> None:
    """Lock the counters first, as an action that grants awards does, to avoid deadlocks."""
    found = sa.select(UserStats.user_id).where(UserStats.user_id.in_(literal_ids("user_ids")))
    locked = found.order_by(UserStats.user_id).with_for_update()
    db.session.execute(locked, {"user_ids": list(user_ids)}).all()


def _grant_to_undo(achievement_id: int, grant_id: object) -> AwardGrant:
    found = sa.select(AwardGrant).where(AwardGrant.achievement_id == achievement_id)
    if grant_id not in {None, ""}:
        number = text.whole_number(grant_id, "grant", least=1, most=2**53)
        found = found.where(AwardGrant.id == number)
    else:
        found = found.where(AwardGrant.undone_at.is_(None))
    given = db.session.scalar(
        found.order_by(AwardGrant.id.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if given is None and grant_id not in {None, ""}:
        raise NotFound
    if given is None or given.undone_at is not None:
        raise Invalid(form=NO_GRANT)
    if clock.now() >= given.at + UNDO_WITHIN:
        raise Invalid(form=TOO_LATE)
    return given


def _record(admin: User, code: str, status: str, n: int) -> None:
    payload = CustomAchievementChanged(code=code, status=status)
    record(payload, user_id=admin.id, actor_id=admin.id, subject_id=catalogue.id_of(code), n=n)
