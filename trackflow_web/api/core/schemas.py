"""Types and models that the schemas of several features share."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from trackflow_web.domain.songs.rules import EARLIEST_YEAR, LONGEST_NAME, Status

# The bounds are documentation: the domain enforces them, with a message for each field.
Name = Annotated[str, Field(json_schema_extra={"minLength": 1, "maxLength": LONGEST_NAME})]
Album = Annotated[str | None, Field(json_schema_extra={"maxLength": LONGEST_NAME})]
# A number, or a text with a year in it: a date, or what a catalogue writes.
Year = Annotated[int, Field(json_schema_extra={"minimum": EARLIEST_YEAR})] | str | None
StatusName = Annotated[str, Field(json_schema_extra={"enum": [str(status) for status in Status]})]


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: dict[str, str] | None = Field(None, description="A message for each invalid field.")
    existing_id: int | None = Field(None, description="The id of the duplicate.")
    reference: str | None = Field(None, description="What to quote when reporting this.")


class Paging(BaseModel):
    """Which part of a list to return."""

    limit: int = Field(50, ge=1, le=100, description="How many items at most.")
    cursor: str | None = Field(None, description="The value of `next` in the previous part.")


class Deleted(BaseModel):
    """The id of what was deleted."""

    deleted: int


class DeletedForNow(Deleted):
    """The id of what was deleted, and what restores it."""

    undo: str | None = Field(description="For POST /api/undo/{token}, for 10 minutes.")


def without_defaults(schema: dict[str, Any]) -> None:
    """Remove the defaults from a schema whose missing fields mean "unchanged"."""
    for described in schema["properties"].values():
        described.pop("default", None)
