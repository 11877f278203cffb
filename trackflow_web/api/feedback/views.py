"""What feature requests and bug reports have in common for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from trackflow_web.api.core import bodies, pagination, schemas
from trackflow_web.domain.feedback import actions, queries, rules
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Checks, NotFound
from trackflow_web.web.caller import SAFE_METHODS, get_current_user
from trackflow_web.web.extensions import settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.domain.feedback.models import Feedback
    from trackflow_web.domain.feedback.queries import Shown
    from trackflow_web.domain.feedback.rules import Kind

LONGEST_SEARCH = 100


def item_or_404(kind: Kind, item_id: int) -> Feedback:
    """A request or report; everybody may see it. When it will be changed, it is held for that."""
    item = queries.find(kind, item_id, for_update=request.method not in SAFE_METHODS)
    if item is None:
        raise NotFound
    return item


def shown(item: Feedback) -> Shown:
    """One of them as the caller sees it."""
    return queries.shown(item, get_current_user())


def listed(kind: Kind) -> tuple[Sequence[Shown], str | None]:
    """A piece of everybody's, newest first, and the cursor behind it."""
    args, check = request.args, Checks()
    status = check(rules.status, kind, args["status"]) if args.get("status") else None
    q = check(text.line, args.get("q"), "q", longest=LONGEST_SEARCH, required=False)
    limit, before_id = check(pagination.limit), check(pagination.place, int)
    check.finish()
    found = queries.feedback_after(
        kind, get_current_user(), status=status, q=q, before_id=before_id, limit=limit + 1
    )
    return found[:limit], pagination.cursor_after(found, limit, lambda one: one.item.id)


def handed_in(kind: Kind) -> Shown:
    """What the caller hands in."""
    draft = bodies.parse_body(schemas.NewFeedback)
    limit = settings().limit_feedback
    return shown(actions.hand_in(get_current_user(), kind, **draft.model_dump(), limit=limit))


def thread(item: Feedback) -> schemas.Comments:
    """A piece of what was said about it, oldest first."""
    check = Checks()
    limit, after_id = check(pagination.limit), check(pagination.place, int)
    check.finish()
    found = queries.comments_after(item.id, after_id=after_id, limit=limit + 1)
    return schemas.Comments(
        items=[schemas.Comment.of(said.comment, author=said.author) for said in found[:limit]],
        next=pagination.cursor_after(found, limit, lambda said: said.comment.id),
    )


def commented(item: Feedback) -> tuple[schemas.Comment, int]:
    """What the caller says about it."""
    body = bodies.parse_body(schemas.NewComment).body
    said = actions.comment(item, get_current_user(), body=body, limit=settings().limit_comments)
    return schemas.Comment.of(said, author=get_current_user()), 201


def decided(item: Feedback) -> Shown:
    """How it goes on, as the caller, an administrator, says."""
    decision = bodies.parse_body(schemas.Decision)
    actions.decide(item, get_current_user(), status=decision.status, reason=decision.reason)
    return shown(item)


def withdrawn(item: Feedback) -> Shown:
    """What the caller took back."""
    actions.withdraw(item, get_current_user())
    return shown(item)
