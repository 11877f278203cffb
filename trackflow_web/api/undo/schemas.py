"""Response bodies of an undo."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Undone(BaseModel):
    """What was undone; 0 if it was already undone, or if everything has changed since."""

    kind: str
    changed: int = Field(description="How many songs, packs or albums.")
