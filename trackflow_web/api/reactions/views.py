"""Reactions to releases, awards, packs and comments."""

from __future__ import annotations

from trackflow_web.api.core import bodies, pagination
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.core.schemas import Paging
from trackflow_web.api.reactions import schemas
from trackflow_web.domain.reactions import queries, rules
from trackflow_web.domain.reactions.queries import reactions_of
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Invalid
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.reactions import react, subject_or_404


@api.get("/reactions/<subject>/<id:subject_id>")
@described(schemas.ReactionItems, query=Paging)
def list_reactions(subject: str, subject_id: int) -> schemas.ReactionItems:
    """List who reacted to something."""
    found, viewer_id = subject_or_404(subject, subject_id), get_current_user().id
    rows, following = pagination.fetch(
        lambda after_id, limit: queries.reactors(found, viewer_id, after_id=after_id, limit=limit),
        lambda reactor: reactor.user.id,
    )
    numbers = schemas.ReactionCounts.of(reactions_of([found.key], viewer_id)[found.key])
    return schemas.ReactionItems(
        **numbers.model_dump(),
        items=[schemas.ReactionItem.of(row) for row in rows],
        hidden=queries.count_hidden(found, viewer_id),
        next=following,
    )


@api.put("/reactions/<subject>/<id:subject_id>")
@described(schemas.ReactionCounts, body=schemas.ReactionWanted)
def set_reaction(subject: str, subject_id: int) -> schemas.ReactionCounts:
    """React to something of another user; another kind replaces the earlier one."""
    found = subject_or_404(subject, subject_id)
    kind = rules.kind(bodies.parse_body(schemas.ReactionWanted).kind)
    if kind is None:
        raise Invalid(kind=text.missing("kind"))
    return schemas.ReactionCounts.of(react(found, kind))


@api.delete("/reactions/<subject>/<id:subject_id>")
@described(schemas.ReactionCounts)
def remove_reaction(subject: str, subject_id: int) -> schemas.ReactionCounts:
    """Take a reaction back."""
    return schemas.ReactionCounts.of(react(subject_or_404(subject, subject_id), None))
