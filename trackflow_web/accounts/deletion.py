"""Account deletion: nothing of the user remains, and other users' counters stay correct.

Every table with a user's id deletes its rows with the user, so that none can be forgotten. This
module does the rest: counters of others that counted this user, and names stored as text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements.awards import holder_counts
from trackflow_web.achievements.custom_models import AwardGrant, CatalogueChange
from trackflow_web.achievements.models import RecheckRun, UserAchievement
from trackflow_web.community import handler as feed
from trackflow_web.community import projection
from trackflow_web.credentials import actions as credentials
from trackflow_web.domain.audit import SecurityEvent, note_if_committed
from trackflow_web.domain.authoring.models import SongPart
from trackflow_web.domain.collaborations.events import CollaborationLeft, CollaboratorRemoved
from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.comments import threads
from trackflow_web.domain.feedback.models import Feedback
from trackflow_web.domain.mail import actions as mail
from trackflow_web.domain.moderation import gone
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people import administration, reservations, sign_in
from trackflow_web.domain.people.models import User
from trackflow_web.domain.relations import actions as relations
from trackflow_web.domain.series.models import Series
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.domain.visibility import Held
from trackflow_web.kernel import cache_versions
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid, SignedOut
from trackflow_web.kernel.events import Event, discard_recorded_of, record
from trackflow_web.kernel.rate_limits import LimitCount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import InstrumentedAttribute

# A user name with white space around it.
LONGEST_TYPED_NAME = 100
DELETED_USER = "deleted user"
LAST_ADMINISTRATOR = (
    "You're the last administrator. Make someone else one before you delete your account."
)


def check_name(user: User, typed: object) -> None:
    """Check that the user typed their own name, so that one click cannot delete an account.

    Raises Invalid naming `username`.
    """
    name = typed[:LONGEST_TYPED_NAME].strip() if isinstance(typed, str) else ""
    if name.casefold() != user.username:
        raise Invalid(username=f"Type your username: {user.username}.")


def delete_account(user: User) -> None:
    """Delete a user with all that is theirs. The object must not be used afterwards.

    Raises Invalid naming `form` for the last administrator, SignedOut when another request has
    deleted the account meanwhile.
    """
    if administration.is_last_administrator(user):
        raise Invalid(form=LAST_ADMINISTRATOR)
    user_id = user.id
    _lock_work(user_id)
    note_if_committed(SecurityEvent.ACCOUNT_DELETED, of=user_id)
    discard_recorded_of(user_id)
    cache_versions.hide()
    holder_counts.changed([user_id])
    shared = _shared_songs(user_id)
    _take_back_collaborations(user_id)
    _remove_name(user)
    sign_in.forget_attempts(user)
    mail.delete_to(user.email)
    relations.forget_muted(user_id)
    _forget_holds(user_id)
    reservations.reserve_name(user.username)
    _forget_talk(user)
    credentials.forget_holder(user_id)
    db.session.flush()
    db.session.expunge(user)
    # Before their songs, because one statement for all is quicker than one for each song.
    own_songs = sa.select(Song.id).where(Song.user_id == user_id)
    for table, theirs in (
        (SongPart, SongPart.song_id.in_(own_songs)),
        (Event, Event.user_id == user_id),
        (Song, Song.user_id == user_id),
        (User, User.id == user_id),
    ):
        db.session.execute(
            sa.delete(table).where(theirs), execution_options={"synchronize_session": False}
        )
    # Their releases are not joint ones any more.
    projection.refresh(feed.keys_of_songs(shared))


def _shared_songs(user_id: int) -> Sequence[int]:
    """Return the songs of others that the user worked on."""
    found = sa.select(Collaboration.song_id).where(Collaboration.user_id == user_id)
    return db.session.scalars(found).all()


def _forget_holds(user_id: int) -> None:
    """Delete what hides the profile and the albums, because SQLite uses ids again."""
    gone.forget(Held.PROFILE, [user_id])
    gone.forget(Held.SERIES, sa.select(Series.id).where(Series.user_id == user_id))


def _lock_work(user_id: int) -> None:
    """Lock the user's songs, then the user, in the order of other actions. Raises SignedOut."""
    if db.engine.dialect.name == "sqlite":  # a writing transaction holds the whole file
        return
    songs = sa.select(Song.id).where(Song.user_id == user_id).order_by(Song.id)
    db.session.execute(songs.with_for_update())
    account = sa.select(User.id).where(User.id == user_id)
    if db.session.scalar(account.with_for_update()) is None:
        raise SignedOut


def _forget_talk(user: User) -> None:
    """Delete the user's comments, and the comments and reactions to what is theirs."""
    threads.forget_author(user.id, user.username)
    for type_, subject_id, owner_id in (
        (SubjectType.RELEASE, Song.id, Song.user_id),
        (SubjectType.PACK, Pack.id, Pack.user_id),
        (SubjectType.ACHIEVEMENT, UserAchievement.id, UserAchievement.user_id),
        (SubjectType.FEATURE_REQUEST, Feedback.id, Feedback.user_id),
        (SubjectType.BUG_REPORT, Feedback.id, Feedback.user_id),
    ):
        threads.forget(type_, sa.select(subject_id).where(owner_id == user.id))


def _take_back_collaborations(user_id: int) -> None:
    """Record for each collaborator and owner, once, that their collaborations end."""
    for whose, theirs, payload in (
        (
            Collaboration.user_id,
            Collaboration.owner_id,
            CollaborationLeft(account_deleted=True),
        ),
        (
            Collaboration.owner_id,
            Collaboration.user_id,
            CollaboratorRemoved(account_deleted=True),
        ),
    ):
        for other_id, songs in _counted(whose, theirs, user_id):
            record(payload, user_id=other_id, subject_type="account", subject_id=user_id, n=songs)


def _counted(
    whose: InstrumentedAttribute[int], theirs: InstrumentedAttribute[int], user_id: int
) -> list[tuple[int, int]]:
    """Return the number of songs that each other user shares with the user in this way."""
    rows = db.session.execute(
        sa.select(whose, sa.func.count()).where(theirs == user_id).group_by(whose).order_by(whose)
    )
    return [(other_id, songs) for other_id, songs in rows]


def _remove_name(user: User) -> None:
    """Remove the name where it is stored as text, and the rate limit counts of the user."""
    for column, named in (
        ("admin_name", RecheckRun.admin_id == user.id),
        ("target", RecheckRun.target == user.username),
    ):
        db.session.execute(sa.update(RecheckRun).where(named).values({column: DELETED_USER}))
    db.session.execute(
        sa.update(UserAchievement)
        .where(UserAchievement.revoked_by_id == user.id)
        .values(revoked_by=DELETED_USER)
    )
    for table in (AwardGrant, CatalogueChange):
        db.session.execute(
            sa.update(table).where(table.admin_id == user.id).values(admin_name=DELETED_USER)
        )
    db.session.execute(
        sa.delete(LimitCount).where(
            LimitCount.key == str(user.id), LimitCount.scope != sign_in.SIGN_IN_NAME
        )
    )
