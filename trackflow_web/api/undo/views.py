"""Undoing what a user did a moment ago."""

from __future__ import annotations

from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.undo import schemas
from trackflow_web.domain.undo import actions
from trackflow_web.web.caller import get_current_user


@api.post("/undo/<token>")
@described(schemas.Undone)
def undo(token: str) -> schemas.Undone:
    """Undo a step within 10 minutes; the second time it changes nothing."""
    undone = actions.undo(get_current_user(), token)
    return schemas.Undone(kind=undone.kind, changed=undone.changed)
