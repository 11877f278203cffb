"""Request and response bodies of the parts of a song."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from trackflow_web.domain.authoring import models
from trackflow_web.domain.authoring.rules import LONGEST_TEMPLATE_NAME, Part, State, Template

StateName = Annotated[str, Field(json_schema_extra={"enum": [str(state) for state in State]})]


LONGEST_CHOICE = 30
TEMPLATES = ", ".join(f"`{each}`" for each in Template)
TemplateName = Annotated[
    str,
    Field(
        json_schema_extra={"maxLength": LONGEST_CHOICE},
        description=f"{TEMPLATES}, or the `template` of one of your own.",
    ),
]
PartName = Annotated[str, Field(json_schema_extra={"enum": [str(part) for part in Part]})]


class PartTemplate(BaseModel):
    """A template that you saved: the parts that some songs don't need."""

    id: int
    template: str = Field(description="What to send where a template is chosen.")
    name: str
    not_needed: list[Part]

    @classmethod
    def of(cls, template: models.PartTemplate) -> PartTemplate:
        """Return a template with its parts in the order of the work."""
        parts = [part for part in Part if part in template.parts]
        return cls(id=template.id, template=template.choice, name=template.name, not_needed=parts)


class PartTemplates(BaseModel):
    """Your own templates, by name."""

    items: list[PartTemplate]
    next: str | None


class NewTemplate(BaseModel):
    """A template to save."""

    name: Annotated[
        str, Field(json_schema_extra={"minLength": 1, "maxLength": LONGEST_TEMPLATE_NAME})
    ]
    not_needed: Annotated[
        list[PartName], Field(json_schema_extra={"minItems": 1, "maxItems": len(Part)})
    ]


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
    next: str | None


class TemplateChoice(BaseModel):
    """The template that says which parts a song does not need."""

    template: TemplateName


class Mark(BaseModel):
    """The state to set a part to."""

    state: StateName
