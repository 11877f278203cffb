"""The states of an invitation, what one is about, and which collaborators are named to whom."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trackflow_web.domain.people.models import User

# What stands for a collaborator whose profile the reader may not see.
UNNAMED = "a member"


class State(StrEnum):
    """Where an invitation stands; one that is withdrawn is deleted."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LEFT = "left"


# Permanent: the owner cannot invite or add the user again.
CLOSED = (State.DECLINED, State.LEFT)


@dataclass(frozen=True)
class Subject:
    """What somebody is invited to: one of the two is given."""

    song_id: int | None = None
    pack_id: int | None = None


@dataclass(frozen=True)
class Addition:
    """What adding a collaborator came to: `invited`, or added to so many `songs` at once."""

    user: User
    invited: bool
    songs: int


def is_named(helper: User, *, owner_id: int, viewer_id: int) -> bool:
    """Return whether a collaborator is named to the viewer.

    Somebody with a private profile is named to the owner of the song and to themselves only.
    """
    return helper.is_profile_public or viewer_id in {owner_id, helper.id}
