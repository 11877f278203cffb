"""The states of an invitation, their subjects, and which collaborators are named to a viewer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trackflow_web.domain.people.models import User

# Replaces the name of a collaborator whose profile the viewer may not see.
UNNAMED = "a member"


class State(StrEnum):
    """The state of an invitation; a withdrawn one is deleted."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LEFT = "left"


# Permanent: the owner cannot invite or add the user again.
CLOSED = (State.DECLINED, State.LEFT)


@dataclass(frozen=True)
class Subject:
    """The subject of an invitation: a song or a pack."""

    song_id: int | None = None
    pack_id: int | None = None


@dataclass(frozen=True)
class Addition:
    """The result of adding a collaborator: `invited`, or the number of `songs` added to."""

    user: User
    invited: bool
    songs: int


def is_named(helper: User, *, owner_id: int, viewer_id: int) -> bool:
    """Return whether a collaborator is named to the viewer.

    A user with a private profile is named only to the owner of the song and to themselves.
    """
    return helper.is_profile_public or viewer_id in {owner_id, helper.id}
