"""Request and response bodies of reactions."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from trackflow_web.domain.reactions.queries import Reactions, Reactor
from trackflow_web.domain.reactions.rules import Kind


class ReactionWanted(BaseModel):
    """The reaction to set."""

    kind: str = Field(json_schema_extra={"enum": [*Kind]})


class ReactionCounts(BaseModel):
    """How many of each kind there are, without those at 0, and the caller's own."""

    counts: dict[str, int]
    mine: str | None = Field(json_schema_extra={"enum": [*Kind, None]})

    @classmethod
    def of(cls, reactions: Reactions) -> ReactionCounts:
        """Return the numbers of some reactions."""
        counts = {str(kind): number for kind, number in reactions.counts.items()}
        return cls(counts=counts, mine=reactions.mine)


class ReactionItem(BaseModel):
    """A user who reacted."""

    id: int
    username: str
    kind: str = Field(json_schema_extra={"enum": [*Kind]})
    created_at: datetime

    @classmethod
    def of(cls, reactor: Reactor) -> ReactionItem:
        """Return a user who reacted."""
        return cls(
            id=reactor.user.id,
            username=reactor.user.username,
            kind=reactor.kind,
            created_at=reactor.at,
        )


class ReactionItems(ReactionCounts):
    """Who reacted, as far as the caller may see them; `hidden` is how many others did."""

    items: list[ReactionItem]
    hidden: int
    next: str | None
