"""Request and response bodies of the collaborators of songs and packs."""

from __future__ import annotations

from pydantic import BaseModel

from trackflow_web.domain.people.models import User


class Collaborator(BaseModel):
    """A collaborator of a song; `id` is the user's."""

    id: int
    username: str

    @classmethod
    def of(cls, user: User) -> Collaborator:
        """Return a user as a collaborator."""
        return cls(id=user.id, username=user.username)


class Collaborators(BaseModel):
    """The collaborators of a song, by name."""

    items: list[Collaborator]
    next: None = None


class NewCollaborator(BaseModel):
    """A user to add as a collaborator."""

    username: str


class Added(BaseModel):
    """The number of songs that the user was added to."""

    added: int
