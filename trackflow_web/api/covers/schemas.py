"""The shape of a cover."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Cover(BaseModel):
    """The cover of a song or a pack."""

    cover: str = Field(description="The address of the picture; empty for a pack without one.")
    is_generated: bool
    upload: str = Field(
        description="`waiting` until it is processed, `failed` if it could not be read, or empty."
    )
