"""Request and response bodies of the parts of a song."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from trackflow_web.domain.authoring.rules import Part, State, Template

StateName = Annotated[str, Field(json_schema_extra={"enum": [str(state) for state in State]})]


class SongPart(BaseModel):
    """A part of a song; `id` is its name in URLs."""

    id: Part
    label: str
    state: State

    @classmethod
    def of(cls, part: Part, state: State) -> SongPart:
        """Return a part with its label and state."""
        return cls(id=part, label=part.label, state=state)


class SongParts(BaseModel):
    """The parts of a song, in the order of the work."""

    items: list[SongPart]
    next: None = None


class TemplateChoice(BaseModel):
    """The template that says which parts a song does not need."""

    template: Annotated[str, Field(json_schema_extra={"enum": [str(each) for each in Template]})]


class Mark(BaseModel):
    """The state to set a part to."""

    state: StateName
