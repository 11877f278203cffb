"""Request and response bodies of the collaborators of songs and packs."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from trackflow_web.domain.collaborations.queries import Helper
from trackflow_web.domain.collaborations.rules import UNNAMED, Addition


class Collaborator(BaseModel):
    """A collaborator of a song; `id` is the user's.

    Somebody with a private profile is named to the owner and to themselves only.
    """

    id: int | None = Field(description="Null for somebody whose profile you may not see.")
    username: str

    @classmethod
    def of(cls, helper: Helper) -> Collaborator:
        """Return a collaborator as the caller sees them."""
        if not helper.is_named:
            return cls(id=None, username=UNNAMED)
        return cls(id=helper.user.id, username=helper.user.username)


class Collaborators(BaseModel):
    """The collaborators of a song, by name."""

    items: list[Collaborator]
    next: str | None


class NewCollaborator(BaseModel):
    """A user to add as a collaborator."""

    username: str


class NewlyAdded(BaseModel):
    """Who was added to a song, or invited to it and not a collaborator yet."""

    id: int
    username: str
    state: Literal["added", "invited"]

    @classmethod
    def of(cls, addition: Addition) -> NewlyAdded:
        """Return what adding somebody came to."""
        user, state = addition.user, "invited" if addition.invited else "added"
        return cls.model_validate({"id": user.id, "username": user.username, "state": state})


class Added(BaseModel):
    """The number of songs that the user was added to; none yet for one who was invited."""

    added: int
    state: Literal["added", "invited"]

    @classmethod
    def of(cls, addition: Addition) -> Added:
        """Return what adding somebody came to."""
        return cls(added=addition.songs, state="invited" if addition.invited else "added")
